""""""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.document import wire as packed_module
from ingest.document.model import Box, Cell, Dropped, Figure, Line, Page, Table
from ingest.document.wire import InvalidData, Packed
from ingest.errors import PageTooLarge
from ingest.loaders import load
from ingest.sandbox.pool import Sandbox
from tests.pdfs import write_pdf


def pages(count: int) -> Iterator[Page]:
    for number in range(1, count + 1):
        lines = tuple(
            Line(f"line {index} of page {number}", Box(72, index * 12.5, 500.25, index * 12.5 + 11))
            for index in range(40)
        )
        table = Table(0, 1, ((Cell("7", 1, 7.0, "number"),),), caption="Seven")
        yield Page(
            number, 595, 842, lines, tables=(table,), figures=(Figure(Box(1, 2, 3, 4), "A"),),
            characters=number, dropped=(Dropped("control characters", 2),), note="a note",
        )  # fmt: skip


def test_packed_pages_are_the_pages() -> None:
    packed, whole = Packed(pages(7)), tuple(pages(7))
    assert (len(packed), packed[0], packed[-1], packed[2:4]) == (7, whole[0], whole[6], whole[2:4])
    assert packed == whole and whole == packed and list(packed) == list(whole)
    assert packed != whole[1:]
    assert whole[3] in packed and not Packed([])


def test_packed_pages_take_a_third_of_the_memory_and_none_is_kept_beside() -> None:
    def taken(make: Any) -> tuple[int, int]:
        tracemalloc.start()
        made = make(pages(200))
        memory = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        del made
        return memory

    Packed(pages(1))  # what is set up once is not counted
    whole, packed = taken(tuple), taken(Packed)
    assert packed[0] < whole[0] / 3
    assert packed[1] < 1.5 * packed[0]  # the peak


def test_packed_pages_come_back_from_their_bytes() -> None:
    assert Packed.from_bytes(Packed(pages(3)).encoded) == tuple(pages(3))


@pytest.mark.parametrize("hidden", [b"", b"no page", b"\x90"])
def test_what_is_no_page_is_refused_when_it_comes_and_not_when_it_is_looked_at(
    hidden: bytes,
) -> None:
    with pytest.raises(InvalidData):
        Packed.from_bytes([*Packed(pages(2)).encoded, hidden])


def test_a_page_that_is_too_large_is_refused_before_it_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (page,) = pages(1)
    encoded = Packed([page]).encoded
    monkeypatch.setattr(packed_module, "LARGEST", 1000)
    with pytest.raises(PageTooLarge, match=r"Page 1 of it takes more than 0 MB"):
        Packed([page])
    with pytest.raises(InvalidData, match="a page of"):
        Packed.from_bytes(encoded)


def test_a_page_of_too_many_lines_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_module, "MOST_ITEMS", 39)
    with pytest.raises(PageTooLarge, match=r"or has more than 39 lines\. Split the file\."):
        Packed(pages(1))


def test_a_document_comes_packed_from_the_sandbox(tmp_path: Path) -> None:
    pdf = write_pdf(tmp_path / "a.pdf", ["Thirty days of leave."], ["Nothing else."])
    text = tmp_path / "b.txt"
    text.write_text("Thirty days of leave.\n", "utf-8")
    with Sandbox() as sandbox:
        for path in (pdf, text):
            document, _ = sandbox.start(path)()
            assert isinstance(document.pages, Packed)
            assert document == load(path)
