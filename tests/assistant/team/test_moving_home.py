"""`pincite migrate-home`, and a home in PostgreSQL: deleted, renamed, looked at by the doctor."""

from datetime import timedelta
from pathlib import Path

import pytest

from assistant.doctor import checks
from assistant.errors import AssistantError
from assistant.libraries import libraries as whole
from assistant.libraries.libraries import delete, make, rename, undo
from assistant.settings import Settings
from assistant.storage.part import Whose
from assistant.team import moving_home
from assistant.team.moving_home import move_home
from assistant.wiring import composition
from assistant.wiring.people import home_accounts
from tests.assistant.conversation.test_history import answer
from tests.commands import Pincite, refused
from vectorstore.opened import schema_of
from vectorstore.team.postgres import Server


def schemas(server: Server) -> set[str]:
    with server.connect() as connection:
        found = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname ~ '^pincite_[0-9a-f]{32}'"
        )
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
    back = pincite("migrate-home", "sqlite")  # where nobody shares people
    assert back.status == 0 and "Take the setting `catalogue` away now" in back.out
    monkeypatch.delenv("PINCITE_CATALOGUE")
    assert "All of the south." in pincite("libraries").out


def test_people_and_conversations_go_with_it(
    pincite: Pincite, home: Path, team_database: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    home_accounts(Settings(home=home)).add("ann", "correct horse battery", "owner")
    kept = composition.conversations(Settings(home=home), Whose("1"))
    for question in ("How long is leave?", "And in the north?"):
        kept.add("c", answer(question), "north")
    kept.add("c", answer("How long is leave, better?"), "north", after=0)
    kept.folders.move("c", kept.folders.make("Leave").id)
    monkeypatch.setenv("PINCITE_CATALOGUE", team_database.address)
    said = refused(pincite("users", "list"))
    assert "accounts.sqlite" in said and "`pincite migrate-home postgresql`" in said
    told = pincite("migrate-home", "postgresql").out
    assert "(accounts): 1 row of 8 tables were copied and compared." in told
    assert "(conversations): 6 rows of 5 tables were copied and compared." in told
    again = pincite("migrate-home", "postgresql").out
    assert "(accounts): it is there already." in again and "no library" not in again
    assert not list(home.glob("*.sqlite")) and "ann: owner" in pincite("users", "list").out
    moved = Settings(home=home, catalogue=team_database.address)
    there = composition.conversations(moved, Whose("1"))
    assert [found.turn for found in there.search("LEAVE")] == [3]
    there.add("c", answer("A fourth one?"), "north")
    assert "would refuse all visitors" in refused(pincite("migrate-home", "sqlite"))
    assert "ann: owner" in pincite("users", "list").out
    back = pincite("migrate-home", "sqlite", "--for-all-servers", "--json").json
    assert [row["part"] for row in back] == ["accounts", "conversations"]
    monkeypatch.delenv("PINCITE_CATALOGUE")
    assert [turn["question"] for turn in kept.turns("c")][-1] == "A fourth one?"
    assert [len(kept.search(words)) for words in ("fourth", "north", "south")] == [1, 1, 0]
    assert [(one.id, one.folder) for one in kept.infos()] == [("c", 1)]


def test_a_home_whose_people_another_one_has_taken_asks_nobody_once_its_mark_is_deleted(
    pincite: Pincite, home: Path, team_database: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINCITE_CATALOGUE", team_database.address)
    other = Settings(home=home.with_name("other"), catalogue=team_database.address)
    home_accounts(other).add("ann", "correct horse battery", "owner")
    assert "ann: owner" in pincite("users", "list").out
    assert list(move_home(other, "sqlite"))
    said = refused(pincite("migrate-home", "sqlite", "--for-all-servers"))
    assert "another home has taken them back to SQLite" in said, "nothing is opened to everybody"
    assert "another home has taken them back" in refused(pincite("users", "list"))
    (home / "accounts.postgresql").unlink()
    monkeypatch.delenv("PINCITE_CATALOGUE")
    assert "no sign-in is required" in pincite("users", "list").err


def test_a_database_whose_conversations_were_all_deleted_takes_those_of_a_home(
    tmp_path: Path, team_database: Server
) -> None:
    tried = Settings(home=tmp_path / "tried", catalogue=team_database.address)
    on_trial = composition.conversations(tried)
    on_trial.add("t", answer("Does it work?"), "north")
    assert on_trial.delete("t")
    home = tmp_path / "home"
    composition.conversations(Settings(home=home)).add("c", answer("Who?"), "north")
    there = Settings(home=home, catalogue=team_database.address)
    assert [name for name, _ in move_home(there, "postgresql")] == ["(conversations)"]
    assert len(composition.conversations(there).turns("c")) == 1


def test_two_moves_of_a_home_do_not_run_at_once(tmp_path: Path, team_database: Server) -> None:
    home_accounts(Settings(home=tmp_path)).add("ann", "correct horse battery", "owner")
    there = Settings(home=tmp_path, catalogue=team_database.address)
    first = move_home(there, "postgresql")
    assert next(first)[0] == "(accounts)"
    with pytest.raises(AssistantError, match="is being moved"):
        list(move_home(there, "sqlite"))
    assert list(first) == []
    assert [name for name, _ in move_home(there, "sqlite")] == ["(accounts)"]


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
    monkeypatch.setattr(whole, "KEPT", timedelta())
    assert whole.clear(settings) == 1
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
    monkeypatch.setattr(whole, "KEPT", timedelta())
    assert list(dict(move_home(there, "sqlite"))) == ["north"]
    assert schemas(postgres) == before and not list((tmp_path / "deleted").iterdir())


def test_the_doctor_says_where_catalogues_are(tmp_path: Path, postgres: Server) -> None:
    here = Settings(home=tmp_path)
    make(here, "old")
    there = Settings(home=tmp_path, catalogue=postgres.address)
    make(there, "north")
    said = {check.name: check for check in checks.check_catalogues(there)}
    assert said["catalogue"].message.startswith("PostgreSQL ")
    assert said["library north"].message == "0 documents, in PostgreSQL"
    assert "`pincite migrate-home postgresql`" in said["library old"].message
    said = {check.name: check for check in checks.check_catalogues(here)}
    assert said["catalogue"].message == "SQLite, in the folder of each library"
    assert said["library north"].severity == "error"
    away = Settings(home=tmp_path, catalogue="postgresql://pincite@127.0.0.1:1/none")
    [check] = checks.check_catalogues(away)
    assert check.severity == "error" and "does not answer" in check.message
    whole.drop_catalog(there.libraries_folder / "north", postgres)
    said = {check.name: check for check in checks.check_catalogues(there)}
    assert "names another database" in said["library north"].message
    assert schema_of(there.libraries_folder / "north")


def interrupt(folder: Path) -> None:
    if (folder / "accounts.sqlite").exists():
        raise KeyboardInterrupt


def test_the_doctor_says_where_people_are(
    tmp_path: Path, team_database: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Settings(home=tmp_path)
    there = Settings(home=tmp_path, catalogue=team_database.address)
    home_accounts(here).add("ann", "correct horse battery", "owner")
    said = {check.name: check for check in checks.check_catalogues(there)}
    assert "`pincite migrate-home postgresql`" in said["accounts"].message
    assert list(move_home(there, "postgresql"))
    said = {check.name: check for check in checks.check_catalogues(there)}
    assert said["accounts"].severity == "ok" and "conversations" not in said
    said = {check.name: check for check in checks.check_catalogues(here)}
    assert "set `catalogue` again" in said["accounts"].message
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(moving_home, "keep_names", interrupt)
        list(move_home(there, "sqlite"))
    said = {check.name: check for check in checks.check_catalogues(there)}
    assert "did not end" in said["accounts"].message
    (tmp_path / "accounts.sqlite").unlink()
    with team_database.connect() as connection:
        connection.execute("DROP TABLE pincite_team.person")
    said = {check.name: check for check in checks.check_catalogues(there)}
    assert said["accounts"].severity == "error" and "not there any" in said["accounts"].message
