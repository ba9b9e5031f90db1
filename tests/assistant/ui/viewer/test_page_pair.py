"""What a page can be compared with, and how two pages are turned together."""

from dataclasses import replace

import pytest

from assistant.attachments import CAME_WITH
from assistant.ui import session
from assistant.ui.session import Shown
from assistant.ui.viewer import page_view
from tests.assistant.ui.fakes import SAMPLES, FakeLibrary
from vectorstore.catalog.rows import DocumentInfo

OLD, NEW = "Security Policy v1 (2024).pdf", "Security Policy v2 (2026).pdf"


class Versions(FakeLibrary):
    """The second policy replaces the first."""

    def documents(self) -> list[DocumentInfo]:
        return [
            replace(info, superseded_by=NEW) if info.document == OLD else info
            for info in super().documents()
        ]


@pytest.fixture
def library() -> Versions:
    return Versions(SAMPLES / OLD, SAMPLES / NEW)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Shown]:
    opened: list[Shown] = []
    monkeypatch.setattr(session, "show", opened.append)
    return opened


def test_versions_and_the_other_citations_of_the_answer_can_be_put_beside(
    library: Versions,
) -> None:
    first = Shown(NEW, 1, 1, source="a/citation-1")
    second = Shown("Leave.pdf", 7, 7, source="a/citation-2")
    attached = Shown(f"{CAME_WITH[0]}x.pdf", 1, 1, source="a/citation-3")
    opened = replace(first, citations=(first, second, attached))

    found = page_view.choices(library, opened)  # type: ignore[arg-type]

    assert [one.label for one in found] == [
        f"Version before: {OLD}", "Citation 2: Leave.pdf, page 7"
    ]  # fmt: skip
    assert found[1].open() == second
    older = found[0].open()
    assert (older.document, older.version) == (OLD, True)
    assert page_view.choices(library, attached) == []  # type: ignore[arg-type]


def test_the_newer_version_is_found_from_the_older_one(library: Versions) -> None:
    [newer] = page_view.choices(library, Shown(OLD, 1))  # type: ignore[arg-type]
    assert newer.label == f"Newer version: {NEW}"
    assert page_view.choices(library, Shown("other.pdf", 1)) == []  # type: ignore[arg-type]


def test_another_version_goes_along_when_the_page_is_turned(
    library: Versions, shown: list[Shown]
) -> None:
    beside = Shown(OLD, 1, version=True)
    page_view.turn_page(library, Shown(NEW, 1, beside=beside), 3)  # type: ignore[arg-type]
    [now] = shown
    words = library.page(NEW, 3).lines[0].text
    assert now.page == 3
    assert now.beside is not None
    assert words in library.page(OLD, now.beside.page).text


def test_a_citation_beside_it_stays(library: Versions, shown: list[Shown]) -> None:
    beside = Shown(OLD, 2, 2)
    page_view.turn_page(library, Shown(NEW, 1, beside=beside), 2)  # type: ignore[arg-type]
    assert shown == [Shown(NEW, 2, beside=beside)]
