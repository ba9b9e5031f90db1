"""A text becomes a sound file: the tool with a voice of tones, and the commands with real ones."""

import io
import threading
import wave
from pathlib import Path
from typing import Any

import pytest

from assistant.contract.evidence import GivenPassages
from assistant.contract.intents import Answer, Speak
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.errors import AssistantError
from assistant.storage.files import Made
from assistant.studio.makers import Speaking
from assistant.studio.voices import Espeak, SpokenSound, Voice, VoiceFailed, Voices
from assistant.wiring import chosen_models
from benchmarks.tools.speech import distance, words
from ingest.errors import Stopped
from tests.commands import Pincite
from tests.conftest import models_folder
from tests.fakes import WordEmbedder


class Tones:
    """A voice that makes a tenth of a second of sound of each letter, and notes what it said."""

    name = "tones"

    def __init__(self, stops_after: int = 99) -> None:
        self.said: list[str] = []
        self._stops_after = stops_after

    def say(self, text: str, cancel: threading.Event) -> SpokenSound:
        if len(self.said) >= self._stops_after:
            cancel.set()
            raise Stopped("Reading aloud was stopped.")
        self.said.append(text)
        return SpokenSound(b"\x10\x20" * 100 * len(text), 1000)


class Given(Voices):
    def __init__(self, voice: Voice | None, cache: Path) -> None:
        super().__init__(lambda: None, cache, "en")
        self._voice = voice

    def of(self, text: str) -> Voice | None:
        return self._voice


@pytest.fixture
def request_of(tmp_path: Path) -> Any:
    given = GivenPassages((), WordEmbedder())
    return lambda intent: Request("", given, intent=intent)


def reply_of(voice: Voice | None, text: str, tmp_path: Path, request_of: Any) -> Reply:
    tool = Speaking(Given(voice, tmp_path), Made(tmp_path / "made"))
    assert tool.offer(request_of(Answer())) is None
    reply = tool.offer(request_of(Speak(text)))
    assert reply is not None
    return reply


def test_sentences_become_one_file_with_pauses(tmp_path: Path, request_of: Any) -> None:
    voice = Tones()
    reply = reply_of(voice, "One two [1]. **Three.**", tmp_path, request_of)
    done = reply.finish()
    assert voice.said == ["One two.", "Three."]
    (path,) = reply.audio
    with wave.open(str(path)) as file:
        assert file.getframerate() == 1000
        assert file.getnframes() == 100 * (8 + 6) + 2 * 200
    assert (done.text, done.grounded) == ("Read aloud by tones: 00:02.", False)
    assert reply.activity.progress is not None and reply.activity.progress.of == 2


def test_stopped_it_keeps_what_was_read(tmp_path: Path, request_of: Any) -> None:
    reply = reply_of(Tones(stops_after=1), "One. Two. Three.", tmp_path, request_of)
    assert reply.finish().stopped
    with wave.open(str(reply.audio[0])) as file:
        assert file.getnframes() == 100 * 4 + 200


def test_stopped_before_the_first_sentence_it_leaves_no_file(
    tmp_path: Path, request_of: Any
) -> None:
    reply = reply_of(Tones(stops_after=0), "One.", tmp_path, request_of)
    assert reply.finish().stopped
    assert reply.audio == ()
    assert not list(tmp_path.rglob("*.wav"))


@pytest.mark.parametrize("after", [0, 1])
def test_a_voice_that_fails_says_why_and_leaves_no_file(
    tmp_path: Path, request_of: Any, after: int
) -> None:
    class Hoarse(Tones):
        def say(self, text: str, cancel: threading.Event) -> SpokenSound:
            if len(self.said) == after:
                raise VoiceFailed("The voice is hoarse.")
            return super().say(text, cancel)

    reply = reply_of(Hoarse(), "One. Two.", tmp_path, request_of)
    with pytest.raises(VoiceFailed, match="hoarse"):
        reply.finish()
    assert reply.audio == ()
    assert not list(tmp_path.rglob("*.wav"))


def test_of_no_words_there_is_nothing_to_read(tmp_path: Path, request_of: Any) -> None:
    with pytest.raises(AssistantError, match="holds no words"):
        reply_of(Tones(), "[1] …", tmp_path, request_of).finish()


def test_without_a_voice_it_says_what_helps(tmp_path: Path, request_of: Any) -> None:
    done = reply_of(None, "Hello.", tmp_path, request_of).finish()
    assert "models pull en_US-joe-medium" in done.text
    assert "espeak-ng" in done.text
    assert [offer.role for offer in done.offers] == ["voice"]


def test_the_command_speaks_from_standard_input(
    pincite: Pincite, espeak: Espeak, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Hello. How are you?"))
    for name in ("here", "there"):  # reading aloud needs neither of them, and no `main`
        assert pincite("libraries", "make", name).status == 0
    out = tmp_path / "hello.wav"
    ran = pincite("speak", "-", "-o", out, "--json")
    assert ran.status == 0, ran.err
    assert (ran.json["tool"], ran.json["model"]) == ("speak", "espeak-ng")
    with wave.open(str(out)) as file:
        assert file.getnframes() / file.getframerate() > 1


def test_the_commands_refuse_files_of_other_kinds(pincite: Pincite, tmp_path: Path) -> None:
    spoken = pincite("speak", "Hello.", "-o", tmp_path / "a.mp3")
    assert (spoken.status, "must end in .wav" in spoken.err) == (1, True)
    heard = pincite("transcribe", tmp_path / "a.wav", "-o", tmp_path / "a.docx")
    assert (heard.status, ".srt, .vtt or .json" in heard.err) == (1, True)
    assert pincite("transcribe", tmp_path / "a.wav").status == 1


def test_without_a_speech_model_the_command_says_which_to_fetch(
    pincite: Pincite, tmp_path: Path
) -> None:
    ran = pincite("transcribe", tmp_path / "a.wav", "-o", tmp_path / "a.txt")
    assert ran.status == 1
    assert "pincite models pull whisper-base" in ran.err
    assert not (tmp_path / "a.txt").exists()


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["espeak", "piper"])
def test_what_is_spoken_can_be_written_down_again(
    pincite: Pincite, home: Path, tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(engine)
    model = models_folder() / "whisper-base"
    if not (model / "model.bin").exists():
        pytest.skip(f"no speech model in {model}; set PINCITE_TEST_MODELS to the folder above")
    (home / "models").mkdir(parents=True)
    (home / "models" / "whisper-base").symlink_to(model)
    if engine == "piper":
        voice = request.getfixturevalue("joe").parent
        (home / "models" / "en_US-joe-medium").symlink_to(voice)
    text = "The meeting was moved to Monday. All seven members of the board were there."
    ran = pincite("speak", text, "-o", tmp_path / "a.wav", "--json")
    assert ran.json["model"].startswith("e" if engine == "espeak" else "en_US")
    heard = pincite("transcribe", tmp_path / "a.wav", "-o", tmp_path / "a.srt", "--json")
    # Piper says a sentence a little differently each time: the wanted share of wrong words counts.
    wrong = distance(words(text), words(heard.json["answer"]))
    assert wrong <= 0.15 * len(words(text)), heard.out
    assert (tmp_path / "a.srt").read_text().startswith("1\n00:00:0")


@pytest.fixture(autouse=True)
def _no_process_stays() -> Any:
    chosen_models.voices.cache_clear()
    yield
