"""Libraries are made, described, renamed, deleted and brought back, with all that is theirs."""

import json
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from assistant.cli.main import main
from assistant.errors import SettingsError
from assistant.libraries import libraries as whole
from assistant.libraries.libraries import (
    clear,
    delete,
    deleted,
    describe,
    latest,
    listed,
    make,
    rename,
    undo,
)
from assistant.libraries.uploads import upload_folder
from assistant.settings import Settings
from assistant.sheet.cell import column
from assistant.wiring import composition
from assistant.wiring.composition import sheet_store
from assistant.wiring.people import home_accounts
from vectorstore.errors import LibraryBusy, LibraryError, UnknownLibrary
from vectorstore.indexing.jobs import alone


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(home=tmp_path)
    make(made, "north", "  Contracts of\n the north ")
    return made


def names(settings: Settings) -> list[str]:
    return [one.library for one in listed(settings)]


def test_a_library_is_made_and_described_in_a_line(settings: Settings) -> None:
    (north,) = listed(settings)
    assert (north.description, north.documents, north.pages) == ("Contracts of the north", 0, 0)
    describe(settings, "north", "Letters")
    assert listed(settings)[0].description == "Letters"


@pytest.mark.parametrize("name", ["no spaces", "../up", ""])
def test_a_name_that_cannot_be_a_folder_is_refused(settings: Settings, name: str) -> None:
    with pytest.raises(SettingsError):
        make(settings, name)
    with pytest.raises(SettingsError):
        rename(settings, "north", name)


def test_a_name_that_is_taken_is_refused(settings: Settings) -> None:
    make(settings, "south")
    with pytest.raises(LibraryError, match="already"):
        rename(settings, "north", "south")
    with pytest.raises(UnknownLibrary):
        rename(settings, "west", "east")


@pytest.mark.parametrize("name", ["north/", "../libraries/north", "./north"])
def test_a_path_to_a_library_is_no_name_of_one(settings: Settings, name: str) -> None:
    for change in (lambda: rename(settings, name, "newer"), lambda: delete(settings, name)):
        with pytest.raises(UnknownLibrary):
            change()
    assert names(settings) == ["north"]


def test_conversations_and_shares_move_along_with_a_name(settings: Settings) -> None:
    known = home_accounts(settings)
    known.add("ann", "correct horse battery", "editor", [])
    known.share("north", ["ann"], [])
    holders = known.shares()["north"]
    kept = composition.conversations(settings)
    kept.add("a", {"question": "?", "answer": ""}, "north")
    (settings.home / "evaluation" / "own" / "north").mkdir(parents=True)
    sheet_store(settings).put_columns("ann", "north", [column("rent")])

    rename(settings, "north", "south")

    assert names(settings) == ["south"]
    assert listed(settings)[0].description == "Contracts of the north"
    assert kept.library("a") == "south"
    assert sheet_store(settings).columns("ann", "south") == ["rent"]
    assert known.shares()["south"] == holders
    assert (settings.home / "evaluation" / "own" / "south").exists()


def test_a_deleted_library_is_brought_back_whole(settings: Settings) -> None:
    delete(settings, "north")
    assert names(settings) == []
    assert [one.library for one in deleted(settings)] == ["north"]
    undo(settings, latest(settings, "north"))
    assert [one.description for one in listed(settings)] == ["Contracts of the north"]
    assert deleted(settings) == []
    with pytest.raises(LibraryError, match="No library 'north' was deleted"):
        latest(settings, "north")


def test_it_does_not_take_the_place_of_a_new_one(settings: Settings) -> None:
    gone = delete(settings, "north")
    composition.library(settings, "north", make=True).close()
    with pytest.raises(LibraryError, match="Rename it"):
        undo(settings, gone)
    rename(settings, "north", "newer")
    undo(settings, gone)
    assert names(settings) == ["newer", "north"]


