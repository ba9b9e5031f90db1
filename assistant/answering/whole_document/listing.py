"""Lists all items of a kind: the lists that documents have themselves, then what a model extracts.

A small model stops early, so its word that a passage has no items ends nothing: everything that was
found is read. What it names counts only when it stands on a line, and when the model, asked for it
alone, says that it is meant.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from assistant.answering.passages import window_builder
from assistant.answering.passages.window_builder import Window
from assistant.answering.whole_document.chosen_lists import Chosen, choose
from assistant.answering.whole_document.cited_draft import CitedDraft
from assistant.answering.whole_document.known_items import KnownItems
from assistant.answering.whole_document.sections import Shelf
from assistant.answering.whole_document.writer import PartWriter
from assistant.contract.facts import PartRead
from assistant.contract.reply import Reply
from assistant.i18n.translation import N_, _
from ingest.text.reflow import lists_contents
from vectorstore.library import Hit

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
    what: str, documents: Collection[str] | None, shelf: Shelf,
    writer: PartWriter, reply: Reply, draft: CitedDraft,
) -> Iterator[str]:  # fmt: skip
    """Yields the items as they are found, and adds them, cited, to `draft`. Raises Stopped."""
    hits = [h for h in shelf.passages(what, _HITS, documents) if not lists_contents(h.text)]
    known = KnownItems(draft.embedder)
    reply.activity.stage = _("Looking for lists")
    found, others = choose(what, hits, documents, shelf, writer)
    for one in found:
        yield from _shown(one, known, draft, reply)
    left = [hit for hit in hits if not any(one.holds(hit) for one in found)]
    if not writer.quotes:
        known.refuse(others)
        most = _BEHIND if found else _BATCHES
        yield from _extracted(what, left, most, shelf, writer, reply, draft, known)
    if (writer.quotes or len(hits) == _HITS) and _(_CUT) not in draft.notices:
        draft.notices.append(_(_CUT))


def _shown(one: Chosen, known: KnownItems, draft: CitedDraft, reply: Reply) -> Iterator[str]:
    kept = 0
    for item in known.new([item.text for item in one.items]):
        lines = next(i.window for i in one.items if i.text == item)
        kept += 1
        yield draft.bullet(item, lines)
    at, count = one.items[0].window, len(one.items)
    _note(reply, PartRead(at.document, at.page.number, one.about, count, count, kept, one.odds))


def _note(reply: Reply, part: PartRead) -> None:
    reply.trace.facts.parts += (part,)


def _extracted(
    what: str, hits: Sequence[Hit], most: int, shelf: Shelf,
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
        _note(reply, part)
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


def _batches(hits: Sequence[Hit], shelf: Shelf, most: int) -> tuple[list[list[Window]], list[Hit]]:
    """Passages around the hits, best first, one budget at a time and none twice; and the remaining
    hits."""
    batches: list[list[Window]] = []
    left = list(hits)
    while left and len(batches) < most:
        read = window_builder.windows(left, shelf, _BATCH)
        batches.append(read)
        left = [hit for hit in left if not any(window.holds(hit) for window in read)]
    return batches, left
