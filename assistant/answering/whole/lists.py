"""Lists all items of a kind: the lists that documents have themselves, then what a model extracts.

A small model stops early, so its word that a passage has no items ends nothing: everything that was
found is read. What it names counts only when it stands on a line, and when the model, asked for it
alone, says that it is meant.
"""

import re
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from assistant.answering.evidence_units import Window, widened
from assistant.answering.whole.statements import (
    EXPLANATION,
    OwnList,
    own_lists,
)
from assistant.answering.whole.summary import CitedDraft, PartWriter
from assistant.contract.facts import PartRead
from assistant.contract.reply import Reply
from assistant.i18n.translation import N_, _
from ingest.language.sentences import numbers
from ingest.language.words import stems
from ingest.text.reflow import lists_contents
from vectorstore.embedding.embedder import Embedder, nearness
from vectorstore.federation import AnyLibrary
from vectorstore.retrieval.fusion import Hit

# -- Chooses the lists of documents that hold what is looked for
# The embedder draws up a shortlist, and the model is asked of each whether these are the things.
# Lists of the same kind are judged alike: those far below the best one are of something else.

_DOCUMENTS = 3  # that are looked through where the question names none: those of the best hits
_ASKED = 5  # lists that the model is asked about
_NEAR, _BELOW = 0.25, 0.15  # cosine, and how much below the best one: the model decides
_SURE, _UNLIKE = 2.0, 0.7  # log-odds, and how much below the best one
_ALONE, _CLOSE = 0.5, 0.05  # cosines that decide where no model is asked
_TOLD = 600  # characters of the items that show what a list is about


Judged = tuple[OwnList, float | None]  # with the model's log-odds that it is meant, if it gives any


def choose(
    what: str, hits: Sequence[Hit], documents: Collection[str] | None, shelf: AnyLibrary,
    writer: PartWriter,
) -> tuple[list[Judged], frozenset[str]]:  # fmt: skip
    """The lists that are meant, in the order of their documents, and what the items of all others
    are called; both empty when none is meant. Raises Stopped."""
    names = list(documents or dict.fromkeys(hit.document for hit in hits))[:_DOCUMENTS]
    lists = [one for name in names for one in own_lists(name, shelf.pages(name))]
    near = _nearest(what, lists, shelf)
    odds = [
        writer.agreed(what, [item.text for item in one.items], one.about) for one, _ in near
    ]  # fmt: skip
    found = list(_kept(near, odds))
    meant = [one for one, _ in found]
    others = {item.head.lower() for one in lists if one not in meant for item in one.items}
    return found, frozenset(others if found else ())


def _nearest(what: str, lists: Sequence[OwnList], shelf: AnyLibrary) -> list[tuple[OwnList, float]]:
    if not lists:
        return []
    embedder = shelf.embedder()
    asked = embedder.query(what)
    items = ("\n".join(item.text for item in one.items)[:_TOLD] for one in lists)
    told = [f"{one.about}\n{shown}" for one, shown in zip(lists, items, strict=True)]
    cosines = nearness(embedder, embedder.passages(told) @ asked)
    best = [int(at) for at in np.argsort(-cosines)[:_ASKED]]
    least = max(_NEAR, float(cosines.max()) - _BELOW)
    return [(lists[at], float(cosines[at])) for at in sorted(best) if cosines[at] >= least]


def _kept(near: Sequence[tuple[OwnList, float]], odds: Sequence[float | None]) -> Iterator[Judged]:
    surest = max((said for said in odds if said is not None), default=0.0)
    nearest = max((cosine for _, cosine in near), default=0.0)
    for (one, cosine), said in zip(near, odds, strict=True):
        if said is not None:
            meant = said >= max(_SURE, surest - _UNLIKE)
        else:
            meant = cosine >= max(_ALONE, nearest - _CLOSE)
        if meant:
            yield one, said


# -- The items of a list so far: each thing once, in whatever words it is said

_SAME = 0.93  # cosine of two items in other words
_TELLING = 4  # stems: between shorter items one word makes another thing


