"""Compares two documents: on one topic, or part by part where both cover the same."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import numpy as np

from assistant.answering.passages import window_builder
from assistant.answering.whole_document.cited_draft import CitedDraft
from assistant.answering.whole_document.parse_request import subject
from assistant.answering.whole_document.sections import Section, Shelf, parts
from assistant.answering.whole_document.summary import plain
from assistant.answering.whole_document.writer import PartWriter
from assistant.contract.reply import Reply
from assistant.llm import prompts
from ingest.document.source import readable
from vectorstore.embedding.embedder import nearness

_SIDE = 450  # tokens read of each document at a time
_HITS = 12
_ALIKE = 0.45  # cosine from which two parts cover the same
_PAIRS = 6

Pair = tuple[Section, Section]


def compare(
    pair: Sequence[str], question: str, topic: frozenset[str], shelf: Shelf,
    writer: PartWriter, reply: Reply, draft: CitedDraft,
) -> Iterator[str]:  # fmt: skip
    """Yields the words as they come, and adds them, cited, to `draft`. Raises Stopped."""
    if topic:
        yield from _on_topic(pair, question, topic, shelf, writer, reply, draft)
    else:
        yield from _part_by_part(pair, shelf, writer, reply, draft)


def _on_topic(
    pair: Sequence[str], question: str, topic: frozenset[str], shelf: Shelf,
    writer: PartWriter, reply: Reply, draft: CitedDraft,
) -> Iterator[str]:  # fmt: skip
    reply.activity.stage = "Reading both documents"
    wanted = subject(question, topic)
    sides = [
        window_builder.windows(shelf.passages(wanted, _HITS, [name]), shelf, _SIDE) for name in pair
    ]
    read = [window for side in sides for window in side]
    if not all(sides):
        return
    if writer.quotes:
        for name, side in zip(pair, sides, strict=True):
            yield draft.add(writer.write(question, side, ""), side, _short(name))
        return
    text = writer.write(question, read, _instruction(pair, f"this: {question}"), most=220)
    if text:
        yield draft.add(text, read, names=_names(pair))


def _part_by_part(
    pair: Sequence[str], shelf: Shelf, writer: PartWriter, reply: Reply, draft: CitedDraft
) -> Iterator[str]:
    ours, theirs = (parts(name, shelf, _SIDE) for name in pair)
    pairs = aligned(ours, theirs, shelf)
    for number, (one, other) in enumerate(pairs, start=1):
        if reply.cancel.is_set():
            return
        reply.activity.stage = f"Comparing part {number} of {len(pairs)}"
        read, title = (*one.windows, *other.windows), plain(one.title)
        if writer.quotes:
            for name, part in zip(pair, (one, other), strict=True):
                quote = writer.write(part.title, part.windows, "")
                yield draft.add(quote, part.windows, f"{title}, {_short(name)}")
            continue
        if text := writer.write(title, read, _instruction(pair, f"“{title}”")):
            yield draft.add(text, read, title, names=_names(pair))
    draft.notices += [
        *_only(pair[0], ours, [one for one, _ in pairs]),
        *_only(pair[1], theirs, [other for _, other in pairs]),
    ]


def aligned(ours: Sequence[Section], theirs: Sequence[Section], shelf: Shelf) -> list[Pair]:
    """Parts that are each other's nearest, in the order of the first document. Of too many, the
    longest are taken, because nothing is more alike than two title pages."""
    if not ours or not theirs:
        return []
    embedder = shelf.embedder()
    a, b = (embedder.passages([_text_of(p) for p in side]) for side in (ours, theirs))
    cosines = nearness(embedder, a @ b.T)
    mutual = [
        (min(ours[i].tokens, theirs[j].tokens), i, int(j))
        for i, j in enumerate(np.argmax(cosines, axis=1))
        if np.argmax(cosines[:, j]) == i and cosines[i, j] >= _ALIKE
    ]
    best = sorted(mutual, reverse=True)[:_PAIRS]
    return [(ours[i], theirs[j]) for _, i, j in sorted(best, key=lambda found: found[1])]


def _text_of(part: Section) -> str:
    return f"{part.title}\n{part.windows[0].text}" if part.windows else part.title


def _only(name: str, found: Sequence[Section], paired: Sequence[Section]) -> list[str]:
    titles = [plain(part.title) for part in found if part not in paired]
    return [f"Not compared, of {name}: {', '.join(titles)}."] if titles else []


def _instruction(pair: Sequence[str], topic: str) -> str:
    return prompts.COMPARE.format(topic=topic, first=_short(pair[0]), second=_short(pair[1]))


def _names(pair: Sequence[str]) -> dict[str, str]:
    return {_short(name): name for name in pair}


def _short(name: str) -> str:
    """Without its suffix, whose point would end a sentence: "v1 (2024).pdf"."""
    return PurePosixPath(readable(name)).stem
