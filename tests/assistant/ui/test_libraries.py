"""Several libraries in one home."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from assistant.feedback.ratings import feedback
from assistant.settings import Settings
from assistant.ui import resources
from assistant.wiring import composition
from tests.assistant.ui import fakes
from tests.assistant.ui.conftest import (
    LIBRARY_PAGE,
    answers,
    ask,
    composer,
    conversation,
    drawn,
    html,
    library_choice,
    open_page,
    opened,
    report,
    write_catalog,
)

Visit = Callable[..., AppTest]


@pytest.fixture
def two_libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`alpha` and `beta`, each with a handbook of its own name."""
    made = {}
    shutil.rmtree(tmp_path / "libraries" / "main")
    for name in ("alpha", "beta"):
        write_catalog(tmp_path, name)
        made[name] = fakes.FakeLibrary()
        made[name].put(fakes.SAMPLES / fakes.HANDBOOK)
        made[name].put(fakes.SAMPLES / fakes.HANDBOOK, f"{name}.pdf")
        made[name].name = name
    monkeypatch.setattr(composition, "library", lambda settings, name, make=False: made[name])


@pytest.mark.usefixtures("two_libraries")
def test_without_the_usual_library_the_app_opens_one_that_exists(visit: Visit) -> None:
    assert library_choice(visit()).value == "alpha"


@pytest.mark.usefixtures("two_libraries")
def test_another_library_can_be_picked_and_stays_picked_on_the_next_page(visit: Visit) -> None:
    app = visit()
    library_choice(app).select("beta").run()
    open_page(app, "library")
    assert not app.exception
    assert library_choice(app).value == "beta"


@pytest.mark.usefixtures("two_libraries")
def test_what_is_typed_for_one_library_is_not_in_the_form_of_another(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = SimpleNamespace(named=lambda *_: [])
    monkeypatch.setattr(fakes.FakeLibrary, "pictures", pictures, raising=False)
    app = unfolded(visit(LIBRARY_PAGE), "alpha")
    typed = {"User": "ann", "Password": "a secret", "Folder": "/srv/papers"}
    typed["Find pictures by their text or description"] = "a lighthouse"
    for label, text in typed.items():
        next(field for field in app.text_input if field.label == label).set_value(text)
    next(button for button in app.button if button.label == "Check and add").click().run()
    assert values(app, typed) == typed and app.error[0].value.startswith("Server: ")

    library_choice(app).select("beta").run()
    unfolded(app, "beta")

    assert values(app, typed) == dict.fromkeys(typed, "")
    assert not app.error and not app.exception


def unfolded(app: AppTest, name: str) -> AppTest:
    for part in ("watched", "sources", "pictures"):
        opened(app, f"{part}:{name}")
    return app


def values(app: AppTest, labels: Iterable[str]) -> dict[str, str]:
    return {field.label: field.value for field in app.text_input if field.label in labels}


@pytest.mark.usefixtures("two_libraries")
def test_the_cell_of_a_sheet_is_not_shown_below_that_of_another_library(visit: Visit) -> None:
    app = visit("sheet")
    for name in ("beta", "alpha"):
        library_choice(app).select(name).run()
        app.text_area[0].set_value("How many days of leave are there?").run()
        app.button(key="fill").click().run()
        assert resources.sheets().of(name).wait(60)  # type: ignore[union-attr]
        app.run()
    [table] = drawn(app, "pincite_sheet_table")
    report(app, "pincite_sheet_table", "open", ["alpha.pdf", table["heads"][0]])
    assert "<b>How many days of leave are there?</b>" in html(app)

    library_choice(app).select("beta").run()

    assert drawn(app, "pincite_sheet_table") and "<b>How many" not in html(app)


@pytest.mark.usefixtures("two_libraries")
def test_a_conversation_is_shown_with_its_library_whichever_was_picked_since(
    visit: Visit,
) -> None:
    app = visit()
    ask(app, "How many days of leave are there?")
    of_alpha = conversation(app)
    library_choice(app).select("beta").run()
    assert library_choice(app).value == "beta"

    app.query_params["c"] = of_alpha  # the browser's button for the page before
    app.run()

    assert library_choice(app).value == "alpha"
    app.query_params.pop("c")
    library_choice(app).select("beta").run()
    assert library_choice(app).value == "beta"
    assert "c" not in app.query_params


@pytest.mark.usefixtures("two_libraries")
def test_a_conversation_of_a_library_that_was_deleted_is_shown_beside_another_one(
    visit: Visit, tmp_path: Path
) -> None:
    app = visit()
    library_choice(app).select("beta").run()
    ask(app, "How many days of leave are there?")
    shutil.rmtree(tmp_path / "libraries" / "beta")
    for seen in (app.run(), visit(conversation=conversation(app))):
        assert not seen.exception and not seen.error
        assert len(answers(seen)) == 1 and composer(seen)
    assert not (tmp_path / "libraries" / "beta").exists()

    app.get("feedback")[0].set_value(1)
    app.run()
    assert len(feedback(Settings(), "beta").ratings()) == 1
    assert feedback(Settings(), "alpha").ratings() == []


def test_the_library_of_the_settings_wins_when_it_exists(tmp_path: Path) -> None:
    write_catalog(tmp_path, "alpha")
    assert composition.first_library(Settings(home=tmp_path)) == "main"
    assert composition.first_library(Settings(home=tmp_path, library="other")) == "alpha"


@pytest.mark.usefixtures("two_libraries")
def test_several_are_asked_at_once_until_one_is_picked_again(visit: Visit, tmp_path: Path) -> None:
    app = visit()
    chooser = library_choice(app)
    chooser.select(chooser.options[-1]).run()
    asked = next(box for box in opened(app, "where-library").multiselect if box.label != "Ask only")
    assert asked.value == ["alpha"]
    asked.select("beta").run()
    assert not app.exception and app.session_state["library"] == "alpha,beta"
    scope = opened(app, "where-documents").multiselect(key="scope")
    assert "alpha/alpha.pdf" in scope.options and "beta/beta.pdf" in scope.options
    open_page(app, "library")
    assert not app.exception and library_choice(app).value == "alpha"
    open_page(app, "chat")
    library_choice(app).select("alpha").run()
    assert app.session_state["library"] == "alpha" and not app.session_state["scope"]

    app.session_state["library"] = "alpha,beta"
    shutil.rmtree(tmp_path / "libraries" / "beta")
    app.run()
    assert not app.exception and not app.error
    assert "2 documents" in str([html.value for html in app.get("html")])
