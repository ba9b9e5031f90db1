"""Names and periods that need no line of their own: a document's title, or the question, gives
them.

A report of Apple says "we" and "the Company", and never again "Apple" and "2023". So a name, year
or quarter that the title gives is stated by each line of that document. So is a name of the
question that the document has anywhere, unless the title of another document has it: a line about
B says nothing about A.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from assistant.answering.passages.window_builder import Window
from assistant.answering.verification.claim_extraction import Stated, stated, words
from assistant.contract.evidence import Evidence
from ingest.document.model import Page
from ingest.language.dates import YEAR
from ingest.language.words import name_parts
from vectorstore.errors import LibraryError

_COVER = 5000  # characters of a first page: that of a plain text is the whole document


class GivenNames:
    """The names given for each of the documents that were read, as folded words."""

    def __init__(self, read: Sequence[Window], first_pages: Mapping[str, Page]) -> None:
        """`first_pages`: the first page of each document; what is absent is not known."""
        self._titles: dict[str, frozenset[str]] = {}
        self._known: dict[str, frozenset[str]] = {}
        self._periods: dict[str, Stated] = {}
        texts_of_all = []
        for name in dict.fromkeys(window.document for window in read):
            title = " ".join([name, name_parts(name), *_headlines(first_pages.get(name))])
            texts = [window.text for window in read if window.document == name]
            first = first_pages[name].text[:_COVER] if name in first_pages else ""
            self._titles[name] = frozenset(words(title))
            self._known[name] = self._titles[name].union(words(" ".join([*texts, first])))
            self._periods[name] = _periods(title)
            texts_of_all += [title, first, *texts]
        self._text = f" {' '.join(words(' '.join(texts_of_all)))} "

    def of_title(self, document: str) -> frozenset[str]:
        """The words of its name, and of the title on its first page."""
        return self._titles[document]

    def period(self, document: str) -> Stated:
        """The dates, years and quarters of its title."""
        return self._periods[document]

    def side_by_side(self, name: Sequence[str]) -> bool:
        """Whether the folded words of a name stand so in anything that was read."""
        return f" {' '.join(name)} " in self._text

    def of_question(self, question: str, document: str) -> frozenset[str]:
        """The words of the question that the document has, without those of other titles."""
        foreign = self._of_others(document) - self._titles[document]
        return (frozenset(words(question)) & self._known[document]) - foreign

    def speaks_of(self, named: frozenset[str], document: str) -> bool:
        """Whether a document may speak of what a sentence names, by folded words: not when they are
        in other titles and nowhere in it, unless they are in its own title, too."""
        others, own = self._of_others(document), self._titles[document]
        return not named & (others - self._known[document]) or bool(named & (own - others))

    def _of_others(self, document: str) -> frozenset[str]:
        others = (title for name, title in self._titles.items() if name != document)
        return frozenset().union(*others)


def first_pages(read: Sequence[Window], evidence: Evidence) -> dict[str, Page]:
    """The first page of each document that was read, if it is still there."""
    found = {}
    for name in dict.fromkeys(window.document for window in read):
        try:
            found[name] = evidence.page(name, 1)
        except LibraryError:  # removed while the answer was written
            continue
    return found


def _periods(title: str) -> Stated:
    found = stated(title)
    years = tuple(n for n in found.numbers if re.fullmatch(YEAR, n.digits) or n.ordinal)
    return replace(found, numbers=years)


def _headlines(page: Page | None) -> Iterator[str]:
    """The title on a first page: the lines of the largest letters, and headings of the first
    level."""
    if page is None or not page.lines:
        return
    yield page.title
    sizes = sorted(line.size for line in page.lines)
    largest = sizes[-1] if sizes[-1] > sizes[len(sizes) // 2] else 0.0
    for line in page.lines:
        if not line.hidden and (line.heading == 1 or (largest and line.size == largest)):
            yield line.text
