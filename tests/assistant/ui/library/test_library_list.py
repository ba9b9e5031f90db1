"""Libraries are made, renamed, deleted and brought back on the Library page."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from assistant.libraries.libraries import delete, deleted, make
from assistant.settings import Settings
from assistant.ui import resources
from assistant.ui.library import library_page
from assistant.wiring import composition
from tests.assistant.ui.conftest import LIBRARY_PAGE, html, open_page, opened
from vectorstore.library import Library

Visit = Callable[..., AppTest]


@pytest.fixture
def app(visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The list of two libraries."""

    def in_home(settings: Settings, name: str, make: bool = False) -> Library:
        return composition.library_in(settings, settings.libraries_folder / name, name)

    monkeypatch.setattr(composition, "library", in_home)
    shutil.rmtree(tmp_path / "libraries")
    for name in ("north", "south"):
        make(Settings(home=tmp_path), name, f"Papers of the {name}")
    app = visit()
    app.session_state[library_page.PAGE_PART] = "libraries"
    return open_page(app, LIBRARY_PAGE)


def names(home: Path) -> list[str]:
    return composition.libraries(Settings(home=home))


def press(app: AppTest, label: str) -> None:
    next(b for b in app.button if b.label == label).click().run()


def new(app: AppTest, name: str, about: str) -> None:
    opened(app, "new-library-0")
    app.text_input(key="library-name-0").set_value(name)
    app.text_input(key="library-about-0").set_value(about)
    press(app, "Make")


def test_they_are_listed_with_what_is_in_them(app: AppTest) -> None:
    assert "0 documents · 0 pages · Papers of the north" in html(app)


def test_one_is_made_and_opened(app: AppTest, tmp_path: Path) -> None:
    new(app, "east", "Papers of the east")
    assert not app.exception and not app.error
    assert names(tmp_path) == ["east", "north", "south"]
    assert app.session_state["library"] == "east"


def test_a_name_that_cannot_be_says_why(app: AppTest, tmp_path: Path) -> None:
    new(app, "two words", "Papers of the east")
    assert "without spaces" in app.error[0].value
    assert names(tmp_path) == ["north", "south"]
    assert app.text_input(key="library-about-0").value == "Papers of the east", "it is kept"


def test_the_next_one_begins_closed_and_empty(app: AppTest) -> None:
    new(app, "east", "Papers of the east")
    app.segmented_control(key=library_page.PAGE_PART).set_value("libraries").run()
    assert not [one for one in app.text_input if one.key.startswith("library-")]
    assert opened(app, "new-library-1").text_input(key="library-name-1").value == ""


def test_what_was_typed_for_a_new_one_is_not_in_the_form_of_another(app: AppTest) -> None:
    opened(app, "new-library-0").text_input(key="library-name-0").set_value("east").run()
    app.button(key="edit-lib-north").click().run()
    assert app.text_input(key="library-name-:north").value == "north"
    assert app.text_input(key="library-about-:north").value == "Papers of the north"


def test_the_open_one_is_renamed_and_stays_open(app: AppTest, tmp_path: Path) -> None:
    app.button(key="edit-lib-north").click().run()
    app.text_input(key="library-name-:north").set_value("arctic")
    press(app, "Save")
    assert not app.exception and not app.error
    assert names(tmp_path) == ["arctic", "south"]
    assert app.session_state["library"] == "arctic"
    assert "Papers of the north" in html(app)


def test_one_is_deleted_after_a_question_and_brought_back(app: AppTest, tmp_path: Path) -> None:
    app.button(key="delete-lib-south").click().run()
    assert names(tmp_path) == ["north", "south"], "it asks first"
    app.button(key="confirm-delete").click().run()
    assert not app.exception and not app.error
    assert names(tmp_path) == ["north"]
    assert "it can be brought back until" in html(app)
    next(b for b in app.button if b.label == "Undo").click().run()
    assert names(tmp_path) == ["north", "south"]


def test_others_than_owners_see_documents_alone(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "is_owner", lambda: False)
    assert not visit(LIBRARY_PAGE).button_group


def test_one_that_is_gone_already_is_not_made_anew(app: AppTest, tmp_path: Path) -> None:
    app.button(key="delete-lib-south").click().run()
    delete(Settings(home=tmp_path), "south")  # in another tab
    app.button(key="confirm-delete").click().run()
    assert not app.exception and app.error
    assert names(tmp_path) == ["north"]
    assert len(deleted(Settings(home=tmp_path))) == 1
