"""Answers as an XLSX workbook: a row for each sentence and source, and the cells of tables."""

from collections.abc import Iterator, Sequence

from assistant.export.account import Account, Source
from assistant.export.workbook import BookCell, Tab, Tone, workbook

_HEADS = ("Question", "Sentence", "Support", "Document", "Where", "Quote")
_CELLS = ("Question", "Row", "Column", "Cell")


def spreadsheet(accounts: Sequence[Account]) -> bytes:
    """An XLSX file; a sentence with several sources takes a row for each of them."""
    tabs = [Tab("Answers", _HEADS, [row for one in accounts for row in _rows(one)])]
    cells = [
        [BookCell(one.question), *(BookCell(cell[name]) for name in ("row", "column", "text"))]
        for one in accounts
        for cell in one.cells
    ]
    return workbook([*tabs, *([Tab("Cells", _CELLS, cells)] if cells else [])])


def _rows(one: Account) -> Iterator[list[BookCell]]:
    for said in one.said:
        text = "".join(piece for piece, _ in said.pieces)
        tone: Tone = "doubtful" if said.remark else ""
        for source in said.sources or (None,):
            yield [
                BookCell(one.question), BookCell(text), BookCell(said.remark, tone=tone),
                *_where(source),
            ]  # fmt: skip


def _where(source: Source | None) -> list[BookCell]:
    if source is None:
        return [BookCell(None)] * 3
    return [
        BookCell(source.document), BookCell(source.where), BookCell(source.quote),
    ]  # fmt: skip
