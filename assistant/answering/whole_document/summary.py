"""Summarises a document: the statements of each chapter that stand for all, word for word, and by
the model all of them in short."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from assistant.answering.whole_document.cited_draft import CitedDraft
from assistant.answering.whole_document.own_lists import own_lists
from assistant.answering.whole_document.sections import Section, Shelf, parts, passages_of
from assistant.answering.whole_document.statements import Statement, of_part, statements
from assistant.answering.whole_document.telling import shares, telling
from assistant.answering.whole_document.writer import PartWriter
from assistant.contract.facts import PartRead
from assistant.contract.reply import Reply
from assistant.i18n.translation import _
from assistant.llm import prompts
from ingest.language.words import stems

_WHOLE = 10**9  # tokens: all of a part is read
_ENOUGH = 4  # statements from which a short summary is added
_NUMBER = re.compile(
    r"^(?:(?:part|section|chapter|annex)\s+)?(?:\d+(?:\.\d+)*\.?|[A-Z]\.)\s+", re.I
)


def summarise(
    document: str, topic: frozenset[str], shelf: Shelf,
    writer: PartWriter, reply: Reply, draft: CitedDraft,
) -> Iterator[str]:  # fmt: skip
    """Yields the words as they come, and adds them, cited, to `draft`. Raises Stopped."""
    reply.activity.stage = _("Reading the document")
    found = about(parts(document, shelf, _WHOLE), topic)
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
        if short := writer.short("\n".join(stated[at].text for at in chosen), prompts.SHORT):
            yield draft.supported(short, tuple(draft.windows), "In short", "\n\n")


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


def _statements(document: str, found: Sequence[Section], shelf: Shelf) -> list[list[Statement]]:
    """What each part states."""
    pages = shelf.pages(document)
    lists = own_lists(document, pages, passages_of(document, pages))
    return [statements(part.windows, of_part(lists, part.windows)) for part in found]


def about(found: Sequence[Section], topic: frozenset[str]) -> list[Section]:
    """The parts whose headings have a word of the topic; all when none has."""
    near = [part for part in found if topic & stems(part.title)]
    return near or list(found)


def plain(title: str) -> str:
    """A heading without its number, which the text would have to state."""
    return _NUMBER.sub("", " ".join(title.split())).rstrip(" :.")
