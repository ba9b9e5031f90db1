"""Lists all items of a kind: those of the lists that documents have themselves.

What a model finds in running text is no item: of the lines that it added few named one
(benchmarks/results/whole.md).
"""

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from assistant.answering.whole.statements import Item, OwnList, own_lists
from assistant.answering.whole.summary import CitedDraft
from assistant.contract.facts import PartRead
from assistant.contract.reply import Reply
from assistant.i18n.translation import N_, _
from assistant.llm import prompts
from assistant.llm.odds import TokenOdds
from ingest.language.words import stems
from ingest.text.reflow import lists_contents
from vectorstore.embedding.embedder import nearness
from vectorstore.federation import AnyLibrary

_HITS = 96
_DOCUMENTS = 3  # that are looked through where the question names none: those of the best hits
_ASKED = 5  # lists that the model is asked about
_NEAR, _BELOW = 0.25, 0.15  # cosine, and how much below the best one: the model decides
_SURE, _UNLIKE = 2.0, 0.7  # log-odds, and how much below the best one
_ALONE, _CLOSE = 0.5, 0.05  # cosines that decide where no model is asked
_TOLD = 600  # characters of the items that show what a list is about
_SHOWN = 12  # items by which a list is judged
_CUT = N_("Only the passages that fit best were read: others may name more.")

Judged = tuple[OwnList, float | None]  # with the model's log-odds that it is meant, if it gives any


def list_all(
    what: str, documents: Collection[str] | None, shelf: AnyLibrary,
    model: TokenOdds | None, reply: Reply, draft: CitedDraft,
) -> Iterator[str]:  # fmt: skip
    """Yields the items as they are found, each once, and adds them, cited, to `draft`; nothing
    where no list is meant. Raises Stopped."""
    reply.activity.stage = _("Looking for lists")
    known: set[frozenset[str]] = set()
    for one, odds in choose(what, documents, shelf, model, reply):
        kept = {_key(item): item for item in reversed(one.items) if _key(item) not in known}
        known |= kept.keys()
        for item in reversed(kept.values()):
            yield draft.bullet(item.text, item.window)
        at, count = one.items[0].window, len(one.items)
        part = PartRead(at.document, at.page.number, one.about, count, count, len(kept), odds)
        reply.trace.facts.parts += (part,)
    if draft.text:
        draft.notices.append(_(_CUT))


def choose(
    what: str, documents: Collection[str] | None, shelf: AnyLibrary,
    model: TokenOdds | None, reply: Reply,
) -> list[Judged]:  # fmt: skip
    """The lists that are meant, in the order of their documents.

    The embedder draws up a shortlist, and the model is asked of each whether these are the things.
    Lists of the same kind are judged alike: those far below the best one are of something else.
    Raises Stopped.
    """
    if not documents:
        hits = shelf.passages(what, _HITS)
        documents = dict.fromkeys(hit.document for hit in hits if not lists_contents(hit.text))
    names = list(documents)[:_DOCUMENTS]
    lists = [one for name in names for one in own_lists(name, shelf.pages(name))]
    near = _nearest(what, lists, shelf)
    if model is None:
        least = max([_ALONE, *(cosine - _CLOSE for _, cosine in near)])
        return [(one, None) for one, cosine in near if cosine >= least]
    odds = [_agreed(model, what, one, reply) for one, _ in near]
    lowest = max([_SURE, *(said - _UNLIKE for said in odds)])
    return [(one, said) for (one, _), said in zip(near, odds, strict=True) if said >= lowest]


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


def _agreed(model: TokenOdds, what: str, one: OwnList, reply: Reply) -> float:
    """Log-odds by the model that its items are what is looked for. Raises Stopped."""
    items = "\n".join(f"• {item.text}" for item in one.items[:_SHOWN])
    asked = prompts.on_text(one.about, prompts.LISTED.format(items=items, what=what))
    yes, no = model.next_token_logprobs(asked, (prompts.YES, prompts.NO), reply.cancel)
    return yes - no


def _key(item: Item) -> frozenset[str]:
    """What an item is called, in whatever words it is explained."""
    return stems(item.head) or stems(item.text)
