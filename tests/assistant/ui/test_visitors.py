"""What somebody who is not the owner gets to see: questions and documents, and no way to change."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from assistant.feedback.ratings import Feedback
from assistant.team.accounts import VISITOR
from assistant.ui import measure_page, resources
from assistant.ui.library.document_list import DIALOG_OPEN
from tests.assistant.ui import fakes
from tests.assistant.ui.conftest import LIBRARY_PAGE, act, ask, click, composer, drawn, html

MEASURE_PAGE = "measure"
CHANGES = (
    "Remove", "Retry", "Retry all", "Dismiss", "Dismiss all", "Continue", "Rebuild it", "Fetch it",
    "Add documents", "Add to library", "Ask my questions", "Draft questions",
    "Learn from feedback", "Keep", "Drop", "Reset",
)  # fmt: skip

Visit = Callable[..., AppTest]


@pytest.fixture
def owner() -> bool:
    return False


@pytest.fixture(autouse=True)
def role(owner: bool, over_fakes: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "is_owner", lambda: owner)


@pytest.fixture
def kept() -> Feedback:
    return resources.feedback()


def labels(app: AppTest) -> set[str]:
    return {button.label for button in app.button}


@pytest.fixture
def troubled(library: fakes.FakeLibrary) -> fakes.FakeLibrary:
    """With files that failed, and others that were stopped."""
    for number in range(2):
        library.jobs.set(Path(f"/drop/bad{number}.pdf"), "failed", "It is damaged.")
        library.jobs.set(Path(f"/drop/left{number}.pdf"), "cancelled")
    return library


@pytest.mark.parametrize("owner", [True, False])
def test_the_library_is_read_by_all_and_changed_by_its_owner(
    visit: Visit, troubled: fakes.FakeLibrary, owner: bool
) -> None:
    app = visit(LIBRARY_PAGE)

    assert not app.exception
    [given] = drawn(app, "pincite_document_rows")
    assert given["rows"] and given["changes"] is owner
    changing = labels(app) & {*CHANGES}
    own = {"Retry", "Retry all", "Dismiss", "Dismiss all", "Continue"}
    assert changing == (own if owner else set())
    keys = {box.proto.label for box in app.get("file_uploader")}
    assert ("Add documents: drop files here" in keys) is owner
    act(app, "remove", fakes.HANDBOOK, **{fakes.HANDBOOK: True})  # a browser can send anything
    assert (DIALOG_OPEN in app.session_state) is owner, "it is asked about, or it is not heard"
    assert any(row["picked"] for row in drawn(app, "pincite_document_rows")[0]["rows"]) is owner


@pytest.mark.parametrize("owner", [True, False])
def test_the_library_learns_from_its_owner_alone(visit: Visit, kept: Feedback, owner: bool) -> None:
    app = visit()

    ask(app, "How many days of leave are there?")
    click(app, "citation-1")

    assert not app.exception
    assert "How many days" in html(app)
    assert bool(app.get("feedback")) is owner


@pytest.mark.parametrize("owner", [True, False])
def test_conversations_are_listed_to_the_owner_alone(visit: Visit, owner: bool) -> None:
    ask(visit(), "How many days of leave are there?")
    app = visit()

    assert bool(drawn(app, "pincite_conversation_list")) is owner


def test_the_measure_page_shows_nothing_to_others(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: object) -> None:
        raise AssertionError("the questions of the owner are read")

    def measure() -> None:
        from assistant.ui import measure_page

        measure_page.page()

    monkeypatch.setattr(measure_page, "own", read)
    app = AppTest.from_function(measure, default_timeout=120).run()

    assert not app.exception
    (refused,) = app.error
    assert refused.value.startswith("Only the owner of this Pincite")
    assert not app.header
    assert not labels(app) & {*CHANGES}


def test_the_measure_page_is_not_among_the_pages_of_others(visit: Visit) -> None:
    app = visit()

    addresses = {page["url_pathname"] for page in app._registered_pages.values()}
    assert MEASURE_PAGE not in addresses and "library" in addresses


def test_a_server_that_others_reach_and_that_asks_for_no_token_shows_nothing(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "is_loopback", lambda _: False)
    app = visit()

    assert "asks visitors for a token" in app.error[0].value
    assert not composer(app)
    assert not app.button


def test_a_sheet_is_seen_by_the_visitor_alone_who_asked_it(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "person", lambda: VISITOR)
    page = "sheet"
    mine, other = visit(page), visit(page)
    mine.text_area[0].set_value("leave days").run()
    mine.button(key="fill").click().run()
    mine.session_state["sheets"].of("main").wait(60)
    assert drawn(mine.run(), "pincite_sheet_table")
    assert not drawn(other.run(), "pincite_sheet_table")
    assert other.text_area[0].value == "" and not other.exception
