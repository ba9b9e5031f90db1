"""What a child sends: everything comes back as it was, and nothing else comes through."""

import random
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ingest.chunking import chunk
from ingest.containers import Expanded, Omitted, Part
from ingest.document.model import (
    Box,
    Cell,
    Chunk,
    Document,
    Dropped,
    Figure,
    Heading,
    Line,
    Page,
    Table,
)  # fmt: skip
from ingest.document.wire import MOST_ITEMS, Codec, InvalidData, LoadedCodec, Packed
from ingest.loaders import LOADERS, load
from ingest.media.ffmpeg import DecodedSound

LINES = (
    Line("plain"),
    Line(
        "Grüße, 世界 🙂", Box(1.5, -2, 3e9, 0.1), 12.25, True, 2, True, 0.5, 61.5, "white on white"
    ),
    Line(""),
)
CELLS = tuple(
    Cell(str(value), 0, value, kind, unit)
    for value, kind, unit in (
        (7.5, "number", "EUR"), (-0.0, "number", ""), (1e300, "number", ""), (True, "truth", ""),
        ("2024-02-29", "date", ""), (None, "empty", ""), ("", "text", ""),
    )
)  # fmt: skip
PAGE = Page(
    1, 595.5, 842, LINES, 3, True, (Table(0, 2, (CELLS, (), CELLS), 1, "A caption"),),
    (Figure(Box(0, 0, 1, 1), "a", "b"),), 12, (Dropped("hyphens", 3),), 4, "a note", "a title",
)  # fmt: skip
DOCUMENT = Document(
    "0" * 64, "a.pdf", "A", (PAGE, Page(2, 0, 0, ())), (Heading(1, "One", 1),), {"by": "me"}, "r/1"
)  # fmt: skip
CHUNKS = [Chunk(1, 0, 2, "text", ("One", "Two"), True), Chunk(2, 0, 0, "")]
VALUES = [
    (Page, PAGE),
    (Page, Page(1, 0, 0, (), characters=None)),
    (tuple[int, int], (3, 8)),
    (DecodedSound, DecodedSound(1.5, 0.0, 2)),
    (list[float], [-1.0, 0.0, 3.25]),
    (Expanded, Expanded((Part("a", Path("/tmp/a")),), (Omitted("b", "why"),), 3, True)),
]


@pytest.mark.parametrize(("kind", "value"), VALUES, ids=lambda value: repr(value)[:30])
def test_what_is_sent_comes_back_as_it_was(kind: Any, value: Any) -> None:
    codec: Codec[Any] = Codec(kind)
    again = codec.decode(codec.encode(value))
    assert again == value
    assert repr(again).replace(".0", "") == repr(value).replace(".0", "")


def test_a_path_that_is_no_text_comes_back() -> None:
    codec: Codec[Part] = Codec(Part)
    part = Part("a", Path("/tmp/\udce4.txt"))
    assert codec.decode(codec.encode(part)) == part


def test_half_of_a_surrogate_pair_comes_back_as_a_replacement_character() -> None:
    page = Page(1, 0, 0, (Line("a \ud83d b", hidden="\udc00"), Line("🙂")), title="\udce4")
    document = replace(DOCUMENT, pages=(page,), metadata={"\ud800": "x\udfff"})
    found, _ = LoadedCodec().decode(LoadedCodec().encode((document, CHUNKS)))
    lines = (Line("a \ufffd b", hidden="\ufffd"), Line("🙂"))
    assert found.pages[0] == replace(page, lines=lines, title="\ufffd")
    assert found.metadata == {"\ufffd": "x\ufffd"}
    part = Part("\ud83d", Path("/tmp/\udce4.txt"))  # a path is no text
    assert Codec(Part).decode(Codec(Part).encode(part)) == replace(part, name="\ufffd")


def test_a_value_of_another_type_is_not_written() -> None:
    with pytest.raises(InvalidData, match="Expected `str`, got `int`"):
        LoadedCodec().encode((replace(DOCUMENT, metadata={"pages": 3}), []))  # type: ignore[dict-item]


def test_a_document_and_its_passages_come_back_with_packed_pages() -> None:
    document, chunks = LoadedCodec().decode(LoadedCodec().encode((DOCUMENT, CHUNKS)))
    assert (document, chunks) == (DOCUMENT, CHUNKS)
    assert isinstance(document.pages, Packed)
    assert list(map(type, document.pages[0].lines)) == [Line] * 3


