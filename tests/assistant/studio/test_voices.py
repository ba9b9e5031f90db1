"""The real engines: one contract, and which of them reads what."""

import re
import shutil
import threading
import time
from pathlib import Path

import pytest

from assistant.models.catalogue import find
from assistant.models.fetch import user_cache
from assistant.models.programs import PIPER, PROGRAMS
from assistant.studio.voices import Espeak, Piper, Voice, VoiceFailed, Voices, _ended
from ingest.errors import Stopped
from ingest.language.words import language_of
from tests.assistant.conftest import JOE

NEVER = threading.Event()


@pytest.fixture(params=["espeak-ng", pytest.param("piper", marks=pytest.mark.slow)])
def voice(request: pytest.FixtureRequest) -> Voice:
    made: Voice = request.getfixturevalue(request.param.replace("-ng", ""))
    return made


def test_a_sentence_becomes_sound(voice: Voice) -> None:
    sound = voice.say("The board met on the third of March.", NEVER)
    assert 1.0 < sound.seconds < 6.0
    loudest = max(abs(int.from_bytes(sound.samples[n : n + 2], "little", signed=True))
                  for n in range(0, len(sound.samples), 2))  # fmt: skip
    assert loudest > 3000
    assert sound.wav[:4] == b"RIFF"
    assert len(sound.wav) == len(sound.samples) + 44


def test_more_words_take_longer(voice: Voice) -> None:
    short, long = (voice.say(text, NEVER).seconds for text in ("One.", "One, two, three, four."))
    assert long > short


@pytest.mark.parametrize("text", ["", "…", "—\n\n.", "-v de", "<speak>", "日本", "a" * 400])
def test_odd_text_is_spoken_or_is_no_sound(voice: Voice, text: str) -> None:
    assert voice.say(text, NEVER).seconds >= 0
    assert voice.say("Still here.", NEVER).seconds > 0.3


def test_two_threads_get_their_own_sentences(voice: Voice) -> None:
    texts = ["Yes.", "This sentence takes a good deal longer to be said than the other one."]
    found: dict[str, float] = {}

    def say(text: str) -> None:
        found[text] = voice.say(text, NEVER).seconds

    threads = [threading.Thread(target=say, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found[texts[1]] > 2 * found[texts[0]] > 0


def test_it_stops_before_all_is_said(voice: Voice) -> None:
    cancel = threading.Event()
    threading.Timer(0.05, cancel.set).start()
    with pytest.raises(Stopped):
        for _ in range(200):
            voice.say("word " * 50, cancel)
    assert voice.say("Again.", NEVER).seconds > 0


def test_espeak_speaks_the_language_of_the_text(espeak: Espeak, tmp_path: Path) -> None:
    voices = Voices(lambda: None, tmp_path, "en")
    german = voices.of("Der Urlaub ist in der Regel mit dem Leiter und dem Team zu besprechen.")
    english = voices.of("Leave is taken in agreement with the team.")
    assert german is not None and english is not None
    assert german.say("Zwei.", NEVER) != english.say("Zwei.", NEVER)


def test_without_a_program_there_is_no_voice_but_an_offer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    voices = Voices(lambda: None, tmp_path, "en")
    assert voices.of("Hello.") is None
    (offer,) = voices.offers()
    assert (offer.name, offer.role) == (JOE, "voice")
    assert "GPL-3.0" in offer.licence
    assert offer.bytes is not None and offer.bytes > 100_000_000


def test_a_voice_without_its_program_leaves_the_reading_to_espeak(
    espeak: Espeak, tmp_path: Path
) -> None:
    (tmp_path / "joe.onnx").touch()
    (tmp_path / "joe.onnx.json").write_text('{"espeak": {"voice": "en-us"}}')
    voice = Voices(lambda: tmp_path, tmp_path / "cache", "en").of("Hello.")
    assert isinstance(voice, Espeak)


def test_the_commands_that_make_a_broken_program_anew_know_it() -> None:
    named = re.findall(r"`pincite models (?:remove|pull) ([\w-]+)`", _ended(""))
    assert len(named) == 2 and set(named) <= PROGRAMS.keys()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The password of the account must have fourteen letters.", "en"),
        ("Das Kennwort für die Anmeldung muss aus Zahlen und Buchstaben bestehen.", "de"),
        ("Les congés sont pris avec l'accord du chef dans la mesure du possible.", "fr"),
        ("El plazo para la entrega es de dos semanas, y no se puede ampliar.", "es"),
        ("Ja.", "nl"),  # too short to tell: the person's own
    ],
)
def test_the_language_of_a_text_is_told_by_its_small_words(text: str, language: str) -> None:
    assert language_of(text, "nl") == language