class KnownItems:
    """Knows the items that were named."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._items: list[str] = []
        self._heads: set[frozenset[str]] = set()

    def unknown(self, items: Sequence[str]) -> list[str]:
        """Those of the items that were not named before, each once."""
        found: dict[frozenset[str], str] = {}
        for item in items:
            if item and not self._heads & {_head(item), stems(item)} and not self._meant(item):
                found.setdefault(_head(item), item)
        return list(found.values())

    def new(self, items: Sequence[str]) -> list[str]:
        """As `unknown`, and remember the result as named."""
        fresh = self.unknown(items)
        self._items += fresh
        self._heads |= {key for item in fresh for key in (_head(item), stems(item))}
        return fresh

    def refuse(self, items: Collection[str]) -> None:
        """These are other things, and never new."""
        self._heads |= {stems(item) for item in items}

    def _meant(self, item: str) -> bool:
        """Whether a longer item says the same as a known one, with the same numbers."""
        alike = [
            one for one in self._items
            if min(len(stems(one)), len(stems(item))) >= _TELLING and numbers(one) == numbers(item)
        ]  # fmt: skip
        if not alike:
            return False
        cosines = self._embedder.passages(alike) @ self._embedder.passages([item])[0]
        return bool(cosines.max() >= _SAME)


def _head(item: str) -> frozenset[str]:
    """What an item is called, without the explanation behind it."""
    return stems(EXPLANATION.sub("", item)) or stems(item)


_HITS = 96
_BATCH = 700  # tokens of a batch
_BATCHES = 8
_BEHIND = 1  # batches that are read where a document has the list itself
_LONGEST = 30  # words of an item
_FEW, _WORDS = 2, 4  # items of at most so many words may share a line
_MEANT = 0.0  # log-odds from which items of a batch are meant
_CUT = N_("Only the passages that fit best were read: others may name more.")
_NONE = re.compile(r"none\b", re.IGNORECASE)


def list_all(
    what: str, documents: Collection[str] | None, shelf: AnyLibrary,
    writer: PartWriter, reply: Reply, draft: CitedDraft,
) -> Iterator[str]:  # fmt: skip
    """Yields the items as they are found, and adds them, cited, to `draft`. Raises Stopped."""
    hits = [h for h in shelf.passages(what, _HITS, documents) if not lists_contents(h.text)]
    known = KnownItems(draft.embedder)
    reply.activity.stage = _("Looking for lists")
    found, others = choose(what, hits, documents, shelf, writer)
    for one, odds in found:
        yield from _shown(one, odds, known, draft, reply)
    listed = [item.window for one, _ in found for item in one.items]
    left = [hit for hit in hits if not any(window.touches(hit) for window in listed)]
    if not writer.quotes:
        known.refuse(others)
        most = _BEHIND if found else _BATCHES
        yield from _extracted(what, left, most, shelf, writer, reply, draft, known)
    if (writer.quotes or len(hits) == _HITS) and _(_CUT) not in draft.notices:
        draft.notices.append(_(_CUT))


def _shown(
    one: OwnList, odds: float | None, known: KnownItems, draft: CitedDraft, reply: Reply
) -> Iterator[str]:
    kept = known.new([item.text for item in one.items])
    for item in kept:
        yield draft.bullet(item, next(i.window for i in one.items if i.text == item))
    at, count = one.items[0].window, len(one.items)
    part = PartRead(at.document, at.page.number, one.about, count, count, len(kept), odds)
    reply.trace.facts.parts += (part,)


def _extracted(
    what: str, hits: Sequence[Hit], most: int, shelf: AnyLibrary,
    writer: PartWriter, reply: Reply, draft: CitedDraft, known: KnownItems,
) -> Iterator[str]:  # fmt: skip
    batches, unread = _batches(hits, shelf, most)
    for number, read in enumerate(batches, start=1):
        if reply.cancel.is_set():
            return
        of = len(batches)
        reply.activity.stage = _("Reading batch {number} of {total}", number=number, total=of)
        named = [one for one in writer.items(what, read) if _is_item(one)]
        carried = [one for item in named for one in _carried(item, read, draft)]
        new = known.unknown(carried)
        odds = writer.agreed(what, new, read) if new else None
        kept = [] if odds is not None and odds < _MEANT else known.new(new)
        at = read[0]
        part = PartRead(
            at.document, at.page.number, "", len(named), len(carried), len(kept), odds
        )  # fmt: skip
        reply.trace.facts.parts += (part,)
        for item in kept:
            yield draft.add(f"• {item}", read)
    if unread and _(_CUT) not in draft.notices:
        draft.notices.append(_(_CUT))


def _is_item(text: str) -> bool:
    words = len(text.split())
    return 0 < words <= _LONGEST and not text.endswith(":") and not _NONE.match(text)


def _carried(item: str, read: Sequence[Window], draft: CitedDraft) -> list[str]:
    """The item, if lines support it; of several short ones in a line, those that occur there."""
    if draft.carried(item, read):
        return [item]
    several = item.split(", ")
    row = len(several) > _FEW and all(len(one.split()) <= _WORDS for one in several)
    return [one for one in several if row and draft.carried(one, read)]


def _batches(
    hits: Sequence[Hit], shelf: AnyLibrary, most: int
) -> tuple[list[list[Window]], list[Hit]]:
    """Passages around the hits, best first, one budget at a time and none twice; and the remaining
    hits."""
    batches: list[list[Window]] = []
    left = list(hits)
    while left and len(batches) < most:
        read = widened(left, shelf, _BATCH)
        batches.append(read)
        left = [hit for hit in left if not any(window.holds(hit) for window in read)]
    return batches, left
