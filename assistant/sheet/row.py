"""A row of a sheet: one document, what is certain of it, and what the chat model reads in it."""

import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property

from assistant.errors import ContextOverflow
from assistant.sheet.cell import LACKS, READ, Cell, State, blank
from assistant.sheet.column import Column
from assistant.sheet.labels import Labelled, labelled
from assistant.sheet.mentioned import lacks, mentioned
from assistant.sheet.reading import Places, Reader
from assistant.sheet.values import states
from ingest.document.model import Page
from vectorstore.catalog.catalog import DocumentInfo
from vectorstore.federation.federated import AnyLibrary


class Row:
    """A document is opened when the first of its cells is made, and read by the model at most once:
    when all columns are asked, so that what is read of it does not depend on their order."""

    def __init__(self, info: DocumentInfo, columns: Sequence[Column], library: AnyLibrary) -> None:
        self.info, self.document = info, info.document
        self.left: dict[Column, Cell] = {}  # empty after their questions; to be read
        self._columns, self._library = columns, library
        self._cells: list[Cell] = []
        self._places: Places | None = None

    def with_cell(self, cell: Cell) -> Cell:
        """Remembers a cell: its line is no other one's."""
        self._cells.append(cell)
        return cell

    @cached_property
    def _pages(self) -> Sequence[Page]:
        return self._library.pages(self.document)

    @cached_property
    def certain(self) -> Mapping[str, Cell | None]:
        """By the head, the cells that need no model: found, or known to be empty."""
        return {column.head: self._certain(column) for column in self._columns}

    def _certain(self, column: Column) -> Cell | None:
        if found := labelled(column, self._pages) or mentioned(column, self._pages):
            return self._at(column, found, "found")
        if lacks(column, self._pages):
            return blank(self.document, column, "empty", LACKS[column.kind])
        return None

    def read(self, column: Column, reader: Reader, cancel: threading.Event) -> Cell | None:
        """What the model reads for a column on a line that no other cell has the same from; it is
        doubtful. Raises Stopped."""
        if self._places is None:
            # Yes and no are not copied from a document: a model says one of them of everything.
            open_ = [
                one for one in self._columns
                if one.kind != "truth" and self.certain[one.head] is None
            ]  # fmt: skip
            self._places = {}  # also where a model's window is less than was told
            with suppress(ContextOverflow):
                self._places = reader.read(self.document, self._pages, open_, self._library, cancel)
        places = self._places.get(column.head, ())
        free = next((one for one in places if not self._taken(column, one)), None)
        return self._at(column, free, "doubtful", READ) if free else None

    def _taken(self, column: Column, place: Labelled) -> bool:
        others = [*self._cells, *filter(None, self.certain.values())]
        return any(
            (cell.page, cell.line) == (place.page.number, place.at + 1)
            and states(column.kind, place.value, cell.value)
            for cell in others
        )

    def _at(self, column: Column, found: Labelled, state: State, why: str = "") -> Cell:
        lines, value = found.lines, found.value
        return Cell(
            self.document, column.head, column.question, column.kind, state, value.text,
            value.typed, value.unit, found.page.number, found.at + 1,
            "\n".join(line.text for line in lines), tuple(line.box for line in lines),
            lines[0].seconds, why=why,
        )  # fmt: skip
