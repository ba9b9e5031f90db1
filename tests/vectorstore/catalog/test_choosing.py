from typing import Any, get_args

import pytest

from vectorstore.catalog.rows import Coverage, DocumentInfo
from vectorstore.catalog.tags import Filter, Sort, chosen, kinds
from vectorstore.errors import WrongDate


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
    assert sort in get_args(Sort)


def test_kinds_are_counted_the_most_first() -> None:
    assert next(iter(kinds(ALL).items())) == ("pdf", 2)
    assert kinds(ALL)[""] == 1


# -- by tags and dates

LETTERS = [
    document("Lease 2022.pdf", dated="2022-03-01T10:00", tags=("Lease", "old"),
             superseded_by="Lease 2023.pdf"),
    document("Lease 2023.pdf", dated="2023-12-31T23:59", tags=("Lease",),
             superseded_by="Lease 2024.pdf"),
    document("Lease 2024.pdf", dated="2024-01-01T00:00", tags=("Lease",)),
    document("Offer.pdf", dated="2024-06-30", tags=("Offer",)),
    document("scan.png", dated="", tags=("lease", "Offer")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("within", "names"),
    [
        (Filter(), ["Lease 2024.pdf", "Offer.pdf", "scan.png"]),
        (Filter(("lease",)), ["Lease 2024.pdf", "scan.png"]),
        (Filter(("LEASE", "Offer")), ["scan.png"]),
        (Filter(("old",)), ["Lease 2022.pdf"]),
        (Filter(after="2024"), ["Lease 2024.pdf", "Offer.pdf"]),
        (Filter(after="2024-06-30"), ["Offer.pdf"]),
        (Filter(before="2024-06-30"), ["Lease 2024.pdf"]),
        (Filter(before="2024"), ["Lease 2023.pdf"]),
        (Filter(("Lease",), "2022-02", "2022-04"), ["Lease 2022.pdf"]),
        (Filter(("nothing",)), []),
    ],
)
def test_a_filter_keeps_the_newest_version_that_it_fits(within: Filter, names: list[str]) -> None:
    assert sorted(within.names(LETTERS)) == names


def test_a_filter_among_named_documents_keeps_old_versions_too() -> None:
    among = ["Lease 2022.pdf", "Lease 2024.pdf", "Offer.pdf"]
    assert Filter(("lease",)).names(LETTERS, among) == {"Lease 2022.pdf", "Lease 2024.pdf"}
    listed = chosen(LETTERS, part="lease", within=Filter(("lease",)))
    assert [one.document for one in listed] == [f"Lease {year}.pdf" for year in (2022, 2023, 2024)]


@pytest.mark.parametrize(
    "date",
    ["24", "2024-1", "2024-13", "2024-02-30", "2024-01-01T10:00", "x", "\u0662\u0660\u0662\u0664"],
)
def test_a_filter_refuses_what_is_no_date(date: str) -> None:
    with pytest.raises(WrongDate, match="is no date: give a year, a month or a day"):
        Filter(before=date)


def test_an_empty_filter_leaves_nothing_out() -> None:
    assert not Filter() and Filter(("a",)) and Filter(after="2024")
    assert Filter(("a ", "a", "b")).tags == ("a", "b")
