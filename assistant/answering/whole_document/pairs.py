"""Finds the statements of two documents that are about the same matter."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.answering.whole_document.cited_draft import CitedDraft
from assistant.answering.whole_document.statements import Statement, fullness
from ingest.language.sentences import numbers
from ingest.language.words import name_parts, stems, telling
from vectorstore.embedding.embedder import nearness
from vectorstore.store import Vectors

_WORDS = 0.35  # weight of the topic's words against the embedding, as for answers that quote
_OWN = 0.4  # what a statement gains by naming the document
_SHORT = 0.6  # weight of a statement that says nothing
_BEST = 24  # statements of a side that are compared
_SAME_MATTER = 0.4  # cosine
_ALIKE = 1.0  # weight of how alike the two are
_SAME = 0.97  # cosine from which two say the same in the same words
_OTHER_FIGURES = 0.1  # what two statements gain that give other figures
_AGAIN = 0.93  # cosine from which a statement says what was said before


@dataclass(frozen=True)
class Side:
    """What a document states, how near each is to the topic, and the vectors."""

    stated: tuple[Statement, ...]
    near: NDArray[np.float64]
    vectors: Vectors

    @classmethod
    def of(
        cls, stated: Sequence[Statement], topic: str, name: str, vectors: Vectors, draft: CitedDraft
    ) -> "Side":
        """The statements that are nearest to a topic; none when embedding them was stopped.

        One with words of the document's `name` speaks of it as a whole, and not of a detail."""
        if not stated or len(vectors) != len(stated):
            return cls((), np.zeros(0), np.zeros((0, 0), np.float32))
        cosines = nearness(draft.embedder, vectors @ draft.embedder.query(topic))
        asked = stems(telling(topic))
        said = [len(asked & stems(one.text)) / max(len(asked), 1) for one in stated]
        near = (1 - _WORDS) * np.asarray(cosines, float) + _WORDS * np.asarray(said)
        own = stems(name_parts(name))
        near += [_OWN * len(own & stems(one.text)) / max(len(own), 1) for one in stated]
        near *= [_SHORT + (1 - _SHORT) * fullness(one.text) for one in stated]
        best = np.argsort(-near)[:_BEST]
        return cls(tuple(stated[at] for at in best), near[best], vectors[best])


def matched(ours: Side, theirs: Side, most: int) -> list[tuple[Statement, Statement]]:
    """At most so many pairs, the best first. Statements pair when they are near to the topic and to
    each other, and rather when they give other figures. What says it again is left out."""
    alike = np.asarray(ours.vectors @ theirs.vectors.T, float)
    other = np.array([[_differ(a, b) for b in theirs.stated] for a in ours.stated])
    worth = ours.near[:, None] + theirs.near[None, :] + _OTHER_FIGURES * other
    worth += np.where(
        alike >= _SAME, 0.0, _ALIKE * alike
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


def _differ(one: Statement, other: Statement) -> bool:
    return numbers(one.text) != numbers(other.text)
