"""A part of a home goes to PostgreSQL and comes back, whatever ends it in between."""

import errno
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from assistant.errors import AssistantError
from assistant.settings import Settings
from assistant.storage import part
from assistant.storage.part import HomeFile, TeamTables, keep_mark
from assistant.team import moving_home
from assistant.team.accounts import ACCOUNTS
from assistant.team.moving_home import MovedRows, tables_to_postgres, tables_to_sqlite
from assistant.wiring.people import accounts_if_any, home_accounts, tokens
from assistant.wiring.places import team_tables
from tests.assistant.team.conftest import PASSWORD, quick_hashes
from vectorstore.team.postgres import Server

_ = quick_hashes


class Killed(BaseException):
    """Ends the process here."""


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    """A home with people in SQLite."""
    settings = Settings(home=tmp_path / "home")
    for name in ("ann", "bob"):
        person = home_accounts(settings).add(name, PASSWORD, "editor", ["north"])
        tokens(settings).add(person, "program", "reader", ["a"], days=3)
    home_accounts(settings).share("a", [], ["north"])
    return settings


@pytest.fixture
def there(here: Settings, team_database: Server) -> Settings:
    return Settings(home=here.home, catalogue=team_database.address)


def moved(settings: Settings, server: Server, back: bool = False) -> MovedRows | None:
    move = tables_to_sqlite if back else tables_to_postgres
    return move(settings.home / "accounts.sqlite", team_tables(settings, ACCOUNTS, server))


def people(settings: Settings) -> list[str]:
    return [one.name for one in home_accounts(settings).people()]


def has_tables(server: Server) -> bool:
    with server.connect() as connection:
        found = connection.execute("SELECT to_regclass('pincite_team.person')::oid").fetchone()
    return bool(found and found[0])


def files(settings: Settings) -> list[str]:
    return sorted(file.name for file in settings.home.iterdir())


def test_all_rows_go_and_come_back(here: Settings, there: Settings, team_database: Server) -> None:
    done = moved(there, team_database)
    assert done and done.tables["person"] == done.tables["token"] == 2 and done.rows == 7
    assert files(there) == ["accounts.postgresql"]
    assert moved(there, team_database) is None
    assert home_accounts(there).signs_in("ann", PASSWORD)
    home_accounts(there).add("carl", PASSWORD, "reader")
    done = moved(there, team_database, back=True)
    assert done and done.tables["person"] == 3
    assert files(here) == ["accounts.sqlite"] and people(here) == ["ann", "bob", "carl"]
    assert [token.libraries for token in tokens(here).all()] == [("a",), ("a",)]
    assert moved(there, team_database, back=True) is None
    assert not has_tables(team_database)


STEPS_THERE = ("make", "_to_fill", "fill", "_compared", "keep_mark", "_unlink")
STEPS_BACK = ("fill", "_compared", "keep_names", "_unlink")


def killed_after(monkeypatch: pytest.MonkeyPatch, step: str, skip: int = 0) -> None:
    places: list[Any] = {"make": [TeamTables], "fill": [TeamTables, HomeFile]}.get(
        step, [moving_home]
    )
    left = [skip]
    for of in places:
        do: Callable[..., object] = getattr(of, step)

        def last(*given: object, do: Callable[..., object] = do) -> object:
            done = do(*given)
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return done

        monkeypatch.setattr(of, step, last)


def killed_before(name: str) -> Callable[[Path], None]:
    def unlink(file: Path) -> None:
        if file.name == name:
            raise Killed
        file.unlink(missing_ok=True)

    return unlink


