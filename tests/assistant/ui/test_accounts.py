"""People with accounts in the app: they sign in, see what is theirs, and sign out."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from assistant.entrance.guests import TooManyTries, unsealed
from assistant.errors import AssistantError, TablesAway, TablesBusy
from assistant.settings import Settings
from assistant.storage.part import Whose
from assistant.team.accounts import Accounts
from assistant.team.members import Members
from assistant.team.rights import NotAllowed
from assistant.team.tokens import Sessions, digest
from assistant.ui import resources
from assistant.wiring import composition
from assistant.wiring.people import Known, guesses, home_accounts, sessions
from tests.assistant.ui import fakes
from tests.assistant.ui.conftest import (
    LIBRARY_PAGE,
    act,
    ask,
    composer,
    drawn,
    html,
    library_choice,
    write_catalog,
)
from tests.assistant.ui.test_served_app import Answer, App, served
from vectorstore.errors import UnknownLibrary

Visit = Callable[..., AppTest]
PASSWORD = "correct horse battery"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    shutil.rmtree(tmp_path / "libraries")  # the usual one
    for name in ("all", "north", "south"):
        write_catalog(tmp_path, name)
    return Settings(home=tmp_path)


@pytest.fixture
def known(settings: Settings) -> Accounts:
    found = home_accounts(settings)
    for name in ("ann", "bob"):
        found.add(name, PASSWORD, "editor", ["north" if name == "ann" else "south"])
    found.share("north", [], ["north"])
    found.share("south", [], ["south"])
    return found


@pytest.fixture
def ann(
    known: Accounts, settings: Settings, over_fakes: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The session of somebody who has signed in."""
    session = digest(sessions(settings).start(known.named("ann")))
    monkeypatch.setattr(resources, "_session", lambda: session)
    yield session


def test_a_person_sees_their_libraries_and_their_name(visit: Visit, ann: str) -> None:
    app = visit()
    assert not app.exception
    assert library_choice(app).options == ["all", "north", "Several at once…"]
    assert "ann, editor" in html(app)


def test_a_forbidden_choice_and_a_guessed_conversation_lead_nowhere(
    visit: Visit, ann: str, known: Accounts, settings: Settings
) -> None:
    bob = known.named("bob")
    kept = composition.conversations(settings, Whose(bob.id))
    kept.add("abc", {"question": "Where is the volcano?", "answer": "x"}, "south")
    app = visit(conversation="abc")
    app.session_state["library"] = "south"
    app.run()
    assert not app.exception
    assert "volcano" not in html(app)
    assert library_choice(app).value != "south"


def test_who_is_signed_out_sees_nothing(
    visit: Visit, ann: str, settings: Settings, library: fakes.FakeLibrary
) -> None:
    app = visit()
    [out] = [button for button in app.button if button.key == "sign-out"]
    out.click().run()
    for _ in range(2):
        assert "Sign in" in html(app) and fakes.HANDBOOK not in html(app)
        assert not app.button
        app.run()
    assert sessions(settings).person(ann) is None


def test_a_page_that_is_open_asks_from_the_first_account_on(
    visit: Visit, over_fakes: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "Known", partial(Known, pause=0))
    app = visit()
    assert composer(app) and "Sign in" not in html(app)
    home_accounts(settings).add("ann", PASSWORD, "owner")
    app.run()
    assert not app.exception and not composer(app)
    assert "Sign in" in html(app) and fakes.HANDBOOK not in html(app)


@pytest.mark.parametrize("kind", [TablesAway, TablesBusy])
def test_where_nobody_can_be_looked_up_nothing_is_drawn(
    visit: Visit, ann: str, monkeypatch: pytest.MonkeyPatch, kind: type[AssistantError]
) -> None:
    def away(self: Sessions, session: str) -> None:
        raise kind("The PostgreSQL server does not answer.")

    monkeypatch.setattr(Sessions, "person", away)
    app = visit()
    assert not app.exception and not app.button
    assert [error.value for error in app.error] == [r"The PostgreSQL server does not answer\."]


