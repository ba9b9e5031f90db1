"""A home whose files are in a bucket: added, shown, renamed, deleted, restored, moved both ways."""

import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from assistant.doctor import checks
from assistant.errors import SettingsError
from assistant.libraries import libraries as whole
from assistant.libraries.libraries import delete, rename, undo
from assistant.settings import Settings
from assistant.team.moving_home import FilesPlace, move_files
from assistant.wiring import composition
from tests.commands import Pincite, refused
from tests.fakes import WordEmbedder
from tests.pdfs import write_pdf
from tests.servers.s3_process import KEY, SECRET, S3Process
from tests.vectorstore.conftest import write_papers
from vectorstore.errors import LibraryError
from vectorstore.opened import root_of, schema_of
from vectorstore.team import moving as moving_files
from vectorstore.team.moving import MovedFiles
from vectorstore.team.postgres import Server

# What kinds of servers differ in, tests/vectorstore/test_copies.py shows with both.
pytestmark = pytest.mark.parametrize("s3", ["localbucket"], indirect=True)


@pytest.fixture
def in_bucket(
    s3: S3Process, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Settings]:
    """Settings whose files are in a bucket of their own prefix."""
    monkeypatch.setattr(composition, "embedder", lambda _: WordEmbedder())
    monkeypatch.setattr(composition, "embedder_of", lambda *_: WordEmbedder())
    monkeypatch.setattr(composition, "multilingual", lambda _: None)
    names = {"files": f"s3://papers/{home.name}", "files_endpoint": s3.endpoint,
             "files_key": KEY, "files_secret": SECRET}  # fmt: skip

    def chosen(**more: str) -> Settings:
        for name, value in (names | more).items():
            monkeypatch.setenv(f"PINCITE_{name.upper()}", value)
        return Settings.load(home=home)

    return chosen


def keys(s3: S3Process, settings: Settings) -> set[str]:
    """The last parts of all keys below the prefix of the home."""
    found = s3.objects(settings.files.removeprefix("s3://papers/") + "/")
    return {key.rpartition("/")[2] for key in found}


def added(settings: Settings, folder: Path, name: str = "north") -> set[str]:
    """Adds the papers, and returns the names that their copies should have."""
    papers = write_papers(folder)
    with composition.library(settings, name, make=True) as library:
        assert library.add([papers]).added == 2
        return {f"{info.sha256}.pdf" for info in library.documents()}


