"""A cell of a sheet: its value, where it stands, and how sure it is."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from assistant.contract.outcome import place
from assistant.i18n.translation import N_
from assistant.sheet.column import Column, Kind
from assistant.sheet.values import Typed
from ingest.document.model import Box

State = Literal["found", "doubtful", "empty", "failed"]
DOUBTFUL: Mapping[State, str] = {
    "doubtful": N_("The cited lines do not state all of it, or the document hardly answers it."),
    "empty": N_("The document does not say, or the answer was held back."),
}
READ = N_("The chat model took these words from the document. See what the line says of them.")
LACKS: Mapping[Kind, str] = {
    "date": N_("The document has no date."),
    "money": N_("The document has no amount of money."),
    "time": N_("The document names no length of time."),
    "code": N_("The document has no number of such a kind."),
}


@dataclass(frozen=True)
class Cell:
    """What one document says to one question. Empty and failed cells have no value."""

    document: str
    head: str
    question: str
    kind: Kind
    state: State
    value: str = ""  # for people, as it is written in the document where it is short
    typed: Typed | None = None  # the same as a number, a date in ISO form, a truth, or words
    unit: str = ""  # of a number
    page: int = 0  # the first page is 1; 0 without a citation
    line: int = 0  # of the page; the first is 1
    quote: str = ""
    boxes: tuple[Box, ...] = ()
    seconds: float | None = None  # in a recording
    answer: str = ""  # the sentence that the value was taken from; empty for a label
    why: str = ""  # a sentence for people: why it is empty, doubtful or failed

    @property
    def place(self) -> str:
        """ "page 2, line 5"; empty without a citation."""
        if not self.page:
            return ""
        line = f", line {self.line}" if self.line and self.seconds is None else ""
        return place(self.page, self.seconds) + line

    def to_json(self) -> dict[str, Any]:
        """A row of the public JSON."""
        boxes = [[round(side, 2) for side in box] for box in self.boxes]
        return {**asdict(self), "boxes": boxes}


def from_json(row: Mapping[str, Any]) -> Cell:
    """The cell of a row; what a newer version says besides is left out."""
    known = {field.name: row[field.name] for field in fields(Cell) if field.name in row}
    return Cell(**{**known, "boxes": tuple(Box(*box) for box in row["boxes"])})


def blank(document: str, column: Column, state: State, why: str = "") -> Cell:
    """A cell without a value."""
    return Cell(document, column.head, column.question, column.kind, state, why=why)
