"""Reads the small Markdown dialect of `content/` into blocks; knows nothing about pages.

A file starts with `key: value` lines between two `---` lines. A table's separator row gives the
alignment, and the number of its dashes the relative width of each column.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Heading:
    """A numbered heading of level 1 or 2."""

    text: str
    level: int


@dataclass(frozen=True)
class Paragraph:
    """Running text with **bold** parts."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list of short points."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Note:
    """A highlighted remark."""

    text: str


@dataclass(frozen=True)
class Table:
    """A captioned table; the first row is the header."""

    caption: str
    widths: tuple[int, ...]
    aligns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Figure:
    """A captioned picture, drawn by the function of that name in `charts.py`."""

    caption: str
    name: str


@dataclass(frozen=True)
class PageBreak:
    """What follows starts on a new page."""


Block = Heading | Paragraph | Bullets | Note | Table | Figure | PageBreak


@dataclass(frozen=True)
class Source:
    """One text: its properties and its blocks."""

    meta: dict[str, str]
    blocks: tuple[Block, ...]


def read(path: Path) -> Source:
    """The properties and blocks of one content file."""
    _, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
    meta = dict(line.split(": ", 1) for line in head.strip().splitlines())
    return Source(meta, tuple(parse(body)))


def parse(body: str) -> Iterator[Block]:
    """The blocks of a text, which blank lines separate."""
    for part in re.split(r"\n\s*\n", body.strip()):
        yield _block(part.splitlines())


def _block(lines: list[str]) -> Block:
    first, joined = lines[0], " ".join(lines)
    if first == "<<<":
        return PageBreak()
    if first.startswith("#"):
        return Heading(first.lstrip("# "), len(first) - len(first.lstrip("#")))
    if first.startswith("- "):
        return Bullets(tuple(joined[2:].split(" - ")))
    if first.startswith("> "):
        return Note(" ".join(line[2:] for line in lines))
    if first.startswith("Table: "):
        return _table(first.removeprefix("Table: "), lines[1:])
    if figure := re.fullmatch(r"!\[(.+)]\((\w+)\)", joined):
        return Figure(figure[1], figure[2])
    return Paragraph(joined)


def _table(caption: str, lines: list[str]) -> Table:
    rows = [tuple(cell.strip() for cell in line.strip().strip("|").split("|")) for line in lines]
    header, marks, *rest = rows
    return Table(
        caption,
        widths=tuple(mark.count("-") for mark in marks),
        aligns=tuple("R" if mark.endswith(":") else "L" for mark in marks),
        rows=(header, *rest),
    )