@pytest.mark.slow
def test_piper_reads_its_own_language_and_espeak_the_others(
    piper: Piper, espeak: Espeak, joe: Path
) -> None:
    voices = Voices(lambda: joe.parent, user_cache(), "en")
    english = voices.of("Leave is taken in agreement with the team.")
    german = voices.of("Der Urlaub ist mit dem Leiter und dem Team zu besprechen.")
    assert (english.name if english else "") == JOE
    assert isinstance(german, Espeak)
    assert voices.offers() == ()
    voices.close()


def test_who_waits_for_the_voice_of_another_one_can_stop(tmp_path: Path) -> None:
    piper, cancel = Piper(tmp_path / "python", tmp_path / "joe.onnx"), threading.Event()
    with piper._lock:  # it reads to somebody else
        threading.Timer(0.2, cancel.set).start()
        with pytest.raises(Stopped):
            piper.say("Good morning.", cancel)
    with pytest.raises(VoiceFailed, match="does not start"):
        piper.say("Good morning.", threading.Event())
    assert not piper._lock.locked()


@pytest.mark.slow
def test_the_process_ends_when_nothing_is_said_for_a_while(piper: Piper, joe: Path) -> None:
    python = PIPER.python(user_cache())
    assert python is not None
    voice = Piper(python, joe, idle=0.5)
    assert voice.say("Hello.", NEVER).seconds > 0
    assert voice._process is not None
    latest = time.monotonic() + 60
    while voice._process is not None and time.monotonic() < latest:
        time.sleep(0.05)
    assert voice._process is None
    assert voice.say("Hello again.", NEVER).seconds > 0
    voice.close()
    assert voice._process is None


@pytest.mark.slow
def test_a_damaged_voice_is_named_with_what_to_do(piper: Piper, tmp_path: Path) -> None:
    model = tmp_path / "broken.onnx"
    model.write_bytes(b"no model")
    model.with_suffix(".onnx.json").write_text('{"espeak": {"voice": "en-us"}}')
    python = PIPER.python(user_cache())
    assert python is not None
    broken = Piper(python, model)
    with pytest.raises(VoiceFailed, match="models verify"):
        broken.say("Hello.", NEVER)


@pytest.mark.slow
def test_the_process_of_piper_connects_to_nothing(piper: Piper, joe: Path, tmp_path: Path) -> None:
    """It speaks where there is no network at all, and onnxruntime keeps no account of its use."""
    from tests.assistant.security.test_network_namespace import UNSHARE

    python = PIPER.python(user_cache())
    assert python is not None
    if shutil.which("unshare") is None:
        pytest.skip("this system does not permit network namespaces")
    without = tmp_path / "python"
    without.write_text(f'#!/bin/sh\nHOME={tmp_path} CI= exec {" ".join(UNSHARE)} {python} "$@"\n')
    without.chmod(0o755)
    alone = Piper(without, joe)
    assert alone.say("Nobody hears this.", NEVER).seconds > 0.5
    alone.close()
    assert list(tmp_path.rglob("*onnxruntime*")) == []


def test_the_voice_comes_with_the_registry_and_its_program_with_the_voice() -> None:
    model = find(JOE)
    assert not model.default  # nobody gets a GPL program without asking for it
    assert "GPL" in model.licence
