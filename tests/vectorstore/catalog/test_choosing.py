from typing import Any

import pytest

from vectorstore.catalog.choosing import SORTS, chosen, kinds
from vectorstore.catalog.records import Coverage, DocumentInfo


def document(name: str, **changes: Any) -> DocumentInfo:
    read = Coverage(100, 0, 0, 0, indexed=100, unread=changes.pop("unread", 0))
    info = {"pages": 1, "status": "ready", "added": "2026-01-01", **changes}
    return DocumentInfo(name, "", "main", chunks=1, coverage=read, sha256=name, **info)


ALL = [
    document("b.PDF", added="2026-03-01", pages=5),
    document("a/Lease.docx", added="2026-02-01", unread=3),
    document("A.pdf", superseded_by="b.PDF"),
    document("notes", status="2 pages are pictures"),
]


def names(**how: Any) -> list[str]:
    return [one.document for one in chosen(ALL, **how)]


def test_documents_are_chosen_by_a_part_of_their_name_their_kind_and_their_state() -> None:
    assert names(part=" lease ") == ["a/Lease.docx"]
    assert names(of_kind="pdf") == ["A.pdf", "b.PDF"]
    assert names(state="look") == ["a/Lease.docx", "notes"]
    assert names(state="old") == ["A.pdf"]
    assert names(part="a", of_kind="pdf", state="look") == []


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        ("name", "A.pdf", "notes"), ("newest", "b.PDF", "notes"), ("oldest", "A.pdf", "b.PDF"),
        ("largest", "b.PDF", "notes"), ("kind", "notes", "b.PDF"),
    ],
)  # fmt: skip
def test_they_are_sorted(sort: Any, first: str, last: str) -> None:
    found = names(sort=sort)
    assert (found[0], found[-1], len(found)) == (first, last, len(ALL))
    assert sort in SORTS


def test_kinds_are_counted_the_most_first() -> None:
    assert next(iter(kinds(ALL).items())) == ("pdf", 2)
    assert kinds(ALL)[""] == 1
