"""Summaries, comparisons and lists: reads whole documents part by part, and cites them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
from langchain_core.language_models import BaseChatModel

from assistant.answering import notices
from assistant.answering.whole.comparison import compare
from assistant.answering.whole.requests import WholeDocumentRequest, understood, what
from assistant.answering.whole.statements import Item, OwnList, own_lists
from assistant.answering.whole.summary import CitedDraft, summarise
from assistant.contract.facts import Outcome, PartRead
from assistant.contract.intents import Run
from assistant.contract.reply import Event, Reply
from assistant.contract.request import Request, Tool
from assistant.errors import AssistantError
from assistant.i18n.translation import N_, _
from assistant.llm import prompts
from assistant.llm.odds import TokenOdds, TurnTaking
from assistant.security import prompt_injection
from ingest.errors import Stopped
from ingest.extensions import TOOLS, installed
from ingest.language.words import stems
from ingest.text.reflow import lists_contents
from vectorstore.embedding.embedder import nearness
from vectorstore.federation import AnyLibrary

# -- Runs a tool that an installed package adds. Such a tool is a function of a Request and a Reply,
# called as the work of any Reply is; see docs/extending.md.

Work = Callable[[Request, Reply], Iterable[str]]


class Running:
    """The tool of the intent Run: passes its text to an installed extension."""

    name = "run"

    def offer(self, request: Request) -> Reply | None:
        """The reply; None for any other intent."""
        intent = request.intent
        if not isinstance(intent, Run):
            return None
        asked = replace(request, question=intent.text)
        return Reply(
            request.question,
            lambda reply: _run_extension(intent.command, asked, reply),
            intent.command,
            intent.command,
        )


def _run_extension(name: str, request: Request, reply: Reply) -> Iterator[str]:
    """Raises AssistantError for a tool that is not there, and ExtensionFailed."""
    extension = installed(TOOLS).get(name)
    if extension is None:
        raise AssistantError(f"No installed package has a tool {name!r}.")
    work = extension.load()
    with extension.blamed():
        yield from stream(work, request, reply)


def stream(work: Work, request: Request, reply: Reply) -> Iterator[str]:
    """What the tool says, until it ends or is stopped; its text is the outcome if it sets none."""
    said: list[str] = []
    for words in work(request, reply):
        if reply.cancel.is_set():
            break
        said.append(words)
        yield words
    stopped = reply.cancel.is_set()
    reply.outcome = reply.outcome or Outcome("".join(said), grounded=False, stopped=stopped)


class Whole:
    """Takes requests for all of a document, not for a fact in it. Where it has nothing to say, the
    tool for all questions answers."""

    name = "whole"

    def __init__(
        self, model: BaseChatModel | None, model_name: str, turns: TurnTaking, otherwise: Tool
    ) -> None:
        self._model = model
        self._model_name = model_name
        self._turns = turns
        self._otherwise = otherwise

    def offer(self, request: Request) -> Reply | None:
        """The reply; None when no document is named, or for a question about a fact."""
        shelf = request.evidence
        if request.given or not isinstance(shelf, AnyLibrary):
            return None
        newest_first = sorted(shelf.documents(), key=lambda d: d.superseded_by is not None)
        names = [d.document for d in newest_first]
        asked = understood(request.question, names, request.documents, shelf.about)
        if asked is None:
            return None
        return Reply(
            request.question,
            lambda reply: self._work(request, asked, shelf, reply),
            self.name,
            self._model_name,
        )

    def _work(
        self, request: Request, asked: WholeDocumentRequest, shelf: AnyLibrary, reply: Reply
    ) -> Iterator[Event]:
        draft = CitedDraft(shelf)
        ours = isinstance(self._model, TokenOdds)
        try:
            with self._turns.turn(reply) if ours else nullcontext():
                yield from self._write(request, asked, shelf, reply, draft)
        except Stopped:
            reply.cancel.set()
        if not draft.text and not reply.cancel.is_set():
            other = self._otherwise.run(request)
            reply.tool, reply.model = other.tool, other.model
            yield from other.work(reply)
            return
        outcome = draft.outcome(reply.cancel.is_set())
        noted = notices.unread_pages_noted(outcome, shelf, request.alone)
        reply.outcome = prompt_injection.noted(noted)

    def _write(
        self, request: Request, asked: WholeDocumentRequest, shelf: AnyLibrary, reply: Reply,
        draft: CitedDraft,
    ) -> Iterator[str]:  # fmt: skip
        if asked.kind == "summary":
            [document] = asked.documents
            return summarise(document, asked.topic, shelf, self._model, reply, draft)
        if asked.kind == "comparison":
            return compare(asked.documents, request.question, asked.topic, shelf, reply, draft)
        documents = asked.documents or request.documents
        wanted = what(request.question, placed=bool(asked.documents))
        odds = self._model if isinstance(self._model, TokenOdds) else None
        return _list_all(wanted, documents, shelf, odds, reply, draft)


# -- Lists all items of a kind: those of the lists that documents have themselves
# What a model finds in running text is no item: of the lines that it added few named one
# (benchmarks/results/whole.md).

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


def _list_all(
    wanted: str, documents: Collection[str] | None, shelf: AnyLibrary,
    model: TokenOdds | None, reply: Reply, draft: CitedDraft,
) -> Iterator[str]:  # fmt: skip
    """Yields the items as they are found, each once, and adds them, cited, to `draft`; nothing
    where no list is meant. Raises Stopped."""
    reply.activity.stage = _("Looking for lists")
    known: set[frozenset[str]] = set()
    for one, odds in _choose(wanted, documents, shelf, model, reply):
        kept = {_key(item): item for item in reversed(one.items) if _key(item) not in known}
        known |= kept.keys()
        for item in reversed(kept.values()):
            yield draft.bullet(item.text, item.window)
        at, count = one.items[0].window, len(one.items)
        part = PartRead(at.document, at.page.number, one.about, count, count, len(kept), odds)
        reply.trace.facts.parts += (part,)
    if draft.text:
        draft.notices.append(_(_CUT))


def _choose(
    wanted: str, documents: Collection[str] | None, shelf: AnyLibrary,
    model: TokenOdds | None, reply: Reply,
) -> list[Judged]:  # fmt: skip
    """The lists that are meant, in the order of their documents.

    The embedder draws up a shortlist, and the model is asked of each whether these are the things.
    Lists of the same kind are judged alike: those far below the best one are of something else.
    Raises Stopped.
    """
    if not documents:
        hits = shelf.passages(wanted, _HITS)
        documents = dict.fromkeys(hit.document for hit in hits if not lists_contents(hit.text))
    names = list(documents)[:_DOCUMENTS]
    lists = [one for name in names for one in own_lists(name, shelf.pages(name))]
    near = _nearest(wanted, lists, shelf)
    if model is None:
        least = max([_ALONE, *(cosine - _CLOSE for _, cosine in near)])
        return [(one, None) for one, cosine in near if cosine >= least]
    odds = [_agreed(model, wanted, one, reply) for one, _ in near]
    lowest = max([_SURE, *(said - _UNLIKE for said in odds)])
    return [(one, said) for (one, _), said in zip(near, odds, strict=True) if said >= lowest]


def _nearest(
    wanted: str, lists: Sequence[OwnList], shelf: AnyLibrary
) -> list[tuple[OwnList, float]]:
    if not lists:
        return []
    embedder = shelf.embedder()
    asked = embedder.query(wanted)
    items = ("\n".join(item.text for item in one.items)[:_TOLD] for one in lists)
    told = [f"{one.about}\n{shown}" for one, shown in zip(lists, items, strict=True)]
    cosines = nearness(embedder, embedder.passages(told) @ asked)
    best = [int(at) for at in np.argsort(-cosines)[:_ASKED]]
    least = max(_NEAR, float(cosines.max()) - _BELOW)
    return [(lists[at], float(cosines[at])) for at in sorted(best) if cosines[at] >= least]


def _agreed(model: TokenOdds, wanted: str, one: OwnList, reply: Reply) -> float:
    """Log-odds by the model that its items are what is looked for. Raises Stopped."""
    items = "\n".join(f"• {item.text}" for item in one.items[:_SHOWN])
    asked = prompts.on_text(one.about, prompts.LISTED.format(items=items, what=wanted))
    yes, no = model.next_token_logprobs(asked, (prompts.YES, prompts.NO), reply.cancel)
    return yes - no


def _key(item: Item) -> frozenset[str]:
    """What an item is called, in whatever words it is explained."""
    return stems(item.head) or stems(item.text)
