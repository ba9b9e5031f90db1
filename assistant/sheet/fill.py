"""Fills a sheet, cell by cell; what was filled before is not asked again."""

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.answering.gate.answerability import HELPFUL, THRESHOLD
from assistant.contract.asked_in import chosen
from assistant.contract.intents import Answer
from assistant.contract.outcome import Outcome
from assistant.conversation.assistant import Assistant
from assistant.sheet.cell import DOUBTFUL, Cell, blank
from assistant.sheet.column import Column
from assistant.sheet.kept import SheetCells, SheetKey
from assistant.sheet.labels import line_of
from assistant.sheet.reading import Reader
from assistant.sheet.row import Row
from assistant.sheet.shorten import Extract, Short, shorten
from ingest.document.source import readable
from ingest.errors import PinciteError, Stopped
from vectorstore.catalog.catalog import DocumentInfo
from vectorstore.catalog.choosing import EVERYTHING, Filter
from vectorstore.federation.federated import AnyLibrary

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
    kept: SheetCells
    extract: Extract
    reader: Reader | None  # None without a model that reads
    model: str  # identity of who answers
    threshold: float = THRESHOLD  # of the gate, in conversations

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
        made = None if anew else self.kept.asked(key)
        made = made or self._tried(row, column, lambda: self._answered(row, column, cancel), cancel)
        if made.state != "empty" or self.reader is None:
            return self._kept(key, made)
        self.kept.put_asked(key, made)
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
        """By a question; empty where it is refused."""
        document = row.document
        reply = self.assistant.ask(
            column.question, documents=[document], intent=Answer(), threshold=self._least()
        )
        reply.cancel = cancel
        done = reply.finish()
        if done.stopped or cancel.is_set():
            raise Stopped("Stopped while the cell was asked.")
        if done.refused or done.asked_back:
            return self._empty(document, column, done)
        made = self._of_answer(document, column, done, cancel)
        return self._doubted(made) if self._below(reply.trace.answerable) else made

    def _least(self) -> float:
        """A person who asks all documents expects an answer of most, and sees which are doubtful:
        less is refused than in a conversation."""
        return min(self.assistant.points[HELPFUL].threshold, self.threshold)

    def _below(self, probability: float | None) -> bool:
        """Whether the answer would have been refused in a conversation."""
        return probability is not None and probability < self.threshold

    def _doubted(self, cell: Cell) -> Cell:
        return replace(cell, state="doubtful", why=DOUBTFUL["doubtful"])

    def _empty(self, document: str, column: Column, done: Outcome) -> Cell:
        cell = blank(document, column, "empty", " ".join(done.notices) or DOUBTFUL["empty"])
        return replace(cell, answer=done.text)

    def _of_answer(
        self, document: str, column: Column, done: Outcome, cancel: threading.Event
    ) -> Cell:
        short = shorten(column, done, self.extract, cancel)
        sure = short.sure(column)
        made = Cell(
            document, column.head, column.question, column.kind,
            "found" if sure else "doubtful", short.value.text, short.value.typed,
            short.value.unit, answer=done.text, why="" if sure else DOUBTFUL["doubtful"],
        )  # fmt: skip
        return self._placed(made, short)

    def _placed(self, cell: Cell, short: Short) -> Cell:
        cited = short.citation
        if cited is None:
            return cell
        page = self.assistant.library.page(cited.document, cited.page)
        return replace(
            cell, page=cited.page, line=line_of(page, short.line), quote=cited.quote,
            boxes=cited.boxes, seconds=cited.seconds,
        )  # fmt: skip