@pytest.mark.slow
def test_what_every_loader_makes_comes_back(samples: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Name,Amount\nRent,1200.50\n")
    (tmp_path / "a.md").write_text("# Leave\n\nThirty days.\n")
    paths = [path for path in samples.iterdir() if path.suffix in LOADERS]
    for path in (*sorted(paths), *sorted(tmp_path.iterdir())):
        document = load(path)
        loaded = document, chunk(document)
        assert LoadedCodec().decode(LoadedCodec().encode(loaded)) == loaded


# -- what a child that was taken over may send


WRONG: list[Any] = [
    5,
    "text",
    [],
    {"text": "a"},
    ["a"],
    [5, [0, 0, 0, 0], 0, False, 0, False, 1, None, ""],
    ["a", [0, 0, 0], 0, False, 0, False, 1, None, ""],
    ["a", [0, 0, 0, "0"], 0, False, 0, False, 1, None, ""],
    ["a", [0, 0, 0, 0], 0, 1, 0, False, 1, None, ""],
    ["a", [0, 0, 0, 0], 0, False, 0.5, False, 1, None, ""],
    ["a", [0, 0, 0, 0], 0, False, 0, False, None, None, ""],
    ["a", [0, 0, 0, 0], 0, False, 0, False, 1, None, b""],
    ["a", [0, 0, 0, 0], 0, False, 0, False, 1, None, "", "more"],
    ["a", [0, 0, 0, 0], 0, False, 0, False, 1, None, msgspec.msgpack.Ext(1, b"")],
]


@pytest.mark.parametrize("value", WRONG, ids=range(len(WRONG)))
def test_a_value_of_another_type_is_refused(value: Any) -> None:
    with pytest.raises(InvalidData):
        Codec(Line).decode(msgspec.msgpack.encode(value))


def test_a_path_must_be_bytes() -> None:
    with pytest.raises(InvalidData, match="is no Path"):
        Codec(Part).decode(msgspec.msgpack.encode(["a", "/etc/passwd"]))


def test_what_names_no_character_is_no_text() -> None:
    with pytest.raises(InvalidData):
        Codec(list[str]).decode(b"\x91\xa2\xff\xfe")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"\x91" * 1_000_000,
        b"\x81\xa1a" * 1_000_000,
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\x93" + b"\xdd\xff\xff\xff\xff" * 3,
        b"\x9d\x01\x00\x00" + b"\xdd\xff\xff\xff\xff",
    ],
    ids=lambda data: repr(data[:12]),
)
@pytest.mark.parametrize("codec", [Codec(Page), Codec(list[float]), LoadedCodec()], ids=range(3))
def test_nesting_and_lengths_that_lie_are_refused_at_once(codec: Any, data: bytes) -> None:
    tracemalloc.start()
    began = time.process_time()
    with pytest.raises(InvalidData):
        codec.decode(data)
    taken = time.process_time() - began
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken < 1
    assert peak < 20 << 20


def test_a_list_of_more_items_than_any_honest_one_is_refused() -> None:
    encoder = msgspec.msgpack.Encoder()
    Codec(list[float]).decode(encoder.encode([0] * MOST_ITEMS))
    with pytest.raises(InvalidData, match="length"):
        Codec(list[float]).decode(encoder.encode([0] * (MOST_ITEMS + 1)))


@pytest.mark.parametrize("kind", ["cut off", "changed", "random"])
def test_spoilt_bytes_are_refused_or_are_a_document_of_the_right_types(kind: str) -> None:
    dice = random.Random(7)
    good = LoadedCodec().encode((DOCUMENT, CHUNKS))
    refused = 0
    for _ in range(2000):
        data = bytearray(good)
        if kind == "cut off":
            del data[dice.randrange(len(data)) :]
        elif kind == "changed":
            for _ in range(dice.randrange(1, 6)):
                data[dice.randrange(len(data))] = dice.randrange(256)
        else:
            data = bytearray(dice.randbytes(dice.randrange(200)))
        try:
            document, chunks = LoadedCodec().decode(bytes(data))
        except InvalidData:
            refused += 1
        else:
            assert (type(document), {type(chunk) for chunk in chunks}) <= (Document, {Chunk})
            assert {type(line) for page in document.pages for line in page.lines} <= {Line}
    assert refused > 300
    assert kind == "changed" or refused == 2000


def test_pages_in_the_document_itself_do_not_come_through() -> None:
    kind = tuple[Document, list[bytes], list[Chunk]]
    codec: Codec[tuple[Document, list[bytes], list[Chunk]]] = Codec(kind)
    data = codec.encode((replace(DOCUMENT, pages=(PAGE,)), [], []))
    assert len(LoadedCodec().decode(data)[0].pages) == 0
