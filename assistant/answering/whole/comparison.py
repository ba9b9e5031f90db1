"""Compares two documents: on one topic, or part by part where both cover the same.

What a document says is quoted from its own lines, beside what the other says of the same matter, so
that no side can be given the other's words.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from assistant.answering.evidence_units import widened
from assistant.answering.whole.requests import subject
from assistant.answering.whole.statements import (
    Section,
    Statement,
    fullness,
    parts,
    rows,
    statements,
)
from assistant.answering.whole.summary import CitedDraft, plain
from assistant.contract.facts import Compared
from assistant.contract.reply import Reply
from assistant.i18n.translation import _
from ingest.document.source import readable
from ingest.language.sentences import numbers
from ingest.language.words import name_parts, stems, telling_words
from vectorstore.embedding.embedder import nearness
from vectorstore.federation import AnyLibrary
from vectorstore.store import Vectors

# -- Finds the statements of two documents that are about the same matter

_WORDS = 0.35  # weight of the topic's words against the embedding, as for answers that quote
_OWN = 0.4  # what a statement gains by naming the document
_SHORT = 0.6  # weight of a statement that says nothing
_BEST = 24  # statements of a side that are compared
_SAME_MATTER = 0.4  # cosine
_ALIKE_WEIGHT = 1.0  # weight of how alike the two are
_SAME = 0.97  # cosine from which two say the same in the same words
_OTHER_FIGURES = 0.1  # what two statements gain that give other figures
_AGAIN = 0.93  # cosine from which a statement says what was said before


@dataclass(frozen=True)
class Side:
    """The statements of a document that are nearest to a topic, how near, and their vectors."""

    stated: tuple[Statement, ...]
    near: NDArray[np.float64]
    vectors: Vectors

    @property
    def begins(self) -> int:
        """The first page of its statements."""
        return min(line.page.number for said in self.stated for line in said.lines)


def _side(
    found: Sequence[Statement], topic: str, name: str, draft: CitedDraft, reply: Reply
) -> Side | None:
    """None where nothing is stated, and when it was stopped meanwhile. A statement with words of
    the document's `name` speaks of it as a whole, and not of a detail."""
    draft.windows += [lines for one in found if one.instructs for lines in one.lines]
    stated = [one for one in found if not one.instructs]
    vectors = draft.embedded([one.text for one in stated], reply)
    if not stated or reply.cancel.is_set():
        return None
    words = [stems(one.text) for one in stated]
    cosines = nearness(draft.embedder, vectors @ draft.embedder.query(topic))
    asked, own = stems(telling_words(topic)), stems(name_parts(name))
    near = (1 - _WORDS) * np.asarray(cosines, float)
    near += [_WORDS * len(asked & said) / max(len(asked), 1) for said in words]
    near += [_OWN * len(own & said) / max(len(own), 1) for said in words]
    near *= [_SHORT + (1 - _SHORT) * fullness(one.text) for one in stated]
    best = np.argsort(-near)[:_BEST]
    return Side(tuple(stated[at] for at in best), near[best], vectors[best])


def matched(ours: Side, theirs: Side, most: int) -> list[tuple[Statement, Statement]]:
    """At most so many pairs, the best first. Statements pair when they are near to the topic and to
    each other, and rather when they give other figures. What says it again is left out."""
    alike = np.asarray(ours.vectors @ theirs.vectors.T, float)
    given = [[numbers(one.text) for one in side.stated] for side in (ours, theirs)]
    other = np.array([[a != b for b in given[1]] for a in given[0]])
    worth = ours.near[:, None] + theirs.near[None, :] + _OTHER_FIGURES * other
    worth += np.where(
        alike >= _SAME, 0.0, _ALIKE_WEIGHT * alike
    )  # the same boilerplate in both tells nothing
    worth[alike < _SAME_MATTER] = -np.inf
    found: list[tuple[Statement, Statement]] = []
    while len(found) < most and np.isfinite(worth).any():
        i, j = np.unravel_index(int(np.argmax(worth)), worth.shape)
        found.append((ours.stated[i], theirs.stated[j]))
        worth[ours.vectors @ ours.vectors[i] >= _AGAIN, :] = -np.inf
        worth[:, theirs.vectors @ theirs.vectors[j] >= _AGAIN] = -np.inf
        worth[i, :] = worth[:, j] = -np.inf
    return found


_READ = 5000  # tokens read of each document for a topic
_HITS = 48
_ALIKE_COSINE = 0.45  # cosine from which two parts cover the same
_PARTS = 6
_ON_TOPIC, _OF_PART = 4, 2  # pairs of statements


