"""What a receipt says: how an answer was made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from assistant.answering.gate.answerability import POINTS
from assistant.contract import asked_in
from assistant.errors import AssistantError
from ingest.document.source import readable


@dataclass(frozen=True)
class ReceiptSource:
    """A passage that was read: its hash, and that of its document's file."""

    document: str
    page: int
    passage_sha256: str  # of its text in UTF-8
    document_sha256: str  # empty for passages that were given with the question
    library: str = ""  # of the document, where several were asked


@dataclass(frozen=True)
class Receipt:
    """The record of an answer. `asked` is empty when no model took part."""

    id: str
    made: str  # ISO 8601, UTC
    answer: dict[str, Any]  # the answer document of the public contract
    asked: list[list[str]]  # [role, text]: the exact messages
    written: str  # the model's raw output
    yes_log_odds: float | None  # the odds that decided, for a refusal by the gate
    model: dict[str, Any]  # "name", "file", "sha256"; only the name where none was used
    embedding: str  # identity of the model that found the passages
    library: str  # "hr,sales" for several; empty for passages that came with the question
    generation: int  # of the library when it was asked
    settings: dict[str, Any]
    sources: list[dict[str, Any]] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    meant: str = ""  # the question as it was answered, where it completes another one
    documents: list[str] | None = None  # documents that the question was limited to; None: all
    filter: dict[str, Any] = field(default_factory=dict)  # of these, see `asked_in.to_row`
    threshold: float | None = None  # of the gate for this question; None in older receipts
    answerable: float | None = None  # the gate's probability, 0 to 1; None without a gate
    steps: list[dict[str, Any]] = field(default_factory=list)  # Step, of what has several texts
    program: list[str] = field(default_factory=list)  # of a list: operation, head of its column
    facts: dict[str, Any] = field(default_factory=dict)  # Facts; no replay compares them


def receipt_of(row: Mapping[str, Any]) -> Receipt:
    """Raises AssistantError for one that says more than this version could replay."""
    if unknown := set(row) - {known.name for known in fields(Receipt)}:
        raise AssistantError(
            f"The receipt {row['id']} was made by a newer version of Pincite (it has"
            f" {', '.join(sorted(unknown))}). Use that version."
        )
    return Receipt(**row)


def conditions(receipt: Receipt) -> dict[str, str]:
    """What a person had chosen for this question: words for people, by what they are of."""
    chosen = {}
    if receipt.documents is not None:
        chosen["asked only"] = ", ".join(map(readable, receipt.documents))
    if receipt.filter:
        chosen["asked in"] = readable(asked_in.in_words(asked_in.from_row(receipt.filter)))
    if receipt.threshold is not None:
        names = [name for name, p in POINTS.items() if p.threshold == receipt.threshold]
        below = f"refused below {receipt.threshold}"
        found = "" if receipt.answerable is None else f"; it was {receipt.answerable:.2f}"
        chosen["when unsure"] = f"{names[0]}: {below}{found}" if names else f"{below}{found}"
    return chosen


def messages(asked: Sequence[Sequence[str]]) -> Sequence[tuple[str, str]]:
    """What the model was asked, as (role, text)."""
    return [(role, text) for role, text in asked]