def test_after_a_day_it_leaves_the_disk(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = delete(settings, "north")
    assert clear(settings) == 0
    monkeypatch.setattr(whole, "KEPT", timedelta(0))
    assert deleted(settings) == []
    assert clear(settings) == 1
    assert not gone.folder.exists()


def test_what_cannot_be_deleted_waits_and_blocks_no_other(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, part = delete(settings, "north"), "held"
    (first.folder / part).mkdir()
    make(settings, "south")
    second = delete(settings, "south")
    monkeypatch.setattr(whole, "KEPT", timedelta(0))
    real = shutil.rmtree

    def held(path: Path) -> None:
        if path.name == part or path == first.folder:
            raise PermissionError(13, "Permission denied")
        real(path)

    monkeypatch.setattr(shutil, "rmtree", held)
    assert clear(settings) == 1
    assert not second.folder.exists()
    monkeypatch.setattr(shutil, "rmtree", real)
    assert clear(settings) == 1, "it is still known as a deleted one"
    assert not first.folder.exists()


def test_a_name_that_can_be_brought_back_is_taken(settings: Settings) -> None:
    make(settings, "south")
    delete(settings, "north")
    with pytest.raises(LibraryError, match="Undo its deletion"):
        make(settings, "north")
    with pytest.raises(LibraryError, match="Undo its deletion"):
        rename(settings, "south", "North")
    assert names(settings) == ["south"]


def test_files_are_not_added_to_a_name_that_can_be_brought_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    delete(settings, "north")
    (tmp_path / "note.txt").write_text("A note.", encoding="utf-8")
    add = ["add", str(tmp_path / "note.txt"), "--library", "north", "--home", str(tmp_path)]
    assert main(add) == 1
    assert "Undo its deletion" in capsys.readouterr().err
    assert names(settings) == []


def test_of_two_by_one_name_the_given_one_is_brought_back(settings: Settings) -> None:
    first = delete(settings, "north")
    with composition.library(settings, "north", make=True) as library:
        library.describe("second")
    delete(settings, "north")
    undo(settings, first)
    assert [one.description for one in listed(settings)] == ["Contracts of the north"]


def test_files_on_their_way_go_and_come_back_with_it(settings: Settings) -> None:
    waits = upload_folder(settings.home, "north") / "uploaded" / "letter.pdf"
    waits.parent.mkdir(parents=True)
    waits.write_bytes(b"a letter")
    gone = delete(settings, "north")
    assert not waits.exists()
    undo(settings, gone)
    assert waits.read_bytes() == b"a letter"


def test_places_below_the_uploads_move_along_with_a_name(settings: Settings) -> None:
    old, new = (str(upload_folder(settings.home, name)) for name in ("north", "south"))
    rows = (f"{old}/uploaded/a.zip", f"{old}/uploaded/a.zip!/b.txt", f"{old}-west/c.txt")
    with sqlite3.connect(settings.libraries_folder / "north" / "catalog.sqlite") as catalog:
        for row in rows:
            catalog.execute("INSERT INTO job VALUES (?, 'a', 'failed', '')", (row,))
            catalog.execute("INSERT INTO container VALUES (?, '', '[]')", (row,))
    catalog.close()
    rename(settings, "north", "south")
    with sqlite3.connect(settings.libraries_folder / "south" / "catalog.sqlite") as catalog:
        for table in ("job", "container"):
            moved = {path for (path,) in catalog.execute(f"SELECT path FROM {table}")}
            assert moved == {row.replace(f"{old}/", f"{new}/") for row in rows}
    catalog.close()


def test_a_library_in_use_is_left_alone(settings: Settings) -> None:
    with alone(settings.libraries_folder / "north" / "adding.lock"):
        with pytest.raises(LibraryBusy):
            delete(settings, "north")
        with pytest.raises(LibraryBusy):
            rename(settings, "north", "south")
    assert names(settings) == ["north"]


def test_the_commands_do_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def pincite(*arguments: str) -> str:
        assert main([*arguments, "--home", str(tmp_path)]) == 0
        return capsys.readouterr().out

    assert "no library yet" in pincite("libraries")
    pincite("libraries", "make", "north", "--description", "Contracts")
    pincite("libraries", "rename", "north", "south")
    rows = json.loads(pincite("libraries", "--json"))
    assert rows == [{"library": "south", "description": "Contracts", "documents": 0, "pages": 0}]
    told = json.loads(pincite("libraries", "delete", "south", "--json"))
    assert told["deleted"] == "south"
    assert "pincite libraries undo south" in pincite("libraries", "list")
    assert pincite("libraries", "undo", "south") == "south is back.\n"
