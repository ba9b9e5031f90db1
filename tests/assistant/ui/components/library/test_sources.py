"""Owners at this machine see the sources of a library, fetch and remove them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from assistant.settings import Settings
from assistant.sources import store
from assistant.sources.background import Fetchings
from assistant.sources.store import Source
from assistant.ui import resources
from tests.assistant.ui.conftest import LIBRARY_PAGE

Visit = Callable[..., AppTest]


@pytest.fixture
def source(tmp_path: Path) -> Source:
    settings = Settings.load(home=tmp_path)
    (settings.libraries_folder / "main").mkdir(parents=True)
    made = store.add(settings, "main", "imaps://ann@mail.example.org/INBOX")
    store.note(settings, made, "2026-01-02T03:04:05+00:00", "It is *away*.")
    return made


def test_they_are_listed_with_what_came_of_them_and_fetched(
    visit: Visit, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[tuple[str, str]] = []
    monkeypatch.setattr(
        Fetchings, "start", lambda self, _, lib, one, turn: begun.append((lib.name, one.name))
    )
    app = visit(LIBRARY_PAGE)
    assert any("2026-01-02 03:04" in html.body for html in app.get("html"))
    assert any("away" in error.value for error in app.error)

    app.button(key=f"fetch-{source.name}").click().run()

    assert begun == [("main", "mail-example-org-inbox")]


def test_one_is_removed(visit: Visit, source: Source, tmp_path: Path) -> None:
    visit(LIBRARY_PAGE).button(key=f"remove-source-{source.name}").click().run()

    assert store.listed(Settings.load(home=tmp_path), "main") == []


def test_others_do_not_see_them(
    visit: Visit, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "is_owner", lambda: False)
    assert not [b for b in visit(LIBRARY_PAGE).button if b.key == f"fetch-{source.name}"]
