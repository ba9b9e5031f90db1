"""Summarises a document: a sentence or two for each part, then all in short."""

import re
from collections.abc import Iterator, Sequence

from assistant.answering.whole_document.cited_draft import CitedDraft
from assistant.answering.whole_document.sections import Section, Shelf, parts
from assistant.answering.whole_document.writer import PartWriter
from assistant.contract.reply import Reply
from assistant.llm import prompts
from ingest.language.sentences import split
from ingest.language.words import stems

_PART = 700  # tokens read of a part
_SENTENCES = 2  # for each part
_ENOUGH = 4  # parts from which a short summary is added
_NUMBER = re.compile(
    r"^(?:(?:part|section|chapter|annex)\s+)?(?:\d+(?:\.\d+)*\.?|[A-Z]\.)\s+", re.I
)


def summarise(
    document: str,
    topic: frozenset[str],
    shelf: Shelf,
    writer: PartWriter,
    reply: Reply,
    draft: CitedDraft,
) -> Iterator[str]:
    """Yields the words as they come, and adds them, cited, to `draft`. Raises Stopped."""
    found = about(parts(document, shelf, _PART), topic)
    draft.notices += left_out(found, document)
    said: list[str] = []
    for number, part in enumerate(found, start=1):
        if reply.cancel.is_set():
            return
        reply.activity.stage = f"Reading part {number} of {len(found)}"
        written = writer.write(part.title, part.windows, prompts.PART, most=100)
        text = " ".join(split(written)[:_SENTENCES])  # a small model says all it has read
        if text:
            said.append(text)
            yield draft.add(text, part.windows, plain(part.title))
    if len(said) >= _ENOUGH and not reply.cancel.is_set():
        reply.activity.stage = "Putting it in short"
        if short := writer.short("\n".join(said), prompts.SHORT):
            yield draft.add(short, tuple(draft.windows), "In short", "\n\n")


def about(found: Sequence[Section], topic: frozenset[str]) -> list[Section]:
    """The parts whose headings have a word of the topic; all when none has."""
    near = [part for part in found if topic & stems(part.title)]
    return near or list(found)


def plain(title: str) -> str:
    """A heading without its number, which the text would have to state."""
    return _NUMBER.sub("", " ".join(title.split())).rstrip(" :.")


def left_out(found: Sequence[Section], document: str) -> list[str]:
    """Says how much of a long document is read."""
    whole, read = sum(part.tokens for part in found), sum(part.read for part in found)
    if read >= whole:
        return []
    share = max(round(100 * read / whole), 1)
    return [f"{document} is long: the most telling {share} % of its parts were read for this."]
