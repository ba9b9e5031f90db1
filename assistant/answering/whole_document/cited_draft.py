"""An answer in pieces: each is attributed to the lines it was written from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from assistant.answering.passages.window_builder import Window
from assistant.answering.verification import attribution
from assistant.answering.verification.given_names import first_pages
from assistant.answering.whole_document import compared_sides
from assistant.contract.evidence import Evidence
from assistant.contract.outcome import Citation, Outcome, Sentence
from vectorstore.embedding.embedder import Embedder


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

    def add(
        self, piece: str, read: Sequence[Window], title: str = "", begins: str = "\n",
        names: Mapping[str, str] | None = None,
    ) -> str:  # fmt: skip
        """Add a piece and its passages; returns the text to show.

        A `title` stands in front of its first sentence and needs no support. `names` are the
        documents that are set against each other, by what the piece calls them.
        """
        pages = first_pages(read, self.evidence)
        sentences, citations = (
            compared_sides.ground(title, piece, read, names, self.embedder, pages)
            if names
            else attribution.ground(title, piece, read, self.embedder, pages)
        )
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
