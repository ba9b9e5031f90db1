"""What the chat model reads in a document itself, for the columns that nothing else fills.

A document is read once for all of its columns. What the model writes counts only where a line has
it word for word.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from assistant.answering.passages.window_builder import windows
from assistant.contract.outcome import Passage
from assistant.sheet.column import Column
from assistant.sheet.labels import BLANK, Labelled
from assistant.sheet.values import Value, states, values, words
from ingest.document.model import Page
from ingest.language.words import stems
from ingest.text.reflow import about_tokens
from vectorstore.federation.federated import AnyLibrary

Copy = Callable[[Sequence[Column], Sequence[Passage], threading.Event], Mapping[str, str]]
"""The words of passages that answer columns, by their heads; none where a model finds none."""
Places = Mapping[str, Sequence[Labelled]]
"""By the head of a column: the lines that have its value."""

_HITS = 6  # of each column, in a document that is too long to be read whole
_LONGEST = 12  # words of a value


@dataclass(frozen=True)
class Reader:
    """Reads documents by a model."""

    copy: Copy
    room: int  # tokens of a document that are read
    count: Callable[[str], int] = about_tokens

    def read(
        self, document: str, pages: Sequence[Page], columns: Sequence[Column],
        library: AnyLibrary, cancel: threading.Event,
    ) -> Places:  # fmt: skip
        """The values of columns with their places. Raises Stopped."""
        passages = _whole(document, pages)
        if sum(self.count(passage.text) for passage in passages) > self.room:
            passages = self._best(document, columns, library)
        said = self.copy(columns, passages, cancel) if passages else {}
        found = {one.head: _places(one, said.get(one.head, ""), pages) for one in columns}
        # A line that is to answer two columns by the same words answers one of them at most.
        wanted = Counter(_place(places[0]) for places in found.values() if places)
        return {
            head: places
            for head, places in found.items()
            if places and wanted[_place(places[0])] <= len(places)
        }

    def _best(self, document: str, columns: Sequence[Column], library: AnyLibrary) -> list[Passage]:
        """What fits the columns best, of each in turn, in the order of the document."""
        rows = [library.passages(column.question, _HITS, [document]) for column in columns]
        hits = {hit.chunk.id: hit for row in zip_longest(*rows) for hit in row if hit}
        read = windows(list(hits.values()), library, self.room, self.count)
        return [one.passage for one in sorted(read, key=lambda w: (w.page.number, w.first))]


def _whole(document: str, pages: Sequence[Page]) -> list[Passage]:
    shown = {
        page.number: "\n".join(line.text for line in page.lines if not line.hidden)
        for page in pages
    }
    return [Passage(document, number, 1.0, text) for number, text in shown.items() if text]


def _places(column: Column, said: str, pages: Sequence[Page]) -> list[Labelled]:
    """Lines that have what the model wrote, else pairs of lines between which it is wrapped."""
    value = _value(column, said)
    if value is None:
        return []
    alone = list(_stating(column, value, pages, 1))
    return alone or list(_stating(column, value, pages, 2))


def _stating(
    column: Column, value: Value, pages: Sequence[Page], rows: int
) -> Iterator[Labelled]:  # fmt: skip
    for page in pages:
        for at in range(len(page.lines) - rows + 1):
            found = Labelled(value, page, at, rows)
            text = " ".join(line.text for line in found.lines)
            shown = not any(line.hidden for line in found.lines)
            if shown and states(column.kind, value, text):
                yield found


def _place(one: Labelled) -> tuple[int, int, str]:
    return one.page.number, one.at, one.value.same


def _value(column: Column, said: str) -> Value | None:
    """The value of what the model wrote; none where it wrote the head, a blank or a sentence."""
    if BLANK.search(said) or len(said.split()) > _LONGEST:
        return None
    if column.kind == "text":
        return words(said) if stems(said) - stems(column.head) else None
    found = values(column.kind, said)
    return found[0] if len(found) == 1 else None
