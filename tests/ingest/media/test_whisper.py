"""Sound becomes timed text, silence becomes none."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import faster_whisper
import numpy as np
import pytest
from numpy.typing import NDArray

from ingest.errors import UnreadableFile
from ingest.media import whisper as speech
from ingest.media.ffmpeg import RATE, Media
from ingest.media.whisper import Said, Transcriber
from ingest.platform import process
from tests.conftest import models_folder
from tests.recordings import tone

Samples = NDArray[np.float32]


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), np.float32)


def hiss(seconds: float) -> Samples:
    random = np.random.default_rng(3)
    return (0.05 * random.standard_normal(int(seconds * RATE))).astype(np.float32)


@dataclass
class Whisper:
    """In place of the model: hears one sentence in whatever it is given."""

    sentence: str = " Thank you."
    languages: list[tuple[str, float]] = field(default_factory=lambda: [("en", 0.9)])
    surely: float = -0.2  # avg_logprob
    asked: list[tuple[float, str]] = field(default_factory=list)  # seconds, language
    failure: Exception | None = None
    supported_languages: list[str] = field(default_factory=lambda: ["en", "fr", "cy"])

    def detect_language(self, sound: Samples, **_: Any) -> tuple[str, float, Any]:
        found = self.languages.pop(0) if len(self.languages) > 1 else self.languages[0]
        return (*found, [found, ("de", 0.2), ("en", 0.1)])

    def transcribe(self, sound: Samples, language: str, **_: Any) -> tuple[Iterator[Any], None]:
        if self.failure:
            raise self.failure
        self.asked.append((round(len(sound) / RATE, 1), language))
        said = SimpleNamespace(
            text=self.sentence, start=3.0, end=4.5, avg_logprob=self.surely, no_speech_prob=0.1
        )
        return iter([said]), None


@pytest.fixture
def whisper(monkeypatch: pytest.MonkeyPatch) -> Whisper:
    made = Whisper()
    monkeypatch.setattr(faster_whisper, "WhisperModel", lambda *_, **__: made)
    return made


@pytest.fixture
def speaking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A detector that takes what is loud for speech."""
    loud = lambda sound, options: [{}] if np.abs(sound).max() > 0.1 else []  # noqa: E731
    monkeypatch.setattr("faster_whisper.vad.get_speech_timestamps", loud)


def heard(*pieces: Samples, languages: tuple[str, ...] = ("en",)) -> list[Said]:
    return list(Transcriber(Path("model")).hear(iter(pieces), languages))


@pytest.mark.parametrize(
    "sound", [silence(20), hiss(20), tone(20)], ids=["silence", "hiss", "tone"]
)
def test_where_nobody_speaks_the_model_is_not_asked(whisper: Whisper, sound: Samples) -> None:
    assert heard(sound) == []
    assert whisper.asked == []


def test_nothing_at_all_is_no_text(whisper: Whisper) -> None:
    assert heard() == []


@pytest.mark.usefixtures("speaking")
def test_what_is_said_knows_its_seconds(whisper: Whisper) -> None:
    (said,) = (one.segment for one in heard(tone(10)))
    # A second of silence is put in front before the model sees it.
    assert (said.text, said.start, said.end) == ("Thank you.", 2.0, 3.5)
    assert said.confidence == pytest.approx(np.exp(-0.2) * 0.9, abs=0.001)
    assert whisper.asked == [(12.0, "en")]


@pytest.mark.usefixtures("speaking")
def test_a_long_recording_is_cut_where_it_is_quiet(whisper: Whisper) -> None:
    minute = tone(60)
    pieces = [minute, minute, minute, minute, np.concatenate([tone(50), silence(4), tone(6)])]
    found = heard(*pieces, tone(30))
    first, second = (said.segment for said in found)
    assert first.start == 2.0
    assert second.start == pytest.approx(292.0, abs=2.0)  # 290 to 294 are quiet, and 2 more
    assert sum(seconds - 2.0 for seconds, _ in whisper.asked) == pytest.approx(330.0, abs=0.2)