@pytest.mark.parametrize("step", STEPS_THERE)
def test_a_kill_on_the_way_there_loses_nothing(
    step: str, here: Settings, there: Settings, team_database: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with monkeypatch.context() as patch, pytest.raises(Killed):
        killed_after(patch, step, skip=step == "_unlink")  # it begins with one
        moved(there, team_database)
    for settings in (here, there):  # in one of the places, and never taken for none
        try:
            assert people(settings) == ["ann", "bob"]
        except AssistantError:
            continue
    moved(there, team_database)
    assert people(there) == ["ann", "bob"] and files(there) == ["accounts.postgresql"]


def test_a_kill_after_the_database_has_it_loses_nothing(
    there: Settings, team_database: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(moving_home, "_unlink", killed_before("accounts.sqlite"))
        moved(there, team_database)
    with pytest.raises(AssistantError, match="did not end: call the same"):
        people(there)
    assert moved(there, team_database) is None and people(there) == ["ann", "bob"]


@pytest.mark.parametrize("on", [True, False], ids=["again", "turned"])
@pytest.mark.parametrize("step", STEPS_BACK)
def test_a_kill_on_the_way_back_loses_nothing(
    step: str, on: bool, here: Settings, there: Settings, team_database: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    moved(there, team_database)
    other = Settings(home=here.home.with_name("other"), catalogue=team_database.address)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        killed_after(patch, step, skip=step in ("keep_names", "_unlink"))  # it begins with them
        moved(there, team_database, back=True)
    if has_tables(team_database):
        home_accounts(other).add("carl", PASSWORD, "reader")
        expected = ["ann", "bob", "carl"]
    else:
        expected = ["ann", "bob"]
    if has_tables(team_database) and (here.home / "accounts.sqlite").exists():
        with pytest.raises(AssistantError, match="move that file away"):  # others have written
            moved(there, team_database, back=on)
        (here.home / "accounts.sqlite").unlink()
    moved(there, team_database, back=on)
    assert people(here if on else there) == expected
    assert files(here) == ["accounts.sqlite" if on else "accounts.postgresql"]


def test_who_has_the_file_open_hears_of_the_move(
    here: Settings, there: Settings, team_database: Server
) -> None:
    known = home_accounts(here)
    moved(there, team_database)
    with pytest.raises(AssistantError, match="moved to PostgreSQL meanwhile: start again"):
        known.add("carl", PASSWORD, "reader")
    others = home_accounts(there)
    assert len(others.people()) == 2
    moved(there, team_database, back=True)
    for _ in range(3):  # it never makes empty tables beside the file
        for ask in (others.people, others.is_there):
            with pytest.raises(AssistantError, match="moved to SQLite meanwhile"):
                ask()
    assert files(here) == ["accounts.sqlite"] and people(here) == ["ann", "bob"]
    assert not has_tables(team_database)


def test_who_first_looks_after_the_move_back_makes_no_tables(
    here: Settings, there: Settings, team_database: Server
) -> None:
    moved(there, team_database)
    others = home_accounts(there)
    moved(there, team_database, back=True)
    for _ in range(2):
        with pytest.raises(AssistantError, match="moved to SQLite meanwhile"):
            others.people()
    assert files(here) == ["accounts.sqlite"] and not has_tables(team_database)


def test_tables_that_another_home_makes_later_are_not_taken_for_ours(
    here: Settings, there: Settings, team_database: Server, tmp_path: Path
) -> None:
    moved(there, team_database)
    backup = tmp_path / "backup.sqlite"
    second, third = (Settings(home=tmp_path / n, catalogue=there.catalogue) for n in "23")
    assert people(second) == ["ann", "bob"]
    moved(second, team_database, back=True)
    shutil.copy(second.home / "accounts.sqlite", backup)
    assert people(third) == []
    for _ in range(2):
        with pytest.raises(AssistantError, match="are not there any more"):
            accounts_if_any(there)
    shutil.copy(backup, there.home / "accounts.sqlite")
    assert moved(there, team_database) and people(there) == people(third) == ["ann", "bob"]


def test_a_home_that_joined_hears_that_another_one_took_all_and_begins_without(
    there: Settings, team_database: Server, tmp_path: Path
) -> None:
    moved(there, team_database)
    joined = Settings(home=tmp_path / "joined", catalogue=there.catalogue)
    assert people(joined) == ["ann", "bob"] and moving_home.shares(joined)
    moved(there, team_database, back=True)
    for ask in (people, accounts_if_any, lambda home: moved(home, team_database, back=True)):
        with pytest.raises(AssistantError, match="another home has taken them back to SQLite"):
            ask(joined)
    (joined.home / "accounts.postgresql").unlink()
    with pytest.raises(AssistantError, match="moved to SQLite meanwhile"):
        accounts_if_any(joined)  # of a server that still runs: nobody is let in by it
    part._ready.clear()  # in another process
    assert files(joined) == [] and accounts_if_any(joined) is None
    assert people(there.model_copy(update={"catalogue": ""})) == ["ann", "bob"]


def test_a_file_that_cannot_be_put_in_its_place_is_a_sentence_and_nothing_moves(
    there: Settings, team_database: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved(there, team_database)
    replace = Path.replace

    def refused(self: Path, target: Path) -> Path:
        if target.name == "accounts.sqlite":
            raise PermissionError(errno.EACCES, "Permission denied")
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refused)
        with pytest.raises(AssistantError, match="could not be put in its place: Permission"):
            moved(there, team_database, back=True)
    assert files(there) == ["accounts.postgresql"] and people(there) == ["ann", "bob"]
    assert moved(there, team_database, back=True)


@pytest.mark.parametrize("back", [True, False])
def test_a_file_beside_the_mark_of_a_home_that_joined_stays(
    back: bool, here: Settings, there: Settings, team_database: Server, tmp_path: Path
) -> None:
    second = Settings(home=tmp_path / "second", catalogue=there.catalogue)
    home_accounts(second).add("carl", PASSWORD, "reader")
    shutil.copy(here.home / "accounts.sqlite", second.home)
    with pytest.raises(AssistantError, match="move that file away"):
        moved(second, team_database, back)
    (second.home / "accounts.postgresql").unlink()
    assert people(Settings(home=second.home)) == ["ann", "bob"]


def test_a_kill_before_the_mark_goes_leaves_the_good_file(
    here: Settings, there: Settings, team_database: Server, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    moved(there, team_database)
    second, third = (Settings(home=tmp_path / n, catalogue=there.catalogue) for n in "23")
    assert people(second) == ["ann", "bob"]
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(moving_home, "_unlink", killed_before("accounts.postgresql"))
        moved(second, team_database, back=True)
    assert people(third) == [] and has_tables(team_database)
    with pytest.raises(AssistantError, match="call the same"):
        people(second)
    assert moved(second, team_database, back=True) is None
    assert people(Settings(home=second.home)) == ["ann", "bob"]


def test_a_home_that_may_not_move_in_changes_nothing_there(
    here: Settings, there: Settings, team_database: Server, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    second = tmp_path / "second"
    shutil.copytree(here.home, second)
    moved(there, team_database)
    monkeypatch.setattr(TeamTables, "make", lambda *given: pytest.fail("made"))
    with pytest.raises(AssistantError, match="accounts of another home already"):
        moved(Settings(home=second, catalogue=there.catalogue), team_database)


def test_people_of_two_homes_do_not_become_one(
    here: Settings, there: Settings, team_database: Server, tmp_path: Path
) -> None:
    second = tmp_path / "second"
    shutil.copytree(here.home, second)
    moved(there, team_database)
    also = Settings(home=second, catalogue=team_database.address)
    with pytest.raises(AssistantError, match="accounts of another home already"):
        moved(also, team_database)
    assert people(Settings(home=second)) == ["ann", "bob"]
    (second / "accounts.sqlite").unlink()
    assert people(also) == ["ann", "bob"]


def test_all_who_come_first_find_the_tables(tmp_path: Path, team_database: Server) -> None:
    homes = [Settings(home=tmp_path / str(n), catalogue=team_database.address) for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda home: len(people(home)), homes))
    assert found == [0] * 8


def test_threads_that_note_the_tables_at_once_do_not_take_each_others_file(tmp_path: Path) -> None:
    mark, both = tmp_path / "accounts.postgresql", Barrier(8)

    def note() -> None:
        both.wait()
        for _ in range(20):
            keep_mark(mark, "one")

    with ThreadPoolExecutor(8) as pool:
        for noted in [pool.submit(note) for _ in range(8)]:
            noted.result()
    assert mark.read_text("ascii").strip() == "one" and files(Settings(home=tmp_path)) == [
        mark.name
    ]
