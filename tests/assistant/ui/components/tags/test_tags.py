"""Tags on the pages: shown, chosen by, given to many, and asked in."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from assistant.ui.components.library import many
from tests.assistant.ui.conftest import LIBRARY_PAGE, answers, ask, finish, html
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


def test_a_row_shows_tags_and_date_as_text(visit: Visit, library: FakeLibrary) -> None:
    library.tags[HANDBOOK] = (HOSTILE[:50], "HR")
    library.dated[HANDBOOK] = "2025-12-15T09:00"
    shown = html(visit(LIBRARY_PAGE))
    assert '<ul class="tags" aria-label="Tags"><li>![x](http' in shown and "<li>HR</li>" in shown
    assert "<script" not in shown and "dated 2025-12-15" in shown


def test_the_list_is_filtered_by_tag_and_date(visit: Visit) -> None:
    app = visit(LIBRARY_PAGE)
    app.multiselect(key="list-tags").set_value(["odd"]).run()
    assert html(app).count("document-name") == 10 and "Report 02.pdf" not in html(app)
    app.selectbox(key="list-after").set_value("2015").run()
    assert html(app).count("document-name") == 3
    typed(app, "list-before", "2019-01")
    assert html(app).count("document-name") == 2 and "Report 17.pdf" in html(app)
    typed(app, "list-before", "soon")
    assert any("is no date: give a year" in caption.value for caption in app.caption)
    assert not app.exception


def test_many_documents_are_tagged_at_once(visit: Visit, library: FakeLibrary) -> None:
    library.tags[HANDBOOK] = ("new",)
    app = visit(LIBRARY_PAGE)
    app.text_input(key="part").set_value("report 0").run()
    app.checkbox[0].check().run()
    app.button(key="pick-all").click().run()
    app.button(key="tag-many").click().run()
    assert app.session_state[many.ASKED], "the page is not drawn anew under the question"
    app.multiselect(key="tags-to-give").set_value(["new"])
    app.multiselect(key="tags-to-take").set_value(["odd"])
    app.button(key="save-tags").click().run()
    assert many.ASKED not in app.session_state and not app.exception
    assert {library.tags[f"Report 0{number}.pdf"] for number in range(10)} == {("new",)}
    assert library.tags["Report 11.pdf"] == ("odd",)

    app.button(key="tag-many").click().run()
    app.button(key="cancel-tags").click().run()
    assert many.ASKED not in app.session_state and not app.exception
    assert not [button for button in app.button if button.key == "save-tags"]


def test_a_question_is_asked_of_the_documents_that_are_chosen(visit: Visit, tool: FakeTool) -> None:
    app = visit()
    app.multiselect(key="within-main-tags").set_value(["odd"]).run()
    app.selectbox(key="within-main-after").set_value("2017").run()
    assert "Asked in: tag odd, since 2017" in html(app)
    ask(app, LEAVE)
    assert tool.asked[-1].documents == {"Report 17.pdf", "Report 19.pdf"}
    assert answers(app)[-1]["footer"].endswith("fake-model · Asked in: tag odd, since 2017")

    app.switch_page(LIBRARY_PAGE).run()  # where the fields are not drawn
    app.switch_page("assistant/ui/pages/chat.py").run()
    assert app.multiselect(key="within-main-tags").value == ["odd"]
    app.button(key="ask-all").click().run()
    assert "Asked in:" not in html(app)
    assert app.multiselect(key="within-main-tags").value == []
    ask(app, LEAVE)
    assert tool.asked[-1].documents is None
    assert "Asked in" not in answers(app)[-1]["footer"]


def test_a_choice_without_documents_is_told_in_the_place_of_an_answer(
    visit: Visit, tool: FakeTool
) -> None:
    app = visit()
    app.multiselect(key="within-main-tags").set_value(["odd"]).run()
    typed(app, "within-main-before", "1999")
    ask(app, LEAVE, wait=False)
    finish(app)
    assert not tool.asked
    [error] = app.error
    assert "no document for this question: asked in tag odd, before 1999" in error.value


def test_a_tag_that_has_gone_is_chosen_no_more(visit: Visit, library: FakeLibrary) -> None:
    app = visit()
    app.multiselect(key="within-main-tags").set_value(["odd"]).run()
    library.tags.clear()
    library.tags[HANDBOOK] = ("other",)
    app.run()
    assert app.multiselect(key="within-main-tags").value == [] and "Asked in" not in html(app)
