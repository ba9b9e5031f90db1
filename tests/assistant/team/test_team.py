"""People of several homes in one PostgreSQL: what one server does holds at the other."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from assistant.entrance.asgi import Hosts, Receive, Scope, Send
from assistant.errors import AssistantError, TablesAway, TablesBusy, TablesNotWritable
from assistant.settings import Settings
from assistant.storage import part
from assistant.team.api.errors import status_of
from assistant.team.api.guard import Guard
from assistant.team.members import Members
from assistant.team.rights import Permitted
from assistant.team.tokens import digest
from assistant.ui.door import Door
from assistant.wiring.people import accounts_if_any, guesses, home_accounts, sessions, tokens
from tests.assistant.team.conftest import PASSWORD
from vectorstore.errors import HomeNotWritable, LibraryAway, LibraryBusy, LibraryError
from vectorstore.team.postgres import Server


@pytest.fixture
def homes(tmp_path: Path, team_database: Server) -> list[Settings]:
    """Of two machines."""
    return [Settings(home=tmp_path / name, catalogue=team_database.address) for name in "ab"]


def test_a_person_of_one_home_signs_in_at_the_other_until_removed(homes: list[Settings]) -> None:
    here, there = homes
    ann = home_accounts(here).add("ann", PASSWORD, "editor", ["north"])
    home_accounts(here).share("north", [], ["north"])
    token = tokens(here).add(ann, "program", "reader")
    assert home_accounts(there).signs_in("ann", PASSWORD) == ann
    session = digest(sessions(there).start(ann))
    assert sessions(here).person(session) == ann
    assert tokens(there).person(token) == ann.limited("reader", None, "program")
    bob = home_accounts(there).add("bob", PASSWORD, "reader")
    seen = Permitted(bob, lambda: ["north"], accounts_if_any(there))
    assert seen.names() == []
    [row] = tokens(there).all()
    tokens(there).revoke(row.id)
    assert [tokens(home).person(token) for home in homes] == [None, None]
    home_accounts(there).remove("ann")
    assert home_accounts(here).signs_in("ann", PASSWORD) is None
    assert sessions(here).person(session) is None
    with pytest.raises(AssistantError, match="already"):
        home_accounts(here).add("bob", PASSWORD, "reader")


def test_a_home_is_never_open_because_its_people_are_elsewhere(
    homes: list[Settings], team_database: Server
) -> None:
    here = homes[0]
    home_accounts(here).add("ann", PASSWORD, "owner")
    without = Settings(home=here.home)
    with pytest.raises(AssistantError, match="no setting says where: set `catalogue` again"):
        accounts_if_any(without)
    away = Settings(home=here.home, catalogue="postgresql://pincite@127.0.0.1:1/none")
    with pytest.raises(TablesAway, match="does not answer"):
        accounts_if_any(away)
    with team_database.connect() as connection:
        connection.execute("DROP SCHEMA pincite_team CASCADE")
    for _ in range(2):
        with pytest.raises(AssistantError, match="a backup of the database has to be restored"):
            home_accounts(here).people()
    with pytest.raises(AssistantError, match="not there any more"):
        accounts_if_any(here)


def test_tables_of_another_database_are_not_taken_for_those_of_the_home(
    homes: list[Settings], team_database: Server
) -> None:
    here, other = homes
    known = home_accounts(here)
    known.add("ann", PASSWORD, "owner")
    assert accounts_if_any(here)
    with team_database.connect() as connection:
        connection.execute("DROP SCHEMA pincite_team CASCADE")
    assert home_accounts(other).people() == []
    for ask in (known.people, lambda: accounts_if_any(here), lambda: home_accounts(here).people()):
        with pytest.raises(TablesAway, match="not there any more"):
            ask()
    assert accounts_if_any(other) is None


def test_accounts_in_a_file_are_not_taken_for_none(tmp_path: Path, team_database: Server) -> None:
    home_accounts(Settings(home=tmp_path)).add("ann", PASSWORD, "owner")
    with pytest.raises(AssistantError, match=r"accounts\.sqlite.*migrate-home postgresql"):
        accounts_if_any(Settings(home=tmp_path, catalogue=team_database.address))


@pytest.mark.parametrize("version", [0, 2])
def test_another_version_is_not_read(
    homes: list[Settings], team_database: Server, version: int
) -> None:
    home_accounts(homes[0]).add("ann", PASSWORD, "owner")
    with team_database.connect() as connection:
        connection.execute("COMMENT ON SCHEMA pincite_team IS 'of our office'")
        assert [one.name for one in home_accounts(homes[1]).people()] == ["ann"]
        connection.execute("UPDATE pincite_team.kept SET version = %s", (version,))
    with pytest.raises(AssistantError, match="another version"):
        home_accounts(homes[1]).people()


def test_a_server_that_takes_nothing_is_no_fault_of_the_request(
    homes: list[Settings], team_database: Server
) -> None:
    home_accounts(homes[0]).add("ann", PASSWORD, "owner")
    with team_database.connect() as connection:
        connection.execute("ALTER DATABASE postgres SET default_transaction_read_only = on")
        part._connections(team_database).close()
        try:
            with pytest.raises(TablesNotWritable, match="read-only") as refused:
                home_accounts(homes[0]).add("bob", PASSWORD, "reader")
        finally:
            connection.execute("ALTER DATABASE postgres RESET default_transaction_read_only")
            part._connections(team_database).close()
    assert [status_of(error) for error in (refused.value, TablesBusy())] == [500, 409]
    assert home_accounts(homes[0]).add("bob", PASSWORD, "reader")


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize("kind", [LibraryAway, LibraryBusy, HomeNotWritable, LibraryError])
def test_while_the_server_cannot_be_used_nobody_comes_in(
    homes: list[Settings], monkeypatch: pytest.MonkeyPatch, kind: type[LibraryError]
) -> None:
    def away(self: Server, **options: object) -> None:
        raise kind("The PostgreSQL server at 127.0.0.1:5432/pincite has no connection left.")

    here = homes[0]
    ann = home_accounts(here).add("ann", PASSWORD, "owner")
    token, cookie = tokens(here).add(ann, "program", "owner"), sessions(here).start(ann)
    people, known_people = tokens(here), home_accounts(here)
    guests = Members(known_people, sessions(here), guesses(here))
    guard = Guard(_nothing, Hosts("127.0.0.1"), tokens=lambda: people)
    door = Door(_nothing, Hosts("127.0.0.1"), lambda: guests)
    known = {"authorization": f"Bearer {token}", "cookie": f"pincite_80={cookie}"}
    asked = [TestClient(one, "http://127.0.0.1") for one in (guard, door)]
    assert asked[0].get("/", headers=known).status_code == 204
    with monkeypatch.context() as patch:
        patch.setattr(Server, "connect", away)
        part._connections(Server(here.catalogue)).close()
        answers = [client.get("/", headers=known) for client in asked]
        german = asked[1].get("/", headers={**known, "accept-language": "de"}).text
        form = {"name": "ann", "password": PASSWORD}
        for _ in range(11):  # more than anybody may guess in a minute
            assert asked[0].get("/", headers=known).status_code == 503
            assert asked[1].post("/", data=form).status_code == 503
    assert asked[0].get("/", headers=known).status_code == 204
    assert asked[1].post("/", data=form, follow_redirects=False).status_code == 303
    assert "später" in german
    for answer in answers:
        assert answer.status_code == 503 and "cannot be looked up" in answer.text
        assert "5432" not in answer.text
