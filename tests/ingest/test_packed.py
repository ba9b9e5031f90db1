import pickle
import tracemalloc
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest import trusted
from ingest.document import Box, Cell, Dropped, Figure, Line, Page, Table
from ingest.loaders import load
from ingest.packed import Packed
from ingest.sandbox import Sandbox
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

    whole, packed = taken(tuple), taken(Packed)
    assert packed[0] < whole[0] / 3
    assert packed[1] < 1.5 * packed[0]  # the peak


@pytest.mark.parametrize("hidden", [b"", pickle.dumps("no page"), pickle.dumps(print)])
def test_what_is_no_page_is_refused_when_it_comes_and_not_when_it_is_looked_at(
    hidden: bytes,
) -> None:
    packed = Packed(pages(2))
    assert trusted.loads(pickle.dumps(packed)) == packed
    packed._pages.append(hidden)
    with pytest.raises(pickle.UnpicklingError):
        trusted.loads(pickle.dumps(packed))


@pytest.mark.parametrize("data", [b"", b"\x80", pickle.dumps(Iterable), pickle.dumps(Path.cwd)])
def test_bytes_that_are_no_document_are_refused(data: bytes) -> None:
    with pytest.raises(pickle.UnpicklingError):
        trusted.loads(data)


def test_a_document_comes_packed_from_the_sandbox(tmp_path: Path) -> None:
    pdf = write_pdf(tmp_path / "a.pdf", ["Thirty days of leave."], ["Nothing else."])
    text = tmp_path / "b.txt"
    text.write_text("Thirty days of leave.\n", "utf-8")
    with Sandbox() as sandbox:
        for path in (pdf, text):
            document, _ = sandbox.start(path)()
            assert isinstance(document.pages, Packed)
            assert document == load(path)


def test_pages_packed_in_pages_are_refused_at_once() -> None:
    data = pickle.dumps(Page(1, 0.0, 0.0, ()))
    for _ in range(8):
        packed = Packed(())
        packed._pages = [data] * 8
        data = pickle.dumps(Page(1, 0.0, 0.0, packed))  # type: ignore[arg-type]
    with pytest.raises(pickle.UnpicklingError, match="no part of a page"):
        trusted.loads(data)
