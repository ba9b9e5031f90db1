"""Summarises a document: the statements of each chapter that stand for all, word for word, and by
the model all of them in short.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np
from langchain_core.language_models import BaseChatModel

from assistant.answering.attributor import Attributor
from assistant.answering.evidence_units import Window
from assistant.answering.whole.statements import (
    Section,
    Statement,
    of_part,
    own_lists,
    parts,
    shares,
    statements,
    telling,
)
from assistant.answering.write import Stream
from assistant.contract.evidence import Evidence
from assistant.contract.facts import Citation, Outcome, PartRead, Sentence
from assistant.contract.reply import Reply, Step
from assistant.i18n.translation import _
from assistant.llm import prompts
from ingest.language.sentences import split
from ingest.language.words import stems
from vectorstore.embedding.embedder import Embedder
from vectorstore.federation import AnyLibrary
from vectorstore.retrieval.search_query import SearchQuery
from vectorstore.store import Vectors

# -- An answer in pieces: each is attributed to the lines it was written from

_AT_ONCE = 64  # texts embedded between two looks at Stop
_IN_SHORT = "In short"


@dataclass
class CitedDraft:
    """Grows piece by piece; `outcome` is the answer so far."""

    evidence: Evidence
    text: str = ""
    sentences: list[Sentence] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)  # that citations come from
    notices: list[str] = field(default_factory=list)  # notices for people
    tokens: tuple[int, int] = (0, 0)  # that a model read, and wrote

    @property
    def embedder(self) -> Embedder:
        return self.evidence.embedder()

    def add(self, piece: str, read: Sequence[Window], title: str = "", begins: str = "\n") -> str:
        """Add a piece and its passages; returns the text to show.

        A `title` stands in front of its first sentence and needs no support.
        """
        sentences, citations = Attributor(SearchQuery(title), read, self.evidence).attribute(piece)
        first = len(self.citations)
        marks = {c.mark: first + at for at, c in enumerate(citations, start=1)}
        self.citations += [replace(c, mark=marks[c.mark]) for c in citations]
        self.windows += [window for window in read if window not in self.windows]
        for at, sentence in enumerate(sentences):
            text = f"{title}: {sentence.text}" if title and not at else sentence.text
            numbered = tuple(sorted(marks[mark] for mark in sentence.marks))
            self.sentences.append(replace(sentence, text=text, marks=numbered))
        shown = f"{begins if self.text else ''}{f'{title}: ' if title else ''}{piece}"
        self.text += shown
        return shown

    def quote(self, text: str, lines: Sequence[Window], title: str = "") -> str:
        """Add a text that these lines state, in a line of its own or, without a `title`, behind the
        last one; returns what to show."""
        said = f"{title}: {text}" if title else text
        return self._stated(said, lines, ("\n" if title else " ") if self.text else "")

    def bullet(self, item: str, lines: Window) -> str:
        """Add an item of a list that these lines state; returns what to show."""
        return self._stated(f"• {item}", [lines], "\n" if self.text else "")

    def _stated(self, said: str, lines: Sequence[Window], joint: str) -> str:
        marks = {self._mark(window) for window in lines}
        self.sentences.append(Sentence(said, True, tuple(sorted(marks))))
        self.windows += [window for window in lines if window not in self.windows]
        self.text += f"{joint}{said}"
        return f"{joint}{said}"

    def _mark(self, lines: Window) -> int:
        """The mark of lines; those that are cited already keep theirs."""
        citation = lines.citation(len(self.citations) + 1, lines.score)
        for known in self.citations:
            if replace(known, mark=citation.mark, score=citation.score) == citation:
                return known.mark
        self.citations.append(citation)
        return citation.mark

    def in_short(self, piece: str) -> str:
        """Add those sentences of a piece that the cited lines support in full, below all others;
        returns the text to show."""
        read = tuple(self.windows)
        said, _ = Attributor(SearchQuery(_IN_SHORT), read, self.evidence).attribute(piece)
        kept = " ".join(one.text for one in said if one.supported)
        return self.add(kept, read, _IN_SHORT, "\n\n") if kept else ""

    def embedded(self, texts: Sequence[str], reply: Reply) -> Vectors:
        """Their vectors, with progress; fewer when it was stopped meanwhile."""
        found: list[Vectors] = []
        for start in range(0, len(texts), _AT_ONCE):
            if reply.cancel.is_set():
                break
            done = round(100 * start / len(texts))
            reply.activity.stage = _("Weighing what it states: {done} %", done=done)
            found.append(self.embedder.passages(texts[start : start + _AT_ONCE]))
        return np.concatenate(found) if found else np.zeros((0, 0), np.float32)

    def outcome(self, stopped: bool = False) -> Outcome:
        """The answer with its citations, and the cited pages as passages."""
        cited = {(c.document, c.page) for c in self.citations}
        passages = tuple(w.passage for w in self.windows if (w.document, w.page.number) in cited)
        return Outcome(
            self.text, tuple(self.sentences), tuple(self.citations), passages, False, stopped,
            *self.tokens, tuple(self.notices),
        )  # fmt: skip


# -- What the model is asked: to be short

_SPEAKS_OF = re.compile(
    r"^(?:the|this) (?:text|document|passage|section)s? (?:above )?(?:also )?"
    r"(?:states?|says?|describes?|mentions?|explains?) that\s+",
    re.IGNORECASE,
)
_SHORT_TOKENS = 120


def _short(model: BaseChatModel, text: str, reply: Reply, draft: CitedDraft) -> str:
    """A few sentences that say a text in short; empty when it was stopped. Raises Stopped."""
    messages = prompts.on_text(text, prompts.SHORT)
    stream = Stream(model, messages, _SHORT_TOKENS, reply.cancel)
    said = "".join(stream)
    draft.tokens = stream.reported
    reply.trace.steps += (Step(prompts.to_rows(messages), _SHORT_TOKENS, stream.raw),)
    if reply.cancel.is_set():
        return ""
    sentences = [_SPEAKS_OF.sub("", one) for one in split(said)]
    found = list(dict.fromkeys(s[0].upper() + s[1:] for s in sentences if s))  # it repeats itself
    whole = len(found) < 2 or found[-1].rstrip("\"'”’)").endswith(_ENDS)
    cut = draft.tokens[1] >= _SHORT_TOKENS and not whole
    return " ".join(found[:-1] if cut else found)


_ENDS = (".", "!", "?", ":")
_ENOUGH = 4  # statements from which a short summary is added
_NUMBER = re.compile(
    r"^(?:(?:part|section|chapter|annex)\s+)?(?:\d+(?:\.\d+)*\.?|[A-Z]\.)\s+", re.I
)


def summarise(
    document: str, topic: frozenset[str], shelf: AnyLibrary,
    model: BaseChatModel | None, reply: Reply, draft: CitedDraft,
) -> Iterator[str]:  # fmt: skip
    """Yields the words as they come, and adds them, cited, to `draft`. Raises Stopped."""
    reply.activity.stage = _("Reading the document")
    found = about(parts(document, shelf), topic)
    each = _statements(document, found, shelf)
    told = [one for some in each for one in some if one.instructs]  # a notice names them
    draft.windows += [lines for one in told for lines in one.lines]
    stated = [one for some in each for one in some if not one.instructs]
    of = [number for number, some in enumerate(each) for one in some if not one.instructs]
    vectors = draft.embedded([one.text for one in stated], reply)
    if reply.cancel.is_set():
        return
    lines = [line.text for page in shelf.pages(document) for line in page.lines]
    chosen = telling(stated, of, shares([part.tokens for part in found]), vectors, lines)
    reply.trace.facts.parts = _facts(document, found, of, chosen)
    for part, run in groupby(chosen, key=lambda at: of[at]):
        title = _title(found, part)
        for first, at in enumerate(run):
            yield draft.quote(stated[at].text, stated[at].lines, "" if first else title)
    if model is not None and len(chosen) >= _ENOUGH and not reply.cancel.is_set():
        reply.activity.stage = _("Putting it in short")
        text = "\n".join(stated[at].text for at in chosen)
        if short := _short(model, text, reply, draft):
            yield draft.in_short(short)


def _facts(
    document: str, found: Sequence[Section], of: Sequence[int], chosen: Sequence[int]
) -> tuple[PartRead, ...]:
    """`of` has the part of each statement, `chosen` the statements of the summary."""
    stated, kept = Counter(of), Counter(of[at] for at in chosen)
    return tuple(
        PartRead(
            document, part.windows[0].page.number, plain(part.title), stated[at], stated[at],
            kept[at],
        )
        for at, part in enumerate(found) if part.windows
    )  # fmt: skip


def _title(found: Sequence[Section], part: int) -> str:
    """The title of a part; with its page where the part before has the same."""
    title, page = plain(found[part].title), found[part].windows[0].page.number
    again = part and plain(found[part - 1].title) == title
    return f"{title}, from page {page}" if again else title


def _statements(
    document: str, found: Sequence[Section], shelf: AnyLibrary
) -> list[list[Statement]]:
    """What each part states."""
    lists = own_lists(document, shelf.pages(document))
    return [statements(part.windows, of_part(lists, part.windows)) for part in found]


def about(found: Sequence[Section], topic: frozenset[str]) -> list[Section]:
    """The parts whose headings have a word of the topic; all when none has."""
    near = [part for part in found if topic & stems(part.title)]
    return near or list(found)


def plain(title: str) -> str:
    """A heading without its number, which the text would have to state."""
    return _NUMBER.sub("", " ".join(title.split())).rstrip(" :.")
