"""Chooses the lists of documents that hold what is looked for.

The embedder draws up a shortlist, and the model is asked of each whether these are the things.
Lists of the same kind are judged alike: those far below the best one are of something else.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.answering.whole_document.own_lists import Item, OwnList, own_lists
from assistant.answering.whole_document.sections import Shelf, passages_of
from assistant.answering.whole_document.writer import PartWriter
from vectorstore.embedding.embedder import nearness
from vectorstore.library import Hit

_DOCUMENTS = 3  # that are looked through where the question names none: those of the best hits
_ASKED = 5  # lists that the model is asked about
_NEAR, _BELOW = 0.25, 0.15  # cosine, and how much below the best one: the model decides
_SURE, _UNLIKE = 2.0, 0.7  # log-odds, and how much below the best one
_ALONE, _CLOSE = 0.5, 0.05  # cosines that decide where no model is asked
_TOLD = 600  # characters of the items that tell what a list is about


@dataclass(frozen=True)
class Chosen:
    """A list that was chosen."""

    items: tuple[Item, ...]
    about: str = ""  # the words above it
    odds: float | None = None  # the model's log-odds that it is meant; None where it gives none

    def holds(self, hit: Hit) -> bool:
        """Whether a passage begins within it."""
        return any(
            (item.window.document, item.window.page.number) == (hit.document, hit.page)
            and item.window.first <= hit.chunk.last and hit.chunk.first <= item.window.last
            for item in self.items
        )  # fmt: skip


def choose(
    what: str, hits: Sequence[Hit], documents: Collection[str] | None, shelf: Shelf,
    writer: PartWriter,
) -> tuple[list[Chosen], frozenset[str]]:  # fmt: skip
    """The lists that are meant, in the order of their documents, and what the items of all others
    are called; both empty when none is meant. Raises Stopped."""
    names = list(documents or dict.fromkeys(hit.document for hit in hits))[:_DOCUMENTS]
    lists = [one for name in names for one in _lists(name, shelf)]
    near = _nearest(what, lists, shelf)
    odds = [
        writer.agreed(what, [item.text for item in one.items], one.about) for one, _ in near
    ]  # fmt: skip
    found = list(_kept([one for one, _ in near], [cosine for _, cosine in near], odds))
    others = {item.head.lower() for one in lists if one not in found for item in one.items}
    said = dict(zip([id(one) for one, _ in near], odds, strict=True))
    chosen = [Chosen(one.items, one.about, said.get(id(one))) for one in found]
    return chosen, frozenset(others if found else ())


def _lists(name: str, shelf: Shelf) -> list[OwnList]:
    pages = shelf.pages(name)
    return own_lists(name, pages, passages_of(name, pages))


def _nearest(what: str, lists: Sequence[OwnList], shelf: Shelf) -> list[tuple[OwnList, float]]:
    if not lists:
        return []
    embedder = shelf.embedder()
    asked = embedder.query(what)
    cosines = nearness(embedder, embedder.passages([_told(one) for one in lists]) @ asked)
    best = [int(at) for at in np.argsort(-cosines)[:_ASKED]]
    least = max(_NEAR, float(cosines.max()) - _BELOW)
    return [(lists[at], float(cosines[at])) for at in sorted(best) if cosines[at] >= least]


def _told(one: OwnList) -> str:
    items = "\n".join(item.text for item in one.items)
    return f"{one.about}\n{items[:_TOLD]}"


def _kept(
    lists: Sequence[OwnList], cosines: Sequence[float], odds: Sequence[float | None]
) -> Iterator[OwnList]:
    judged = [one for one in odds if one is not None]
    for one, cosine, said in zip(lists, cosines, odds, strict=True):
        if said is not None:
            meant = said >= max(_SURE, max(judged) - _UNLIKE)
        else:
            meant = cosine >= max(_ALONE, max(cosines) - _CLOSE)
        if meant:
            yield one
