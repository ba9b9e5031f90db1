"""Lists all items of a kind: reads passages in batches until no new items come."""

import re
from collections.abc import Collection, Iterator, Sequence

from assistant.answering.passages import window_builder
from assistant.answering.passages.window_builder import Window
from assistant.answering.whole_document.cited_draft import CitedDraft
from assistant.answering.whole_document.sections import Shelf
from assistant.answering.whole_document.writer import PartWriter
from assistant.contract.reply import Reply
from assistant.llm import prompts
from ingest.language.words import stems
from ingest.text.reflow import lists_contents
from vectorstore.library import Hit

_HITS = 96
_BATCH = 700  # tokens of a batch
_BATCHES = 8
_DRY = 2  # batches without a new item that end the list
_LONGEST = 30  # words of an item
_FEW, _WORDS = 2, 4  # items of at most so many words may share a line
_CUT = "Only the passages that fit best were read: others may name more."
_NONE = re.compile(r"none\b", re.IGNORECASE)
_ITEM = re.compile(r"(?:[-•*–]|\d++[.)])?+\s*+(.+)")


def list_all(
    what: str, documents: Collection[str] | None, shelf: Shelf,
    writer: PartWriter, reply: Reply, draft: CitedDraft,
) -> Iterator[str]:  # fmt: skip
    """Yields the items as they are found, and adds them, cited, to `draft`. Raises Stopped."""
    hits = shelf.passages(what, _HITS, documents)
    batches, unread = _batches([hit for hit in hits if not lists_contents(hit.text)], shelf)
    dry, known = 0, set[frozenset[str]]()
    for number, read in enumerate(batches, start=1):
        if reply.cancel.is_set() or dry == _DRY:
            return
        reply.activity.stage = f"Reading batch {number} of {len(batches)}"
        found = items(writer.write(what, read, prompts.LIST.format(what=what), most=220))
        fresh = {stems(item): item for item in reversed(found) if stems(item) not in known}
        said = [one for item in reversed(fresh.values()) for one in _carried(item, read, draft)]
        new = [one for one in said if stems(one) not in known]
        known |= set(map(stems, new))  # other batches may hold what this one does not
        dry = 0 if new else dry + 1
        for item in new:
            yield draft.add(f"• {item}", read)
    if dry < _DRY and (unread or len(hits) == _HITS):
        draft.notices.append(_CUT)


def items(text: str) -> list[str]:
    """The lines of a list, without their bullets."""
    found = [match[1] for line in text.split("\n") if (match := _ITEM.match(line.strip()))]
    return [item for item in found if not _NONE.match(item) and _short(item)]


def _carried(item: str, read: Sequence[Window], draft: CitedDraft) -> list[str]:
    """The item, if lines support it; of several short ones in a line, those that occur there."""
    if draft.carried(item, read):
        return [item]
    several = item.split(", ")
    row = len(several) > _FEW and all(len(one.split()) <= _WORDS for one in several)
    return [one for one in several if row and draft.carried(one, read)]


def _short(item: str) -> bool:
    return len(item.split()) <= _LONGEST and not item.endswith(":")


def _batches(hits: Sequence[Hit], shelf: Shelf) -> tuple[list[list[Window]], list[Hit]]:
    """Passages around the hits, best first, one budget at a time and none twice; and the remaining
    hits."""
    batches: list[list[Window]] = []
    left = list(hits)
    while left and len(batches) < _BATCHES:
        read = window_builder.windows(left, shelf, _BATCH)
        batches.append(read)
        left = [hit for hit in left if not any(window.holds(hit) for window in read)]
    return batches, left
