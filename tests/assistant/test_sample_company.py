"""The sample company is there in a clone and in an installed package, in a library of its own."""

from pathlib import Path

import pytest

from assistant import first_run
from assistant.errors import AssistantError
from assistant.libraries.libraries import listed
from assistant.settings import Settings
from tests.fakes import WordEmbedder
from vectorstore.library import Library


def test_its_library_is_made_once_and_described(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path)

    assert first_run.sample_library(settings) == first_run.sample_library(settings)

    assert [one.library for one in listed(settings)] == [first_run.LIBRARY]
    assert "does not exist" in listed(settings)[0].description


def test_a_library_of_a_person_with_its_name_is_left_alone(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path / "home")
    mine = tmp_path / "Mine.txt"
    mine.write_text("My own words.")
    name = first_run.LIBRARY
    with Library(settings.libraries_folder / name, name, WordEmbedder) as library:
        library.add([mine])

    assert first_run.sample_library(settings) == "samples-2"
    assert first_run.sample_library(settings) == "samples-2"


def test_an_installation_without_them_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_run, "_PLACES", (tmp_path,))
    with pytest.raises(AssistantError, match="carries no sample company"):
        first_run.sample_library(Settings.load(home=tmp_path / "home"))
    assert not (tmp_path / "home" / "libraries").exists()
