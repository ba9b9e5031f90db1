"""Summaries, comparisons and lists: reads whole documents part by part, and cites them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import replace

from langchain_core.language_models import BaseChatModel

from assistant.answering import notices
from assistant.answering.whole.comparison import compare
from assistant.answering.whole.lists import list_all
from assistant.answering.whole.requests import WholeDocumentRequest, understood, what
from assistant.answering.whole.summary import CitedDraft, summarise
from assistant.contract.facts import Outcome
from assistant.contract.intents import Run
from assistant.contract.reply import Event, Reply
from assistant.contract.request import Request, Tool
from assistant.errors import AssistantError
from assistant.llm.odds import TokenOdds, TurnTaking
from assistant.security import prompt_injection
from ingest.errors import Stopped
from ingest.extensions import TOOLS, installed
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
        return list_all(wanted, documents, shelf, odds, reply, draft)
