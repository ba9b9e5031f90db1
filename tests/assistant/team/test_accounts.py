"""People, passwords, sessions, tokens and rights."""

import time
import unicodedata
from collections.abc import Callable

import pytest

from assistant.errors import AssistantError
from assistant.settings import Settings
from assistant.team.accounts import ACCOUNTS, FORGOTTEN, LOCAL, VISITOR, Accounts, Person
from assistant.team.rights import NotAllowed, Permitted
from assistant.team.tokens import IDLE, LASTS, Sessions, Tokens, digest
from assistant.wiring.people import accounts_if_any
from assistant.wiring.places import place_of_part
from tests.assistant.team.conftest import PASSWORD, Team
from tests.servers.postgres_fixtures import ON_BOTH
from vectorstore.errors import UnknownLibrary

pytestmark = ON_BOTH


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def seen(team: Team, person: Person) -> Permitted:
    return Permitted(person, lambda: ["all", "north", "south"], team.accounts)


def test_before_the_first_account_nobody_is_asked(tmp_path: object, catalogue: str) -> None:
    settings = Settings(home=tmp_path, catalogue=catalogue)
    assert accounts_if_any(settings) is None
    assert not list(settings.home.iterdir()), "nothing is made by a look"
    for person in (LOCAL, VISITOR):
        assert Permitted(person, lambda: ["a", "b"]).names() == ["a", "b"]


def test_a_password_is_kept_as_an_argon2_hash_and_found_again(team: Team) -> None:
    with team.accounts._connected() as connection:
        rows = connection.execute("SELECT * FROM person").fetchall()
    assert PASSWORD not in str(rows)
    assert all(row[3].startswith("$argon2id$") for row in rows)
    assert team.accounts.signs_in("ANN ", PASSWORD) == team.accounts.named("ann")
    for name, password in (
        ("ann", "wrong horse battery"), ("nobody", PASSWORD), ("", ""), ("ann", "x" * 10_000),
    ):  # fmt: skip
        assert team.accounts.signs_in(name, password) is None


@pytest.mark.parametrize(
    ("name", "password", "told"),
    [("a b", PASSWORD, "cannot be a name"), ("", PASSWORD, "cannot be a name"),
     ("Ann", PASSWORD, "already"), ("carl", "short", "10 to 256"), ("carl", "x" * 300, "10 to")],
)  # fmt: skip
def test_what_cannot_be_an_account_is_said(team: Team, name: str, password: str, told: str) -> None:
    with pytest.raises(AssistantError, match=told):
        team.accounts.add(name, password, "reader")


def test_a_library_is_seen_by_whom_it_belongs_to_and_one_of_nobody_by_all(team: Team) -> None:
    names = {name: seen(team, team.accounts.named(name)).names() for name in ("ann", "bob", "olga")}
    assert names == {
        "ann": ["all", "north"], "bob": ["all", "south"], "olga": ["all", "north", "south"],
    }  # fmt: skip


def test_a_right_that_is_taken_away_is_gone_at_once(team: Team) -> None:
    team.accounts.change("ann", groups=[])
    assert seen(team, team.accounts.named("ann")).names() == ["all"]
    team.accounts.share("all", ["bob"], [])
    assert seen(team, team.accounts.named("ann")).names() == []


def test_a_library_of_a_person_who_is_gone_does_not_become_everybodys(team: Team) -> None:
    team.accounts.share("all", ["bob"], [])
    team.accounts.remove("bob")
    again = team.accounts.add("bob", PASSWORD, "reader")
    assert seen(team, again).names() == []


def test_unknown_and_forbidden_are_told_in_the_same_words(team: Team) -> None:
    ann, told = seen(team, team.accounts.named("ann")), set()
    for name in ("south", "nowhere"):
        for check in (ann.check, ann.check_new):
            with pytest.raises(UnknownLibrary) as error:
                check(name)
            told.add(str(error.value).replace(name, "X"))
    assert len(told) == 1


def test_readers_change_nothing(team: Team) -> None:
    with pytest.raises(NotAllowed):
        seen(team, team.accounts.change("ann", role="reader")).check_change()


def test_a_token_gives_no_more_than_its_person_has(team: Team) -> None:
    made = Tokens(place_of_part(team.settings, ACCOUNTS))
    ann = team.accounts.named("ann")
    token = made.add(ann, "too much", "owner", ["south", "all"])
    found = made.person(token)
    assert found and found.role == "editor"
    assert seen(team, found).names() == ["all"]
    team.accounts.change("ann", role="reader")
    assert made.person(token).role == "reader"  # type: ignore[union-attr]


