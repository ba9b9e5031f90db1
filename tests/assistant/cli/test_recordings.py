"""The command line with recordings: before a speech model is there, and after."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.contract.reply import Outcome, Progress
from assistant.tools.transcription import Transcription
from tests.commands import Pincite, Ran
from tests.conftest import models_folder
from tests.recordings import slide, tone, write
from vectorstore.images import PictureHit, Pictures, Told


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    return write(tmp_path / "talk.wav", tone(2.0), codecs=("pcm_s16le", ""))


def test_without_a_speech_model_a_recording_is_refused_with_the_command_that_helps(
    pincite: Pincite, talk: Path
) -> None:
    added = pincite("add", talk, "--json")
    assert added.status == 1
    (failure,) = added.json["failed"]
    assert "`pincite models pull whisper-base`, then add it again" in failure["error"]
    assert pincite("documents", "--json").json == []


@pytest.mark.parametrize("option", ["--json", "--times"])
def test_without_a_terminal_no_progress_is_written(
    pincite: Pincite, talk: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    def hear(reply: Transcription) -> Iterator[str]:
        reply.activity.stage, reply.activity.progress = "Transcribing", Progress(1, 2)
        reply.outcome = Outcome("Hello.")
        yield "Hello."

    monkeypatch.setattr(Transcription, "__iter__", hear)
    assert pincite("transcribe", talk, option).err == ""


def test_without_a_terminal_a_search_of_pictures_writes_no_progress(
    pincite: Pincite, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def named(_: Pictures, words: str, k: int, told: Told) -> list[PictureHit]:
        told("report.pdf", 0, 1)
        return []

    monkeypatch.setattr(Pictures, "named", named)
    pincite("libraries", "make", "main")
    assert pincite("search", "--pictures", "words") == Ran(0, "Nothing found.\n", "")


@pytest.mark.slow
def test_added_again_once_the_model_has_come_it_is_read(
    pincite: Pincite, talk: Path, home: Path
) -> None:
    model = models_folder() / "whisper-base"
    if not (model / "model.bin").exists():
        pytest.skip(f"no speech model in {model}; set PINCITE_TEST_MODELS to the folder above")
    assert pincite("add", talk).status == 1
    (home / "models").mkdir(exist_ok=True)
    (home / "models" / "whisper-base").symlink_to(model)
    added = pincite("add", talk, "--json")
    assert (added.status, added.json["added"]) == (0, 1)
    assert "leaked" not in added.err
    (page,) = pincite("show", "talk.wav", "--json").json
    assert page["text"] == ""  # a tone


@pytest.mark.slow
def test_what_stands_in_a_film_is_found_with_its_second(pincite: Pincite, tmp_path: Path) -> None:
    slides = [(slide("Agenda of today"), 3.0), (slide("Travel to Bergen\nonly by train"), 3.0)]
    write(tmp_path / "review.mp4", None, slides)
    assert pincite("add", tmp_path / "review.mp4").status == 0
    (hit,) = pincite("search", "travel", "--json").json
    assert (hit["document"], hit["page"]) == ("review.mp4", 1)
    assert "only by train" in hit["text"]
    assert hit["seconds"] == 0.0  # the passage begins with the first slide
    assert "1. review.mp4, 00:00" in pincite("search", "travel").out
