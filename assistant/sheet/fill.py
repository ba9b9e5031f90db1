"""Fills a sheet, cell by cell; what was filled before is not asked again."""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

from assistant.answering.verifier import DEFAULT_THRESHOLD, HELPFUL, OPERATING_POINTS
from assistant.contract.asked_in import chosen
from assistant.contract.facts import Outcome
from assistant.contract.intents import Answer
from assistant.conversation.assistant import Assistant
from assistant.errors import ContextOverflow
from assistant.sheet.cell import DOUBTFUL, LACKS, READ, Cell, Column, State, blank, states
from assistant.sheet.extraction import (
    Extract,
    Labelled,
    Places,
    Reader,
    labelled,
    lacks,
    line_of,
    mentioned,
    shorten,
)
from assistant.sheet.sheet_store import SheetKey, SheetStore
from ingest.document.model import Page
from ingest.document.source import readable
from ingest.errors import PinciteError, Stopped
from vectorstore.catalog.rows import DocumentInfo
from vectorstore.catalog.tags import EVERYTHING, Filter
from vectorstore.federation import AnyLibrary

# -- A row of a sheet: one document, what is certain of it, and what the chat model reads in it


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


Show = Callable[[str, int, int | None], None]  # what is asked, the number done, the total


def documents(
    library: AnyLibrary, named: Collection[str] | None = None, within: Filter = EVERYTHING
) -> list[DocumentInfo]:
    """The named documents, else all that no newer version replaces; of these what the filter keeps.

    Raises UnknownDocument, and NothingChosen when the filter leaves no document.
    """
    every, rows = library.documents(), chosen(library, within, named)
    if rows is None:
        return [info for info in every if not info.superseded_by]
    return [info for info in every if info.document in rows]


def in_order(
    cells: Sequence[Cell], columns: Sequence[Column], rows: Sequence[DocumentInfo]
) -> list[Cell]:
    """As the columns and rows that they were asked for."""
    across = {one.head: at for at, one in enumerate(columns)}
    down = {one.document: at for at, one in enumerate(rows)}
    return sorted(cells, key=lambda cell: (down[cell.document], across[cell.head]))


@dataclass
class Sheet:
    """Questions over the documents of a library."""

    assistant: Assistant
    kept: SheetStore
    extract: Extract
    reader: Reader | None  # None without a model that reads
    model: str  # identity of who answers
    threshold: float = DEFAULT_THRESHOLD  # in conversations

    def cells(
        self, columns: Sequence[Column], rows: Sequence[DocumentInfo], *,
        cancel: threading.Event | None = None, show: Show = lambda what, done, total: None,
        anew: bool = False,
    ) -> Iterator[Cell]:  # fmt: skip
        """Each cell as soon as it is there, a document after the other: those that are left to a
        reading last, see `in_order`. `cancel` ends it within half a second; `anew` asks all
        again."""
        cancel = cancel or threading.Event()
        total, done = len(rows) * len(columns), 0
        for row in (Row(info, columns, self.assistant.library) for info in rows):
            name = readable(row.document)
            try:
                for column in columns:
                    show(f"{name}: {column.head}", done, total)
                    if cell := self._cell(row, column, cancel, anew):
                        done += 1
                        yield row.with_cell(cell)
                for column in row.left:
                    show(f"{name}: {column.head}", done, total)
                    done += 1
                    yield row.with_cell(self._read(row, column, cancel))
            except Stopped:
                return
        show("", total, total)

    def _cell(self, row: Row, column: Column, cancel: threading.Event, anew: bool) -> Cell | None:
        """None for a cell that is left to a reading."""
        key = self._key(row, column)
        if not anew and (known := self.kept.get(key)):
            return known
        if certain := row.certain[column.head]:
            return self._kept(key, certain)
        made = self._tried(row, column, lambda: self._answered(row, column, cancel), cancel)
        if made.state != "empty" or self.reader is None:
            return self._kept(key, made)
        row.left[column] = made
        return None

    def _read(self, row: Row, column: Column, cancel: threading.Event) -> Cell:
        """A cell whose question was refused."""
        empty, reader = row.left[column], self.reader
        assert reader, "no cell is left to a reading without one"
        made = self._tried(row, column, lambda: row.read(column, reader, cancel) or empty, cancel)
        return self._kept(self._key(row, column), made)

    def _tried(
        self, row: Row, column: Column, make: Callable[[], Cell], cancel: threading.Event
    ) -> Cell:
        if cancel.is_set():
            raise Stopped("Stopped before the cell was asked.")
        try:
            return make()
        except Stopped:
            raise
        except PinciteError as error:  # the others may go well, and it is asked again next time
            return blank(row.document, column, "failed", str(error))

    def _key(self, row: Row, column: Column) -> SheetKey:
        name = self.assistant.library.name
        return SheetKey(name, row.document, row.info.sha256, column, self.model)

    def _kept(self, key: SheetKey, cell: Cell) -> Cell:
        if cell.state != "failed":
            self.kept.put(key, cell)
        return cell

    def _answered(self, row: Row, column: Column, cancel: threading.Event) -> Cell:
        """By a question; empty where it is refused. A person who asks all documents expects an
        answer of most, and sees which are doubtful: less is refused than in a conversation."""
        document = row.document
        least = min(OPERATING_POINTS[HELPFUL].threshold, self.threshold)
        reply = self.assistant.ask(
            column.question, documents=[document], intent=Answer(), threshold=least
        )
        reply.cancel = cancel
        done = reply.finish()
        if done.stopped or cancel.is_set():
            raise Stopped("Stopped while the cell was asked.")
        if done.refused:
            why = " ".join(done.notices) or DOUBTFUL["empty"]
            return replace(blank(document, column, "empty", why), answer=done.text)
        made = self._of_answer(document, column, done, cancel)
        probability = reply.trace.answerable
        if probability is not None and probability < self.threshold:  # a conversation would refuse
            return replace(made, state="doubtful", why=DOUBTFUL["doubtful"])
        return made

    def _of_answer(
        self, document: str, column: Column, done: Outcome, cancel: threading.Event
    ) -> Cell:
        short = shorten(column, done, self.extract, cancel)
        sure, cited = short.sure(column), short.citation
        made = Cell(
            document, column.head, column.question, column.kind,
            "found" if sure else "doubtful", short.value.text, short.value.typed,
            short.value.unit, answer=done.text, why="" if sure else DOUBTFUL["doubtful"],
        )  # fmt: skip
        if cited is None:
            return made
        page = self.assistant.library.page(cited.document, cited.page)
        return replace(
            made, page=cited.page, line=line_of(page, short.line), quote=cited.quote,
            boxes=cited.boxes, seconds=cited.seconds,
        )  # fmt: skip
