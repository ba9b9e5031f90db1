"""An answer as it is exported: its sentences, what no line states of them, and their sources."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.contract.asked_in import from_row, in_words
from assistant.contract.facts import full_name, place
from assistant.i18n.translation import _
from ingest.document.model import ended
from ingest.document.source import readable

STOPPED = "Stopped before it was complete."
NOT_FOUND = "not found in the documents"
PARTLY = "no line states the marked words"


@dataclass(frozen=True)
class Source:
    """The lines that a sentence points to."""

    document: str
    where: str  # "page 2"; in a recording "03:12"
    quote: str

    @property
    def words(self) -> str:
        """The source in a note: `Handbook.pdf, page 2: “Thirty days of leave.”`"""
        return f"{self.document}, {self.where}: “{' '.join(self.quote.split())}”"


@dataclass(frozen=True)
class Said:
    """A sentence in pieces, each with whether lines state it, and a remark where not all is."""

    pieces: tuple[tuple[str, bool], ...]
    sources: tuple[Source, ...] = ()
    remark: str = ""


@dataclass(frozen=True)
class Account:
    """A question with its answer, as it is exported."""

    question: str
    said: tuple[Said, ...]
    notices: tuple[str, ...] = ()
    cells: tuple[Mapping[str, Any], ...] = ()  # of tables that it was computed from


def sources_of(accounts: Sequence[Account]) -> list[Source]:
    """Each once, in the order in which they are cited."""
    every = (source for one in accounts for said in one.said for source in said.sources)
    return list(dict.fromkeys(every))


def account(answer: Mapping[str, Any]) -> Account:
    """The account of an answer document. It may leave this machine: it has no file address."""
    sources = {
        row["mark"]: Source(
            readable(full_name(row)), place(row["page"], row.get("seconds")), row["quote"]
        )
        for row in answer["citations"]
    }
    stopped = [STOPPED] if answer.get("stopped") else []
    sentences = answer.get("sentences") or [{"text": answer["answer"], "supported": True}]
    tells = answer["refused"] or not answer.get("grounded", True)
    ends = ({**sentence, "text": ended(sentence["text"])} for sentence in sentences)
    said = tuple(_said(sentence, sources, bool(tells)) for sentence in ends)
    within = in_words(from_row(answer.get("filter", {})))
    asked = [_("Asked in: {filter}", filter=within)] if within else []
    notices = (*asked, *answer.get("notices", ()), *stopped)
    return Account(answer["question"], said, notices, tuple(answer.get("cells", ())))


def pieces(sentence: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """The text of a sentence in pieces, and whether lines state them."""
    text = sentence["text"]
    for word in sentence.get("unstated", ()):
        before, found, text = text.partition(word)
        yield before, True
        yield found, False
    yield text, True


def _said(sentence: Mapping[str, Any], sources: Mapping[int, Source], tells: bool) -> Said:
    """`tells`: it is a refusal, or words of a tool, which no line is to state."""
    marks: Sequence[int] = sentence.get("marks", ())
    found = tuple(sources[mark] for mark in marks if mark in sources)
    if sentence["supported"] or tells:
        return Said(((sentence["text"], True),), found)
    if not found:
        return Said(((sentence["text"], False),), (), NOT_FOUND)
    return Said(tuple(piece for piece in pieces(sentence) if piece[0]), found, PARTLY)
