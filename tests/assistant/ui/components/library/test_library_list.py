"""Libraries are made, renamed, deleted and brought back on the Library page."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from assistant.build import composition
from assistant.libraries.deleted import delete
from assistant.libraries.named import make
from assistant.libraries.waiting import deleted
from assistant.settings import Settings
from assistant.ui import resources
from assistant.ui.components.library import library_list
from tests.assistant.ui.conftest import LIBRARY_PAGE, html
from vectorstore.library import Library

Visit = Callable[..., AppTest]


@pytest.fixture
def app(visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The list of two libraries."""

    def opened(settings: Settings, name: str, make: bool = False) -> Library:
        return composition.library_in(settings, settings.libraries_folder / name, name)

    monkeypatch.setattr(composition, "library", opened)
    for name in ("north", "south"):
        make(Settings(home=tmp_path), name, f"Papers of the {name}")
    app = visit()
    app.session_state[library_list.PART] = "libraries"
    return app.switch_page(LIBRARY_PAGE).run()


def names(home: Path) -> list[str]:
    return composition.libraries(Settings(home=home))


def test_they_are_listed_with_what_is_in_them(app: AppTest) -> None:
    assert "0 documents · 0 pages · Papers of the north" in html(app)


def test_one_is_made_and_opened(app: AppTest, tmp_path: Path) -> None:
    app.button(key="new-library").click().run()
    app.text_input(key="library-name").set_value("east")
    app.text_input(key="library-about").set_value("Papers of the east")
    app.button(key="make-library").click().run()
    assert not app.exception and not app.error
    assert names(tmp_path) == ["east", "north", "south"]
    assert app.session_state["library"] == "east"


def test_a_name_that_cannot_be_says_why(app: AppTest, tmp_path: Path) -> None:
    app.button(key="new-library").click().run()
    app.text_input(key="library-name").set_value("two words")
    app.button(key="make-library").click().run()
    assert "without spaces" in app.error[0].value
    assert names(tmp_path) == ["north", "south"]


def test_the_open_one_is_renamed_and_stays_open(app: AppTest, tmp_path: Path) -> None:
    app.button(key="edit-lib-north").click().run()
    app.text_input(key="library-name").set_value("arctic")
    app.button(key="save-library").click().run()
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