def test_a_reader_reads_and_a_right_that_is_gone_stops_a_click(
    visit: Visit, ann: str, known: Accounts, library: fakes.FakeLibrary
) -> None:
    library.name = "north"
    assert resources.to_change(library, "removed") is library  # type: ignore[comparison-overlap,arg-type]
    known.change("ann", role="reader")
    with pytest.raises(NotAllowed):
        resources.to_change(library, "removed")  # type: ignore[arg-type]
    known.change("ann", role="editor", groups=[])
    with pytest.raises(UnknownLibrary):
        resources.to_change(library, "removed")  # type: ignore[arg-type]
    known.change("ann", role="reader")
    app = visit(LIBRARY_PAGE)
    assert not app.exception
    assert not any(given["changes"] for given in drawn(app, "pincite_document_rows"))
    assert not [box for box in app.get("file_uploader") if "Add" in box.label]


def test_a_click_in_a_list_shows_nothing_more_of_a_library_that_is_no_longer_shared(
    visit: Visit, ann: str, known: Accounts, library: fakes.FakeLibrary
) -> None:
    library.name = "north"
    app = visit(LIBRARY_PAGE)
    assert drawn(app, "pincite_document_rows")
    known.change("ann", groups=[])

    act(app, "look", fakes.HANDBOOK)

    assert not drawn(app, "pincite_document_rows") and not app.exception
    assert fakes.HANDBOOK not in html(app)


def test_running_answers_and_ratings_are_kept_apart(
    ann: str, known: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    st.session_state["library"] = "north"
    answers, ratings = resources.answers(), resources.feedback()
    assert resources.answers() is answers
    monkeypatch.setattr(resources, "person", lambda: known.named("bob"))
    assert resources.answers() is not answers
    assert resources.feedback().mine.file != ratings.mine.file


_WIDTHS = (0xFF41, 0x1D41A, 0x24D0)  # letters that are wide, bold and in circles


def test_the_door_knows_members_and_slows_guesses(known: Accounts, settings: Settings) -> None:
    door = Members(known, sessions(settings), guesses(settings))
    cookie = door.enter({"name": "Ann", "password": PASSWORD}, "10.0.0.1")
    mark = door.mark(cookie or "") or ""
    assert unsealed(mark) == digest(cookie or "")
    assert not unsealed(mark[:-1] + ("0" if mark[-1] != "0" else "1")), "a seal of nobody"
    assert door.mark("") is None and door.mark("guess") is None
    another = Members(known, sessions(settings), guesses(settings))  # of the same home
    written = ("ann", "Ann ", *("".join(chr(at + ord(c) - 97) for c in "ann") for at in _WIDTHS))
    with pytest.raises(TooManyTries):
        for number in range(11):
            given = {"name": written[number % 5], "password": "wrong"}
            at = (door, another)[number % 2]
            assert at.enter(given, f"10.0.0.{number}") is None
    assert number == 10


def test_the_real_server_lets_in_who_has_an_account(known: Accounts, settings: Settings) -> None:
    with served(settings.home) as app:
        assert app.get("/").status == 401
        assert app.socket() != 101
        assert 'name="password"' in app.get("/").body
        assert _sent(app, "wrong").status == 401
        entered = _sent(app, PASSWORD)
        assert entered.status == 303
        cookie = entered.headers["Set-Cookie"].split(";")[0]
        assert app.get("/", Cookie=cookie).status == 200
        assert app.socket(cookie=cookie) == 101
        known.remove("ann")
        assert app.get("/", Cookie=cookie).status == 401


def _sent(app: App, password: str) -> Answer:
    return app.get("/", "POST", urlencode({"name": "ann", "password": password}).encode())


def test_who_has_asked_enough_reads_so_under_the_question(
    visit: Visit, ann: str, known: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINCITE_QUESTIONS_AN_HOUR", "1")
    app = visit()
    for _ in range(2):
        ask(app, "How many days of leave are there?")
    assert not app.exception
    assert "Your limit of questions" in " ".join(e.value for e in app.error)


def test_who_has_added_enough_reads_so(
    visit: Visit, ann: str, known: Accounts, monkeypatch: pytest.MonkeyPatch,
    library: fakes.FakeLibrary,
) -> None:  # fmt: skip
    monkeypatch.setenv("PINCITE_ADDED_MB_A_DAY", "1")
    library.name = "north"
    app = visit(LIBRARY_PAGE)
    app.file_uploader[0].upload("large.txt", b"a " * (1 << 20)).run()
    assert not app.exception
    assert "Your limit of files" in " ".join(error.value for error in app.error)