@pytest.mark.usefixtures("speaking")
def test_a_quiet_block_is_passed_over_and_time_goes_on(whisper: Whisper) -> None:
    found = heard(silence(300), tone(60))
    assert len(whisper.asked) == 1
    assert 270 < found[0].segment.start < 302


@pytest.mark.usefixtures("speaking")
def test_words_made_up_over_noise_are_kept_apart(whisper: Whisper) -> None:
    whisper.surely = -3.0
    found = heard(tone(10))
    assert [(said.segment.text, said.doubtful) for said in found] == [("Thank you.", True)]


@pytest.mark.usefixtures("speaking")
@pytest.mark.parametrize(
    ("found", "likely", "used"),
    [
        (("fr", 0.9), ("en",), "fr"),  # it is sure
        (("cy", 0.3), ("en",), "en"),  # it is not, and this one was set
        (("cy", 0.3), ("de", "en"), "de"),
        (("cy", 0.3), ("ja",), "cy"),  # none that is likely was thought of
    ],
)
def test_the_settings_help_where_too_little_is_said_to_tell_the_language(
    whisper: Whisper, found: tuple[str, float], likely: tuple[str, ...], used: str
) -> None:
    whisper.languages = [found]
    assert heard(tone(10), languages=likely)[0].language == used


@pytest.mark.usefixtures("speaking")
def test_a_model_of_one_language_is_not_asked_which_it_is(whisper: Whisper) -> None:
    whisper.supported_languages, whisper.languages = ["en"], []
    assert heard(tone(10))[0].language == "en"


@pytest.mark.usefixtures("speaking")
def test_a_language_that_is_sure_holds_for_the_rest(whisper: Whisper) -> None:
    whisper.languages = [("cy", 0.3), ("fr", 0.9), ("cy", 0.9)]
    heard(*[tone(300)] * 4)
    assert [language for _, language in whisper.asked][:4] == ["en", "fr", "fr", "fr"]


@pytest.mark.usefixtures("speaking")
def test_it_gives_a_sign_of_life_also_in_silence(whisper: Whisper) -> None:
    beats = list[tuple[int, int]]()
    process.set_progress_listener(lambda done, total: beats.append((done, total)))
    try:
        pieces = iter([silence(300)] * 3)
        list(Transcriber(Path("model")).hear(pieces, ("en",), seconds=900))
    finally:
        process.set_progress_listener(None)
    assert len(beats) >= 3
    assert all(total == 900 for _, total in beats)


def test_nothing_is_left_in_the_system_by_a_child_that_is_ended(whisper: Whisper) -> None:
    heard()
    assert isinstance(faster_whisper.transcribe.tqdm.get_lock(), type(threading.RLock()))


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"cannot be used .* `pincite models verify`"):
        Transcriber(tmp_path)


@pytest.mark.usefixtures("speaking")
def test_a_model_too_large_for_its_process_is_told(whisper: Whisper) -> None:
    whisper.failure = RuntimeError("mkl_malloc: failed to allocate memory")
    with pytest.raises(UnreadableFile, match="model needs more memory than a reader of files"):
        heard(tone(10))


# -- the real model


@pytest.fixture(scope="module")
def base() -> speech.Transcriber:
    folder = models_folder() / "whisper-base"
    if not (folder / "model.bin").exists():
        pytest.skip(f"no speech model in {folder}; set PINCITE_TEST_MODELS to the folder above")
    return speech.transcriber(folder)


@pytest.mark.slow
def test_the_model_hears_nothing_where_nobody_speaks(base: speech.Transcriber) -> None:
    for sound in (silence(10), hiss(10), tone(10)):
        assert list(base.hear(iter([sound]), ("en",))) == []


@pytest.mark.slow
def test_the_model_hears_what_is_said_and_when(base: speech.Transcriber, evaluation: Path) -> None:
    with Media(evaluation / "audio" / "files" / "librivox_0920.wav") as media:
        found = list(base.hear([silence(60), *media.sound()], ("en",)))
    text = " ".join(said.segment.text for said in found)
    assert "Had he married a more amiable woman" in text
    assert found[0].segment.start == pytest.approx(60.0, abs=1.5)
    assert found[-1].language == "en"
