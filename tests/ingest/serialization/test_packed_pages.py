import importlib
import pickle
import tracemalloc
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.containers.unpacking import Expanded, Omitted, Part
from ingest.document.model import Box, Cell, Document, Dropped, Figure, Line, Page, Table
from ingest.errors import UnreadableFile
from ingest.loaders import LOADERS, load
from ingest.sandbox import child
from ingest.sandbox.pool import Sandbox
from ingest.serialization import safe_unpickle
from ingest.serialization.packed_pages import Packed
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
    assert safe_unpickle.loads(pickle.dumps(packed)) == packed
    packed._pages.append(hidden)
    with pytest.raises(pickle.UnpicklingError):
        safe_unpickle.loads(pickle.dumps(packed))


@pytest.mark.parametrize("data", [b"", b"\x80", pickle.dumps(Iterable), pickle.dumps(Path.cwd)])
def test_bytes_that_are_no_document_are_refused(data: bytes) -> None:
    with pytest.raises(pickle.UnpicklingError):
        safe_unpickle.loads(data)


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
    with pytest.raises(pickle.UnpicklingError, match="does not hold"):
        safe_unpickle.loads(data)
    with pytest.raises(pickle.UnpicklingError, match="no part of a page"):
        safe_unpickle.page(data)


# -- what a child that was taken over may send


def changed(of: str, name: str) -> bytes:
    """Bytes that set an attribute of a class to 5, as if it were the state of an object."""
    module, _, kind = of.rpartition(".")
    named = f"c{module}\n{kind}\n".encode()
    slots = (
        pickle.EMPTY_DICT + pickle.dumps(name, 2)[2:-1] + pickle.BININT1 + b"\5" + pickle.SETITEM
    )
    state = pickle.NONE + slots + pickle.TUPLE2
    return pickle.PROTO + b"\2" + named + state + pickle.BUILD + pickle.STOP


@pytest.mark.parametrize(
    ("of", "name"),
    [
        ("ingest.document.model.Line", "confidence"),
        ("ingest.document.model.Page", "text"),
        ("ingest.serialization.packed_pages.Packed", "__iter__"),
        ("ingest.sandbox.child.Beat", "total"),
        ("pathlib.PosixPath", "name"),
    ],
)
def test_bytes_of_a_child_change_no_class(of: str, name: str) -> None:
    module, _, kind = of.rpartition(".")
    cls = getattr(importlib.import_module(module), kind)
    before = getattr(cls, name, None)
    with pytest.raises(pickle.UnpicklingError, match="not to be changed"):
        safe_unpickle.loads(changed(of, name))

    assert getattr(cls, name, None) is before


def spoilt(value: Any, /, **attributes: Any) -> Any:
    """With attributes that its class would not take, as a child can send it."""
    vars(value).update(attributes)
    return value


SPOILT = [
    spoilt(Line("a"), text=5),
    spoilt(Line("a"), bold=1),
    spoilt(Line("a"), box=(0, 0, 0)),
    spoilt(Line("a"), more="an attribute that lines do not have"),
    spoilt(Cell("7", 1), value=b"7"),
    spoilt(Page(1, 0, 0, ()), lines=[Line("a")]),
    spoilt(Page(1, 0, 0, ()), lines=("a",)),
    spoilt(Page(1, 0, 0, ()), lines="ab"),
    spoilt(Document("", "", "", ()), pages=(Line("a"),)),
    spoilt(Document("", "", "", ()), metadata={"title": 5}),
    spoilt(Expanded(()), parts=(Part("a", "/etc/passwd"),)),  # type: ignore[arg-type]
    spoilt(child.Beat(0, 0), total="all"),
    spoilt(UnreadableFile("bad"), __doc__="another"),
    UnreadableFile(b"bad"),
]  # fmt: skip


@pytest.mark.parametrize("value", SPOILT, ids=lambda value: repr(value)[:60])
def test_what_does_not_hold_what_it_says_is_refused(value: Any) -> None:
    with pytest.raises(pickle.UnpicklingError, match="does not hold"):
        safe_unpickle.loads(pickle.dumps(value))


def test_pages_that_do_not_hold_what_they_say_are_refused_when_they_come() -> None:
    pages = Packed([spoilt(Page(1, 0, 0, ()), width="wide")])
    with pytest.raises(pickle.UnpicklingError, match="does not hold"):
        safe_unpickle.loads(pickle.dumps((Document("", "", "", pages), [])))
    empty = Packed(())
    empty._pages = {b"": pickle.dumps("no page")}  # type: ignore[assignment]
    with pytest.raises(pickle.UnpicklingError, match="a list of bytes"):
        safe_unpickle.loads(pickle.dumps(empty))


def test_what_loaders_say_holds(tmp_path: Path, samples: Path) -> None:
    for path in sorted(path for path in samples.iterdir() if path.suffix in LOADERS):
        assert safe_unpickle.loads(pickle.dumps(load(path)))
    failed = child._Failed(UnreadableFile("bad"))
    assert safe_unpickle.loads(pickle.dumps(failed)).error.args == ("bad",)
    parts = Expanded((Part("a", tmp_path),), (Omitted("b", "why"),), 3)
    assert safe_unpickle.loads(pickle.dumps(parts)) == parts
