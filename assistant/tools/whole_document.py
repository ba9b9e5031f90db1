"""Summaries, comparisons and lists: reads whole documents part by part, and cites them."""

from collections.abc import Iterator
from contextlib import nullcontext

from langchain_core.language_models import BaseChatModel

from assistant.answering.passages import window_builder
from assistant.answering.verification import unread_page_notices
from assistant.answering.whole_document.cited_draft import CitedDraft
from assistant.answering.whole_document.comparison import compare
from assistant.answering.whole_document.listing import list_all
from assistant.answering.whole_document.parse_request import WholeDocumentRequest, understood, what
from assistant.answering.whole_document.sections import Shelf
from assistant.answering.whole_document.summary import summarise
from assistant.answering.whole_document.writer import PartWriter
from assistant.contract.outcome import Outcome, Sentence
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.llm import prompts
from assistant.llm.model_lock import TurnTaking
from assistant.llm.token_odds import TokenOdds
from assistant.security import prompt_injection
from ingest.errors import Stopped

_CLOSEST = 4  # passages under a refusal


class Whole:
    """Takes requests for all of a document, not for a fact in it."""

    name = "whole"

    def __init__(self, model: BaseChatModel | None, model_name: str, turns: TurnTaking) -> None:
        self._model = model
        self._model_name = model_name
        self._turns = turns

    def offer(self, request: Request) -> Reply | None:
        """None when no document is named, or a fact is asked."""
        shelf = request.evidence
        if request.given or not isinstance(shelf, Shelf):
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
        self, request: Request, asked: WholeDocumentRequest, shelf: Shelf, reply: Reply
    ) -> Iterator[str]:
        draft = CitedDraft(shelf)
        writer = PartWriter(self._model, reply)
        ours = isinstance(self._model, TokenOdds)
        try:
            with self._turns.turn(reply) if ours else nullcontext():
                yield from _write(request, asked, shelf, writer, reply, draft)
        except Stopped:
            reply.cancel.set()
        if not draft.text and not reply.cancel.is_set():
            yield prompts.refusal(request.question)
            reply.outcome = _refused(request, shelf, writer)
        else:
            reply.outcome = draft.outcome(writer.tokens, reply.cancel.is_set())
        noted = unread_page_notices.noted(reply.outcome, shelf, request.alone)
        reply.outcome = prompt_injection.noted(noted)


def _refused(request: Request, shelf: Shelf, writer: PartWriter) -> Outcome:
    """A refusal with the closest passages."""
    hits = shelf.passages(request.question, _CLOSEST, request.documents)
    said = prompts.refusal(request.question)
    return Outcome(
        said, (Sentence(said, supported=False),),
        passages=tuple(window_builder.window_at(hit, shelf).passage for hit in hits), refused=True,
        prompt_tokens=writer.tokens[0], completion_tokens=writer.tokens[1],
    )  # fmt: skip


def _write(
    request: Request,
    asked: WholeDocumentRequest,
    shelf: Shelf,
    writer: PartWriter,
    reply: Reply,
    draft: CitedDraft,
) -> Iterator[str]:
    if asked.kind == "summary":
        return summarise(asked.documents[0], asked.topic, shelf, writer, reply, draft)
    if asked.kind == "comparison":
        return compare(asked.documents, request.question, asked.topic, shelf, reply, draft)
    documents = asked.documents or request.documents
    wanted = what(request.question, placed=bool(asked.documents))
    return list_all(wanted, documents, shelf, writer, reply, draft)
