"""An answer in pieces: each is attributed to the lines it was written from."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from assistant.answering.passages.window_builder import Window
from assistant.answering.verification import attribution
from assistant.answering.verification.given_names import first_pages
from assistant.contract.evidence import Evidence
from assistant.contract.outcome import Citation, Outcome, Sentence
from assistant.contract.reply import Reply
from assistant.i18n.translation import _
from vectorstore.embedding.embedder import Embedder
from vectorstore.store import Vectors

_AT_ONCE = 64  # texts embedded between two looks at Stop


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
        pages = first_pages(read, self.evidence)
        sentences, citations = attribution.ground(title, piece, read, self.embedder, pages)
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
        citation = attribution.citation_of(len(self.citations) + 1, lines, lines.score)
        for known in self.citations:
            if replace(known, mark=citation.mark, score=citation.score) == citation:
                return known.mark
        self.citations.append(citation)
        return citation.mark

    def supported(self, piece: str, read: Sequence[Window], title: str, begins: str = "\n") -> str:
        """Add the sentences of a piece that lines support in full; returns the text to show."""
        pages = first_pages(read, self.evidence)
        said, _ = attribution.ground(title, piece, read, self.embedder, pages)
        kept = " ".join(one.text for one in said if one.supported)
        return self.add(kept, read, title, begins) if kept else ""

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
        return attribution.carried(piece, read, self.embedder, first_pages(read, self.evidence))

    def outcome(self, tokens: tuple[int, int], stopped: bool = False) -> Outcome:
        """The answer with its citations, and the cited pages as passages."""
        cited = {(c.document, c.page) for c in self.citations}
        passages = tuple(w.passage for w in self.windows if (w.document, w.page.number) in cited)
        return Outcome(
            self.text, tuple(self.sentences), tuple(self.citations), passages, False, stopped,
            *tokens, tuple(self.notices),
        )  # fmt: skip