def test_a_library_lives_in_a_bucket(
    s3: S3Process, in_bucket: Callable[..., Settings], tmp_path: Path, pincite: Pincite,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    settings = in_bucket()
    names = added(settings, tmp_path)
    folder = settings.libraries_folder / "north"
    assert keys(s3, settings) == names and not (folder / "files").exists()
    with composition.library(settings, "north") as library:
        assert library.add([tmp_path / "papers"]).added == 0
        (folder / "fetched" / sorted(names)[0]).unlink()
        pages = {library.file(name).read_bytes()[:5] for name in ("Handbook.pdf", "Policy.pdf")}
        assert pages == {b"%PDF-"}
        library.maintenance.rebuild()
        library.maintenance.back_up(tmp_path / "library.backup")
        library.remove(["Policy.pdf"])
        assert len(keys(s3, settings)) == 1
        assert library.maintenance.restore(tmp_path / "library.backup").documents == 2
        assert keys(s3, settings) == names
        assert library.forget(["Policy.pdf"]).files == ""
        assert len(keys(s3, settings)) == len(list((folder / "fetched").iterdir())) == 1
    assert "keeps older versions" not in doctor(settings)
    rename(settings, "north", "south")
    gone = delete(settings, "south")
    assert len(keys(s3, settings)) == 1
    undo(settings, gone)
    with composition.library(settings, "south") as library:
        assert library.maintenance.verify().lost_files == ()
        s3.damage(settings.files.removeprefix("s3://papers/"))
        health = library.maintenance.verify()
        assert health.mended == (
            "The copy of Handbook.pdf was lost or damaged; it was made again.",
        )
        (tmp_path / "papers" / "Handbook.pdf").unlink()
        s3.damage(settings.files.removeprefix("s3://papers/"))
        assert library.maintenance.verify().lost_files == ("Handbook.pdf",)
    delete(settings, "south")
    monkeypatch.setattr(whole, "KEPT", timedelta())
    assert whole.clear(settings) == 1 and not keys(s3, settings)


def doctor(settings: Settings) -> str:
    return json.dumps([(one.message, one.remedy) for one in checks.check_file_places(settings)])


def test_a_home_goes_to_a_bucket_and_comes_back(
    s3: S3Process, in_bucket: Callable[..., Settings], home: Path, tmp_path: Path,
    pincite: Pincite,
) -> None:  # fmt: skip
    here = Settings(home=home)
    names = added(here, tmp_path)
    below = home / "libraries/north/files"
    copies = {path.name: path.stat().st_mtime for path in below.iterdir()}
    assert set(copies) == names
    said = refused(pincite("migrate-home", "s3"))
    assert "The setting 'files' names no bucket" in said
    settings = in_bucket()
    assert "move them there with `pincite migrate-home s3`" in refused(pincite("libraries"))
    assert "pincite migrate-home s3" in doctor(settings)
    moved = pincite("migrate-home", "s3")
    assert "north: 2 files, 0.0 MB; all were copied, read back and compared." in moved.out
    assert keys(s3, settings) == names and not (home / "libraries/north/files").exists()
    assert pincite("migrate-home", "s3", "--json").json == [{"library": "north", "moved": None}]
    assert "no setting says where that is" in doctor(here)
    back = pincite("migrate-home", "folder", "--json").json
    assert back[0]["moved"]["files"] == 2 and back[0]["moved"]["damaged"] == []
    assert not keys(s3, settings)
    again = {path.name: path.stat().st_mtime for path in below.iterdir()}
    assert set(again) == set(copies) and not (home / "libraries/north/fetched").exists()
    assert s3.kind == "localbucket" or again == copies  # it keeps no metadata


@pytest.mark.parametrize("to", ["s3", "folder"])
def test_what_others_add_meanwhile_is_moved_too(
    to: FilesPlace, s3: S3Process, in_bucket: Callable[..., Settings], home: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """By a program that has had the library open since before."""
    there = in_bucket(files=f"s3://papers/{tmp_path.name}")
    here = Settings(home=home)
    before, after = (here, there) if to == "s3" else (there, here)
    added(before, tmp_path)
    late, later = (
        write_pdf(tmp_path / "late" / name, ["# Parking", "", f"Words of {name}."])
        for name in ("Late.pdf", "Later.pdf")
    )
    name = "_into_bucket" if to == "s3" else "_into_folder"
    move, written = getattr(moving_files, name), set[int]()

    def moved(*given: Any, **more: Any) -> MovedFiles:
        done: MovedFiles = move(*given, **more)
        if not more:
            assert opened.add([late]).added == 1
        return done

    def fsync(file: int) -> None:
        written.add(os.fstat(file).st_ino)

    with composition.library(before, "north") as opened:
        with monkeypatch.context() as during:
            during.setattr(moving_files, name, moved)
            during.setattr(os, "fsync", fsync)
            assert len(list(move_files(there, to))) == 1
        with pytest.raises(LibraryError, match="were moved meanwhile"):
            opened.add([later])
    for path in (late, later):
        path.unlink()
    with composition.library(after, "north") as library:
        found = {info.document for info in library.documents()}
        assert found == {"Handbook.pdf", "Late.pdf", "Policy.pdf"}
        assert library.maintenance.verify().lost_files == ()
        names = {f"{info.sha256}.pdf" for info in library.documents()}
    if to == "s3":
        assert keys(s3, there) == names
        return
    assert not keys(s3, there)
    below = list((home / "libraries/north/files").iterdir())
    assert {path.name for path in below} == names
    assert {path.stat().st_ino for path in below} <= written, "lost with the power"


def test_another_bucket_than_theirs_changes_nothing(
    s3: S3Process, in_bucket: Callable[..., Settings], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    theirs = f"s3://papers/{tmp_path.name}"
    settings = in_bucket(files=theirs)
    names = added(settings, tmp_path)
    s3.make("others")
    other = in_bucket(files="s3://others/papers")
    with pytest.raises(LibraryError, match="set it to where they are"):
        list(move_files(other, "folder"))
    assert root_of(settings.libraries_folder / "north")
    delete(in_bucket(files=theirs), "north")
    monkeypatch.setattr(whole, "KEPT", timedelta())
    assert whole.clear(other) == 0 and keys(s3, settings) == names
    assert whole.clear(settings) == 1 and not keys(s3, settings)


def test_with_its_catalogue_in_postgresql(
    s3: S3Process, in_bucket: Callable[..., Settings], postgres: Server, tmp_path: Path
) -> None:
    settings = in_bucket(catalogue=postgres.address)
    names = added(settings, tmp_path)
    folder = settings.libraries_folder / "north"
    assert schema_of(folder) and root_of(folder) and keys(s3, settings) == names
    with composition.library(settings, "north") as library:
        assert library.search("days of leave", k=1)[0].document == "Handbook.pdf"
        assert library.maintenance.verify().lost_files == ()
        library.remove(["Policy.pdf"])
    assert len(keys(s3, settings)) == 1


def test_wrong_settings_are_named(in_bucket: Callable[..., Settings], home: Path) -> None:
    for wrong, said in {
        ("files", "papers/x"): "The setting 'files': files are kept at an address like s3://",
        ("files_endpoint", "http://s3.example.org"): "its address begins with https://",
        ("files_endpoint", "https://user:pw@s3.example.org"): "has an address like https://s3",
    }.items():
        with pytest.raises(SettingsError, match=said):
            in_bucket(**{wrong[0]: wrong[1]})
        in_bucket()
    for missing, said in {
        "files_endpoint": "none says at which server: set PINCITE_FILES_ENDPOINT",
        "files_secret": "There is no key for s3://papers/",
    }.items():
        settings = in_bucket(**{missing: ""})
        with pytest.raises(SettingsError, match=said):
            composition.library(settings, "north", make=True)
        assert said[:20] in doctor(settings)
        in_bucket()


def test_nothing_that_is_kept_or_said_has_the_secret(
    s3: S3Process, in_bucket: Callable[..., Settings], home: Path, tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    settings = in_bucket()
    caplog.set_level("DEBUG")
    with caplog.at_level("INFO"):
        added(settings, tmp_path)
    assert '"in s3://papers/' in doctor(settings)
    assert SECRET not in f"{settings!r}{doctor(settings)}{caplog.text}"
    for path in home.rglob("*"):
        # Chroma writes memory that it has not cleared: docs/security.md
        if path.is_file() and "chroma" not in path.parts:
            assert SECRET.encode() not in path.read_bytes()
