"""`pincite migrate-home`, and a home in PostgreSQL: deleted, renamed, looked at by the doctor."""

from datetime import timedelta
from pathlib import Path

import pytest

from assistant.build import composition
from assistant.doctor import catalogues
from assistant.libraries import waiting
from assistant.libraries.deleted import delete, undo
from assistant.libraries.moving_home import move_home
from assistant.libraries.named import make, rename
from assistant.settings import Settings
from tests.commands import Pincite, refused
from vectorstore.catalog.opened import schema_of
from vectorstore.postgres.server import Server


def schemas(server: Server) -> set[str]:
    with server.connect() as connection:
        found = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '^pincite_'")
        return {row[0] for row in found}


def test_a_home_goes_to_postgresql_and_comes_back(
    pincite: Pincite, home: Path, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("north", "south"):
        pincite("libraries", "make", name, "--description", f"All of the {name}.")
    said = refused(pincite("migrate-home", "postgresql"))
    assert "names no PostgreSQL: set it, as in PINCITE_CATALOGUE=" in said
    monkeypatch.setenv("PINCITE_CATALOGUE", postgres.address)
    said = refused(pincite("libraries"))
    assert "move it there with `pincite migrate-home postgresql`" in said
    assert "north: 0 documents, 0 passages; " in pincite("migrate-home", "postgresql").out
    assert "north  (0 documents, 0 pages): All of the north." in pincite("libraries").out
    again = pincite("migrate-home", "postgresql", "--json").json
    assert again == [{"library": name, "moved": None} for name in ("north", "south")]
    back = pincite("migrate-home", "sqlite")
    assert back.status == 0 and "Take the setting `catalogue` away now" in back.out
    monkeypatch.delenv("PINCITE_CATALOGUE")
    assert "All of the south." in pincite("libraries").out


def test_a_deleted_library_leaves_postgresql_when_its_day_is_over(
    tmp_path: Path, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = schemas(postgres)
    settings = Settings(home=tmp_path, catalogue=postgres.address)
    make(settings, "north", "All of the north.")
    rename(settings, "north", "south")
    gone = delete(settings, "south")
    assert composition.libraries(settings) == []
    undo(settings, gone)
    with composition.library(settings, "south") as library:
        assert library.description() == "All of the north."
    delete(settings, "south")
    monkeypatch.setattr(waiting, "KEPT", timedelta())
    assert waiting.clear(settings) == 1
    assert schemas(postgres) == before and not list((tmp_path / "deleted").iterdir())


def test_deleted_libraries_that_wait_move_too(
    tmp_path: Path, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = schemas(postgres)
    there = Settings(home=tmp_path, catalogue=postgres.address)
    for name in ("north", "south"):
        make(there, name, f"All of the {name}.")
    gone = delete(there, "south")
    moved = dict(move_home(there, "sqlite"))
    assert list(moved) == ["north", "south (deleted)"] and all(moved.values())
    assert schemas(postgres) == before
    here = Settings(home=tmp_path)
    undo(here, gone)
    with composition.library(here, "south") as library:
        assert library.description() == "All of the south."
    gone = delete(here, "south")
    assert list(move_home(there, "postgresql")) and schema_of(gone.folder)
    monkeypatch.setattr(waiting, "KEPT", timedelta())
    assert list(dict(move_home(there, "sqlite"))) == ["north"]
    assert schemas(postgres) == before and not list((tmp_path / "deleted").iterdir())


def test_the_doctor_says_where_catalogues_are(tmp_path: Path, postgres: Server) -> None:
    here = Settings(home=tmp_path)
    make(here, "old")
    there = Settings(home=tmp_path, catalogue=postgres.address)
    make(there, "north")
    said = {check.name: check for check in catalogues.check(there)}
    assert said["catalogue"].message.startswith("PostgreSQL ")
    assert said["library north"].message == "0 documents, in PostgreSQL"
    assert said["library old"].remedy == "pincite migrate-home postgresql"
    said = {check.name: check for check in catalogues.check(here)}
    assert said["catalogue"].message == "SQLite, in the folder of each library"
    assert said["library north"].severity == "error"
    away = Settings(home=tmp_path, catalogue="postgresql://pincite@127.0.0.1:1/none")
    [check] = catalogues.check(away)
    assert check.severity == "error" and "does not answer" in check.message
    waiting.drop(there.libraries_folder / "north", postgres)
    said = {check.name: check for check in catalogues.check(there)}
    assert "names another database" in said["library north"].message
    assert schema_of(there.libraries_folder / "north")
