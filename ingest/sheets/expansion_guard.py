"""Estimates how much text the cells of a workbook hold, before any is read.

Many cells may show one text of the file: to read them makes a copy for each, gigabytes of a small
file. Cells are counted in the bytes: to parse them takes as long as to read them.
"""

import re
from collections.abc import Iterator

from ingest.document.source import Source
from ingest.errors import UnreadableFile
from ingest.office.ooxml import Package

MOST = 20_000_000  # letters that any workbook may have, whatever its size
# Letters for each byte of its XML: .06 in the workbooks measured, 2 with a form letter in each row.
_TIMES = 20
_OF_SHEET = re.compile(rb"<(?:\w++:)?+c\b([^<>]*+)>\s*+<(?:\w++:)?+v>\s*+(\d++)")
_SHARED = re.compile(rb"""\bt\s*+=\s*+["']s["']""")
_CELL = re.compile(rb"<table:(table-row|covered-table-cell|table-cell)\b([^<>]*+)>")
_REPEATED = re.compile(rb"""number-(?:rows|columns)-repeated\s*=\s*["'](\d{1,9})["']""")

_MARKUP = re.compile(rb"<[^<>]*+>")


def check(source: Source, package: Package) -> None:
    """Raises UnreadableFile for one whose cells repeat its texts far too often."""
    if package.size("content.xml"):
        size = package.size("content.xml")
        letters = _of_ods(package.data("content.xml") or b"")
    else:
        size, letters = _of_xlsx(package)
    most = max(MOST, _TIMES * size)
    if letters > most:
        raise UnreadableFile(
            f"{source.name} is refused: its cells repeat their texts to {letters / 1e6:,.0f} MB, "
            f"more than {most / 1e6:,.0f} MB. Save it without the copies."
        )


def _of_xlsx(package: Package) -> tuple[int, int]:
    """Bytes of the sheets, and letters of the shared texts in them."""
    relations = package.relations(package.main("xl/workbook.xml")).values()
    shared = next((r.target for r in relations if r.kind == "sharedStrings"), "")
    texts = _lengths(package.data(shared) or b"") if shared else []
    size, letters = package.size(shared), 0
    for part in (r.target for r in relations if r.kind == "worksheet" and not r.outside):
        size += package.size(part)
        if max(texts, default=0) * package.size(part) // 20 > MOST:  # <c t="s"><v>0</v></c>
            letters += sum(_shown(package.data(part) or b"", texts))
    return size, letters


def _lengths(shared: bytes) -> list[int]:
    """The length of each shared text, with its markup."""
    starts = [match.start() for match in re.finditer(rb"<(?:\w+:)?si\b", shared)]
    return [end - start for start, end in zip(starts, [*starts, len(shared)][1:], strict=True)]


def _shown(sheet: bytes, texts: list[int]) -> Iterator[int]:
    for match in _OF_SHEET.finditer(sheet):
        if _SHARED.search(match[1]):
            at = int(match[2][:9])
            yield texts[at] if at < len(texts) else 0


def _of_ods(content: bytes) -> int:
    """The letters of all cells, multiplied by the declared repetitions of cell and row."""
    letters, rows, before, columns = 0, 1, 0, 0
    for match in _CELL.finditer(content):
        repeated = _REPEATED.search(match[2])
        number = int(repeated[1]) if repeated else 1
        letters += rows * columns * _shown_in(content, before, match.start(), rows * columns)
        if match[1] == b"table-row":
            rows, columns = number, 0
        else:
            columns = 0 if match[2].endswith(b"/") else number
        before = match.end()
    return letters + rows * columns * _shown_in(content, before, len(content), rows * columns)


def _shown_in(content: bytes, start: int, end: int, times: int) -> int:
    """Letters between two cells without markup, where they are repeated at all."""
    return len(_MARKUP.sub(b"", content[start:end]).strip()) if times > 1 else 0