def compare(
    pair: Sequence[str], question: str, topic: frozenset[str], shelf: AnyLibrary,
    reply: Reply, draft: CitedDraft,
) -> Iterator[str]:  # fmt: skip
    """Yields the words as they come, and adds them, cited, to `draft`. Raises Stopped."""
    if topic:
        yield from _on_topic(pair, subject(question, topic), shelf, reply, draft)
    else:
        yield from _part_by_part(pair, shelf, reply, draft)


def _on_topic(
    pair: Sequence[str], topic: str, shelf: AnyLibrary, reply: Reply, draft: CitedDraft
) -> Iterator[str]:
    reply.activity.stage = _("Reading both documents")
    sides = [_side(_found(name, topic, shelf), topic, name, draft, reply) for name in pair]
    yield from _set_against(pair, sides, ("", ""), None, _ON_TOPIC, reply, draft)


def _found(name: str, topic: str, shelf: AnyLibrary) -> list[Statement]:
    """What a document says on a topic: sentences, and rows of the tables in them."""
    read = widened(shelf.passages(topic, _HITS, [name]), shelf, _READ)
    inside = (
        row
        for window in read
        for row in rows(window.document, window.page)
        if window.first <= row.lines[0].first <= window.last
    )
    return [*statements(read), *inside]


def _set_against(
    pair: Sequence[str], sides: Sequence[Side | None], titles: tuple[str, str],
    near: float | None, most: int, reply: Reply, draft: CitedDraft,
) -> Iterator[str]:  # fmt: skip
    """Quotes what both sides state of the same matter, the one below the other."""
    ours, theirs = sides
    if ours is None or theirs is None or reply.cancel.is_set():
        return
    pairs = matched(ours, theirs, most)
    reply.trace.facts.compared += (
        Compared((pair[0], pair[1]), (ours.begins, theirs.begins), titles, near,
                 (len(ours.stated), len(theirs.stated)), len(pairs)),
    )  # fmt: skip
    for both in pairs:
        for name, said in zip(pair, both, strict=True):
            heading = f"{titles[0]}, {_short(name)}" if titles[0] else _short(name)
            yield draft.quote(said.text, said.lines, heading)


def _part_by_part(
    pair: Sequence[str], shelf: AnyLibrary, reply: Reply, draft: CitedDraft
) -> Iterator[str]:
    ours, theirs = (parts(name, shelf) for name in pair)
    pairs = aligned(ours, theirs, shelf)
    for number, (one, other, near) in enumerate(pairs, start=1):
        if reply.cancel.is_set():
            return
        of = len(pairs)
        reply.activity.stage = _("Comparing part {number} of {total}", number=number, total=of)
        sides = [
            _side(statements(part.windows), part.title, name, draft, reply)
            for name, part in zip(pair, (one, other), strict=True)
        ]
        titles = plain(one.title), plain(other.title)
        yield from _set_against(pair, sides, titles, near, _OF_PART, reply, draft)
    draft.notices += [
        *_only(pair[0], ours, [one for one, __, ___ in pairs]),
        *_only(pair[1], theirs, [other for __, other, ___ in pairs]),
    ]


def aligned(
    ours: Sequence[Section], theirs: Sequence[Section], shelf: AnyLibrary
) -> list[tuple[Section, Section, float]]:
    """Parts that are each other's nearest with their cosine, in the order of the first document. Of
    too many, the longest are taken, because nothing is more alike than two title pages."""
    if not ours or not theirs:
        return []
    embedder = shelf.embedder()
    a, b = (embedder.passages([_text_of(p) for p in side]) for side in (ours, theirs))
    cosines = nearness(embedder, a @ b.T)
    mutual = [
        (min(ours[i].tokens, theirs[j].tokens), i, int(j))
        for i, j in enumerate(np.argmax(cosines, axis=1))
        if np.argmax(cosines[:, j]) == i and cosines[i, j] >= _ALIKE_COSINE
    ]
    best = sorted(mutual, reverse=True)[:_PARTS]
    found = sorted(best, key=lambda one: one[1])
    return [(ours[i], theirs[j], round(float(cosines[i, j]), 3)) for __, i, j in found]


def _text_of(part: Section) -> str:
    return f"{part.title}\n{part.windows[0].text}" if part.windows else part.title


def _only(name: str, found: Sequence[Section], paired: Sequence[Section]) -> list[str]:
    titles = [plain(part.title) for part in found if part not in paired]
    parts = ", ".join(titles)
    return [_("Not compared, of {name}: {parts}.", name=name, parts=parts)] if titles else []


def _short(name: str) -> str:
    """Without its suffix, whose point would end a sentence: "v1 (2024).pdf"."""
    return PurePosixPath(readable(name)).stem