def test_a_token_ends_when_it_is_revoked_when_its_days_are_over_and_with_its_person(
    team: Team,
) -> None:
    clock = Clock()
    made = Tokens(place_of_part(team.settings, ACCOUNTS), clock)
    ann = team.accounts.named("ann")
    days, revoked, left = (made.add(ann, n, "reader", days=d) for n, d in
                           (("a", 3.0), ("b", None), ("c", None)))  # fmt: skip
    [row] = [token for token in made.all() if token.name == "b"]
    made.revoke(row.id)
    clock.now += 4 * 24 * 3600
    assert [bool(made.person(token)) for token in (days, revoked, left)] == [False, False, True]
    team.accounts.remove("ann")
    assert made.person(left) is None
    with pytest.raises(AssistantError, match="no token"):
        made.revoke(row.id)


def test_secrets_are_nowhere_in_the_file(team: Team) -> None:
    cookie = Sessions(place_of_part(team.settings, ACCOUNTS)).start(team.accounts.named("ann"))
    with team.accounts._connected() as connection:
        data = str([connection.execute(f"SELECT * FROM {table}").fetchall()
                    for table in ACCOUNTS.tables])  # fmt: skip
    if not team.settings.catalogue:
        data += (team.settings.home / "accounts.sqlite").read_bytes().decode("latin-1")
    assert digest(cookie) in data
    assert not [secret for secret in (cookie, *team.tokens.values()) if secret in data]


@pytest.mark.parametrize(
    "end",
    [lambda team, clock: setattr(clock, "now", clock.now + IDLE + 1),
     lambda team, clock: team.accounts.set_password("ann", "another long one"),
     lambda team, clock: team.accounts.remove("ann")],
)  # fmt: skip
def test_a_session_ends(team: Team, end: Callable[[Team, Clock], None]) -> None:
    clock = Clock()
    kept = Sessions(place_of_part(team.settings, ACCOUNTS), clock)
    session = digest(kept.start(team.accounts.named("ann")))
    assert kept.person(session) == team.accounts.named("ann")
    end(team, clock)
    assert kept.person(session) is None


def test_a_session_ends_after_a_week_however_busy_it_is(team: Team) -> None:
    clock = Clock()
    kept = Sessions(place_of_part(team.settings, ACCOUNTS), clock)
    session, until = digest(kept.start(team.accounts.named("ann"))), clock.now + LASTS
    while clock.now < until:
        assert kept.person(session)
        clock.now += IDLE / 2
    assert kept.person(session) is None


def test_documents_leave_the_lines_of_their_library_and_of_its_earlier_names(team: Team) -> None:
    ann, log = team.accounts.named("ann"), team.accounts
    accent = "Über.pdf"
    for library, what in (
        ("north", "a.txt, page 2"), ("north", "data.txt"), ("north", "b, c.txt, a.txt, d.txt"),
        ("south", "a.txt"), ("once north", "a.txt"),
        ("north", unicodedata.normalize("NFD", accent)),
    ):  # fmt: skip
        log.note(ann, "saw", library, what)
    names = ["uploaded-2/a.txt", accent, "d.txt (0123abcd)"]
    assert log.forget("north", ["north", "south"], names, ["d.txt"]) == 4
    assert [line.what for line in log.lines()] == [
        f"{FORGOTTEN}, page 2", "data.txt", f"b, c.txt, {FORGOTTEN}, d.txt", "a.txt", FORGOTTEN,
        FORGOTTEN,
    ]  # fmt: skip
    if not team.settings.catalogue:
        assert b"a.txt, page" not in (team.settings.home / "accounts.sqlite").read_bytes()


def test_lines_go_after_their_time(team: Team) -> None:
    now = [time.time()]
    log = Accounts(place_of_part(team.settings, ACCOUNTS), 30, lambda: now[0])
    log.note(team.accounts.named("ann"), "saw", "north", "old")
    now[0] += 31 * 24 * 3600
    log.note(team.accounts.named("ann"), "saw", "north", "new")
    assert [line.what for line in log.lines()] == ["new"]


def test_accounts_of_the_same_home_are_the_same(team: Team) -> None:
    assert isinstance(accounts_if_any(team.settings), Accounts)
