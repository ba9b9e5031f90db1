"""Where words are in the open document, as the tools of the page are told."""

from pathlib import Path

import pytest
import streamlit as st

from assistant.ui.viewer import page_panel
from tests.assistant.ui.fakes import HANDBOOK, SAMPLES, FakeLibrary


@pytest.fixture
def library() -> FakeLibrary:
    return FakeLibrary(SAMPLES / HANDBOOK)


def test_each_place_has_its_page_and_text(
    library: FakeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(st, "session_state", {})
    assert page_panel.search_result(library, HANDBOOK) is None  # type: ignore[arg-type]

    page_panel.keep_sought(HANDBOOK, "  Public   HOLIDAYS ")
    found = page_panel.search_result(library, HANDBOOK)  # type: ignore[arg-type]

    assert found is not None
    assert found["sought"] == "Public   HOLIDAYS"
    assert found["total"] == sum(count for _, count in found["pages"]) == len(found["places"]) > 1
    assert all("public holidays" in text.lower() for _, _, text in found["places"])
    page_panel.keep_sought(HANDBOOK, "p")
    assert page_panel.search_result(library, HANDBOOK) is None  # type: ignore[arg-type]
    page_panel.keep_sought("Another.pdf", "public holidays")
    assert page_panel.search_result(library, HANDBOOK) is None  # type: ignore[arg-type]


def test_a_changed_document_is_read_again(
    library: FakeLibrary, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(st, "session_state", {})
    page_panel.keep_sought(HANDBOOK, "full-time employees")
    before = page_panel.search_result(library, HANDBOOK)  # type: ignore[arg-type]
    library.put(SAMPLES / "Security Policy v2 (2026).pdf", HANDBOOK)
    after = page_panel.search_result(library, HANDBOOK)  # type: ignore[arg-type]
    assert before is not None
    assert after is not None
    assert before["total"] > 0 == after["total"]


def test_a_library_that_was_made_again_shows_nothing_of_the_one_before(
    library: FakeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(st, "session_state", {})
    other = FakeLibrary()
    other.files[HANDBOOK] = SAMPLES / "Security Policy v2 (2026).pdf"
    other.changes = library.changes
    assert (other.name, other.generation()) == (library.name, library.generation())
    page_panel.keep_sought(HANDBOOK, "full-time employees")
    before = page_panel.search_result(library, HANDBOOK)  # type: ignore[arg-type]
    after = page_panel.search_result(other, HANDBOOK)  # type: ignore[arg-type]
    assert before is not None and before["total"] > 0
    assert after is not None and after["total"] == 0
