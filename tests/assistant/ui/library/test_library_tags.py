"""Tags on the pages: shown, chosen by, given to many, and asked in."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from assistant.ui.library.document_list import DIALOG_OPEN
from tests.assistant.ui.conftest import (
    LIBRARY_PAGE,
    act,
    answers,
    ask,
    finish,
    listed,
    open_page,
    opened,
)
from tests.assistant.ui.fakes import HANDBOOK, HOSTILE, SAMPLES, FakeLibrary, FakeTool

Visit = Callable[..., AppTest]
LEAVE = "How many days of leave are there?"


@pytest.fixture(autouse=True)
def reports(library: FakeLibrary) -> None:
    """Twenty, with a tag of each odd one, dated 2000 to 2019."""
    for number in range(20):
        name = f"Report {number:02}.pdf"
        library.put(SAMPLES / HANDBOOK, name)
        library.dated[name] = f"20{number:02}-06-30T10:00"
        library.tags[name] = ("odd",) if number % 2 else ()


def typed(app: AppTest, key: str, text: str) -> None:
    """What is no option of a box, as the browser sends it."""
    box = app.selectbox(key=key)
    states = app._tree.get_widget_states()
    state = next((one for one in states.widgets if one.id == box.id), None)
    state = state or states.widgets.add(id=box.id)
    state.string_value = text
    app._run(states)


def names(app: AppTest) -> set[str]:
    """Of the documents in the list."""
    return {row["name"] for row in listed(app)}


def test_a_row_shows_tags_and_date_as_text(visit: Visit, library: FakeLibrary) -> None:
    library.tags[HANDBOOK] = (HOSTILE[:50], "HR")
    library.dated[HANDBOOK] = "2025-12-15T09:00"
    [row] = [row for row in listed(visit(LIBRARY_PAGE)) if row["document"] == HANDBOOK]
    assert row["tags"] == [HOSTILE[:50], "HR"]
    assert "dated 2025-12-15" in row["facts"]


def test_the_list_is_filtered_by_tag_and_date(visit: Visit) -> None:
    app = visit(LIBRARY_PAGE)
    assert not app.multiselect, "the menu is closed"
    opened(app, "filter").multiselect(key="list-tags").set_value(["odd"]).run()
    assert not app.multiselect, "the test runner closes it again, and what it says still counts"
    assert len(listed(app)) == 10 and "Report 02.pdf" not in names(app)
    opened(app, "filter").selectbox(key="list-after").set_value("2015").run()
    assert len(listed(app)) == 3
    typed(opened(app, "filter"), "list-before", "2019-01")
    assert names(app) == {"Report 15.pdf", "Report 17.pdf"}
    app.text_input(key="part").set_value("17").run()
    assert names(app) == {"Report 17.pdf"}
    assert opened(app, "filter").multiselect(key="list-tags").value == ["odd"]
    assert app.selectbox(key="list-after").value == "2015"
    typed(app, "list-before", "soon")
    opened(app, "filter")
    assert any("is no date: give a year" in caption.value for caption in app.caption)
    assert not app.exception


def test_many_documents_are_tagged_at_once(visit: Visit, library: FakeLibrary) -> None:
    library.tags[HANDBOOK] = ("new",)
    app = visit(LIBRARY_PAGE)
    app.text_input(key="part").set_value("report 0").run()
    first = listed(app)[0]["document"]
    act(app, "pick", first, **{first: True})
    app.button(key="pick-all").click().run()
    app.button(key="tag-many").click().run()
    assert app.session_state[DIALOG_OPEN], "the page is not drawn anew under the question"
    app.multiselect(key="tags-to-give").set_value(["new"])
    app.multiselect(key="tags-to-take").set_value(["odd"])
    app.button(key="save-tags").click().run()
    assert DIALOG_OPEN not in app.session_state and not app.exception
    assert {library.tags[f"Report 0{number}.pdf"] for number in range(10)} == {("new",)}
    assert library.tags["Report 11.pdf"] == ("odd",)

    app.button(key="tag-many").click().run()
    app.button(key="cancel-tags").click().run()
    assert DIALOG_OPEN not in app.session_state and not app.exception
    assert not [button for button in app.button if button.key == "save-tags"]


def chip(app: AppTest) -> str:
    """What the composer says of the documents that are asked, when its menu is closed."""
    app.session_state["where-documents"] = False
    app.run()
    [menu] = [box for box in app.get("popover") if "description" in box.proto.popover.icon]
    return str(menu.proto.popover.label).replace("\\", "")


def test_a_question_is_asked_of_the_documents_that_are_chosen(visit: Visit, tool: FakeTool) -> None:
    app = visit()
    opened(app, "where-documents").multiselect(key="within-main-tags").set_value(["odd"]).run()
    opened(app, "where-documents").selectbox(key="within-main-after").set_value("2017").run()
    assert chip(app) == "tag odd, since 2017"
    ask(app, LEAVE)
    assert tool.asked[-1].documents == {"Report 17.pdf", "Report 19.pdf"}
    assert answers(app)[-1]["footer"] == "Asked in: tag odd, since 2017"

    open_page(app, LIBRARY_PAGE)  # where the fields are not drawn
    open_page(app, "chat")
    assert chip(app) == "tag odd, since 2017"
    opened(app, "where-documents").button(key="ask-all").click().run()
    assert chip(app) == "All 21 documents"
    ask(app, LEAVE)
    assert tool.asked[-1].documents is None
    assert "Asked in" not in answers(app)[-1]["footer"]


def test_a_choice_without_documents_is_told_in_the_place_of_an_answer(
    visit: Visit, tool: FakeTool
) -> None:
    app = visit()
    opened(app, "where-documents").multiselect(key="within-main-tags").set_value(["odd"]).run()
    typed(app, "within-main-before", "1999")
    ask(app, LEAVE, wait=False)
    finish(app)
    assert not tool.asked
    [error] = app.error
    assert "(tag odd, before 1999)" in error.value.replace("\\", "")


def test_a_tag_that_has_gone_is_chosen_no_more(visit: Visit, library: FakeLibrary) -> None:
    app = visit()
    opened(app, "where-documents").multiselect(key="within-main-tags").set_value(["odd"]).run()
    library.tags.clear()
    library.tags[HANDBOOK] = ("other",)
    app.run()
    assert chip(app) == "All 21 documents"
