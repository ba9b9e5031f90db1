"""Summarises a document: the statements of each chapter that stand for all, word for word, and by
the model all of them in short.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from assistant.answering.attributor import NOTHING, Attributor
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
from assistant.llm.odds import TokenOdds
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

    def carried(self, piece: str, read: Sequence[Window]) -> bool:
        """Whether the passages carry every sentence of a piece, perhaps in other words."""
        return Attributor(NOTHING, read, self.evidence).carries(piece)

    def outcome(self, tokens: tuple[int, int], stopped: bool = False) -> Outcome:
        """The answer with its citations, and the cited pages as passages."""
        cited = {(c.document, c.page) for c in self.citations}
        passages = tuple(w.passage for w in self.windows if (w.document, w.page.number) in cited)
        return Outcome(
            self.text, tuple(self.sentences), tuple(self.citations), passages, False, stopped,
            *tokens, tuple(self.notices),
        )  # fmt: skip


# -- What the model is asked about parts of documents: to name items, to confirm them, to be short

_SPEAKS_OF = re.compile(
    r"^(?:the|this) (?:text|document|passage|section)s? (?:above )?(?:also )?"
    r"(?:states?|says?|describes?|mentions?|explains?) that\s+",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^\s*(?:[-•*–]|\d+[.)])\s")
_ITEMS = json.dumps({"type": "array", "items": {"type": "string", "maxLength": 160}})
_LIST_TOKENS, _SHORT_TOKENS = 320, 120
_SHOWN = 12  # items by which a list is judged
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


class PartWriter:
    """Asks the model, for one reply."""

    def __init__(self, model: BaseChatModel | None, reply: Reply) -> None:
        self._model = model
        self._reply = reply
        self.tokens = (0, 0)  # read and written so far

    @property
    def quotes(self) -> bool:
        """Whether sentences are quoted because there is no model."""
        return self._model is None

    def short(self, text: str) -> str:
        """A few sentences that say a text in short; empty without a model. Raises Stopped."""
        if self._model is None:
            return ""
        before = self.tokens[1]
        messages = prompts.on_text(text, prompts.SHORT)
        said = self._generated(self._model, messages, _SHORT_TOKENS)
        return _whole(said, cut=self.tokens[1] - before >= _SHORT_TOKENS)

    def items(self, what: str, read: Sequence[Window]) -> list[str]:
        """The items of a kind that passages name, perhaps none. Raises Stopped."""
        if self._model is None:
            return []
        passages = [window.passage for window in read]
        asked = prompts.on_passages(passages, prompts.LIST.format(what=what))
        return _items(self._generated(self._model, asked, _LIST_TOKENS, _ITEMS))

    def agreed(self, what: str, items: Sequence[str], read: Sequence[Window] | str) -> float | None:
        """Log-odds by the model that all items are what is looked for, given the passages or the
        words that they were read from; None when it gives none. Raises Stopped."""
        if not isinstance(self._model, TokenOdds):
            return None
        lines = "\n".join(f"• {item}" for item in items[:_SHOWN])
        check = prompts.LISTED.format(items=lines, what=what)
        asked = (
            prompts.on_text(read, check)
            if isinstance(read, str)
            else prompts.on_passages([window.passage for window in read], check)
        )
        yes, no = self._model.next_token_logprobs(
            asked, (prompts.YES, prompts.NO), self._reply.cancel
        )
        return yes - no

    def _generated(
        self, model: BaseChatModel, messages: list[BaseMessage], most: int,
        schema: str | None = None,
    ) -> str:  # fmt: skip
        """The text as the model writes it; one that cannot follow a schema is only asked to. Empty
        when it was stopped."""
        stream = Stream(model, messages, most, self._reply.cancel, schema=schema)
        text = "".join(stream)
        read, written = stream.reported
        self.tokens = self.tokens[0] + read, self.tokens[1] + written
        held = schema if stream.is_ours else None
        self._reply.trace.steps += (Step(prompts.to_rows(messages), most, stream.raw, held),)
        return "" if self._reply.cancel.is_set() else text


def _whole(text: str, cut: bool) -> str:
    """Each sentence or list item once, without a truncated last one."""
    said = (_SPEAKS_OF.sub("", part) for part in _parts(text.strip()))
    found = list(dict.fromkeys(s[0].upper() + s[1:] for s in said if s))  # it repeats itself
    if cut and len(found) > 1 and not found[-1].rstrip("\"'”’)").endswith((".", "!", "?", ":")):
        found = found[:-1]
    return "\n".join(found) if "\n" in text.strip() else " ".join(found)


def _items(text: str) -> list[str]:
    """The strings of an array, also of one that is cut; else the lines of a list."""
    if "[" in text:
        return [json.loads(f'"{found}"', strict=False) for found in _STRING.findall(text)]
    return [_BULLET.sub("", line).strip() for line in text.split("\n") if line.strip()]


def _parts(text: str) -> Iterator[str]:
    """Sentences; an item of a list is one, whatever number it begins with."""
    for line in text.split("\n"):
        yield from [line.strip()] if _BULLET.match(line) else split(line)


_ENOUGH = 4  # statements from which a short summary is added
_NUMBER = re.compile(
    r"^(?:(?:part|section|chapter|annex)\s+)?(?:\d+(?:\.\d+)*\.?|[A-Z]\.)\s+", re.I
)


def summarise(
    document: str, topic: frozenset[str], shelf: AnyLibrary,
    writer: PartWriter, reply: Reply, draft: CitedDraft,
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
    if len(chosen) >= _ENOUGH and not reply.cancel.is_set():
        reply.activity.stage = _("Putting it in short")
        if short := writer.short("\n".join(stated[at].text for at in chosen)):
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
