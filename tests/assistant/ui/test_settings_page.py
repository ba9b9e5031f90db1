"""The Settings page: models are fetched, stopped, chosen and removed, and space is cleaned."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from assistant.models.hub import Progress
from assistant.models.installed import Models
from assistant.settings import Settings
from assistant.ui import resources, settings_page
from assistant.ui.background import Fetches
from assistant.wiring import composition
from tests.assistant.ui.conftest import drawn, html

Visit = Callable[..., AppTest]
PAGE = "settings"
MINE, OTHER = "mine.gguf", "other.gguf"


@pytest.fixture(autouse=True)
def two_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models").mkdir()
    for name in (MINE, OTHER):
        (tmp_path / "models" / name).write_bytes(b"GGUF")
    monkeypatch.setattr(settings_page, "graphics", lambda: [])
    monkeypatch.setattr(resources, "renew_answering", lambda: None)


@pytest.fixture
def fold(visit: Visit) -> Callable[[str], AppTest]:
    """The page with the models of a role."""
    return lambda role: opened(visit(PAGE), role)


def opened(app: AppTest, role: str = "chat") -> AppTest:
    """The page drawn again; a browser keeps the fold open."""
    app.session_state[f"role-{role}"] = True
    return app.run()


def click(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    return opened(app)


def chosen(home: Path) -> Path | None:
    return Models(Settings(home=home)).chosen("chat")


def test_each_role_says_which_model_it_has(visit: Visit) -> None:
    labels = [fold.label for fold in visit(PAGE).expander]
    assert len(labels) == 9
    assert labels[0].replace("\\", "") == f"**Answers** · {MINE}"
    assert "**Drawing** · no model" in labels


def test_a_model_is_chosen_and_removed_after_a_question(
    fold: Callable[[str], AppTest], tmp_path: Path
) -> None:
    app = fold("chat")
    click(app, f"use-{OTHER}")
    assert chosen(tmp_path) == tmp_path / "models" / OTHER
    assert f"{OTHER} <span" in html(app)

    app.button(key=f"drop-{OTHER}").click().run()
    assert (tmp_path / "models" / OTHER).exists(), "it asks first"
    app.button(key="confirm-drop").click().run()
    assert not (tmp_path / "models" / OTHER).exists()
    assert chosen(tmp_path) == tmp_path / "models" / MINE


def test_a_choice_that_cannot_be_made_says_why(fold: Callable[[str], AppTest]) -> None:
    app = fold("embedding")
    app.text_input[0].set_value("http://127.0.0.1:1/v1")
    next(b for b in app.button if b.label == "Connect").click()
    opened(app, "embedding")
    assert "does not answer" in app.error[0].value


def test_a_setting_takes_precedence_and_leaves_no_choice(
    fold: Callable[[str], AppTest], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PINCITE_CHAT_MODEL", str(tmp_path / "models" / OTHER))
    app = fold("chat")
    assert any("names it, before any choice" in caption.value for caption in app.caption)
    assert not [b for b in app.button if (b.key or "").startswith("use-")]


def test_a_download_is_stopped_and_continued(
    fold: Callable[[str], AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, runs = threading.Event(), []

    def pull(name: str, progress: Progress) -> None:
        runs.append(name)
        while len(runs) == 1:
            progress("fetching it", 5, 10)
            begun.set()

    fetches = Fetches(pull)
    monkeypatch.setattr(resources, "fetches", lambda: fetches)
    app = fold("chat")
    click(app, "get-qwen3-4b")
    assert begun.wait(60)
    opened(app)
    assert app.get("progress")[0].proto.value == 50
    click(app, "stop-qwen3-4b")
    fetch = fetches.of("qwen3-4b")
    assert fetch and fetch.wait(60) and fetch.was_stopped and not fetch.error
    opened(app)
    assert app.button(key="get-qwen3-4b").label == "Continue"
    click(app, "get-qwen3-4b")
    again = fetches.of("qwen3-4b")
    assert again and again.wait(60) and not again.was_stopped


def test_files_of_questions_are_cleaned_after_a_question(visit: Visit, tmp_path: Path) -> None:
    kept = tmp_path / "attached" / "a" / "note.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("hello")
    app = visit(PAGE)
    app.button_group[0].set_value("storage").run()
    assert "Files attached to questions" in html(app)
    app.button(key="clean-attached").click().run()
    assert kept.exists(), "it asks first"
    app.button(key="confirm-clean").click().run()
    assert not kept.exists()
    assert (tmp_path / "models" / MINE).exists()


def test_files_that_no_conversation_has_are_cleaned_alone(visit: Visit, tmp_path: Path) -> None:
    conversations = composition.conversations(Settings(home=tmp_path))
    left, had = (tmp_path / "made" / f"{letter * 32}.png" for letter in "ab")
    for file in (left, had):
        file.parent.mkdir(exist_ok=True)
        file.write_text("x")
        os.utime(file, (0, 0))
    conversations.add("c", {"question": "?", "answer": "x", "images": [str(had)]})
    app = visit(PAGE)
    app.button_group[0].set_value("storage").run()
    assert "Files that no conversation has" in html(app)
    app.button(key="clean-orphans").click().run()
    app.button(key="confirm-clean").click().run()
    assert had.exists() and not left.exists()


def test_visitors_have_no_settings_and_choose_how_it_looks(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "is_owner", lambda: False)
    app = visit()
    titles = {str(page["url_pathname"]) for page in app._registered_pages.values()}
    assert PAGE not in titles and not app.exception
    [given] = drawn(app, "pincite_appearance")
    assert titles < set(given["pages"]), "it is kept for each page"


def test_who_owns_no_more_fetches_and_stops_nothing(
    fold: Callable[[str], AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    fetches = Fetches(lambda *_: go.wait(60))
    monkeypatch.setattr(resources, "fetches", lambda: fetches)
    app = fold("chat")
    monkeypatch.setattr(resources, "is_owner", lambda: False)
    app.button(key="get-qwen3-4b").click().run()
    assert fetches.of("qwen3-4b") is None
    monkeypatch.setattr(resources, "is_owner", lambda: True)
    fetch = fetches.start("qwen3-4b")
    app = fold("chat")
    monkeypatch.setattr(resources, "is_owner", lambda: False)
    app.button(key="stop-qwen3-4b").click().run()
    assert not fetch.stopping
    go.set()
    assert fetch.wait(60)
