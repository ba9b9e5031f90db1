"""Dispatches a request: to the requested tool, else to the first specialist that takes it.

What is wished for is told by a command, a button, or the person's words and attachments: a
`Router` sees the message, the names of files and the conversation, never a document.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from assistant.answering.query.clarification import is_reply
from assistant.contract.intents import Answer
from assistant.contract.outcome import Outcome
from assistant.contract.reply import Reply
from assistant.contract.request import Request, Specialist, Tool
from assistant.conversation.completion import completed
from assistant.routing.classifier import Likeness
from assistant.routing.decision import ANSWER, Choice, Said
from assistant.routing.rules import cascade
from assistant.routing.slash_commands import extension_command
from vectorstore.embedding.embedder import Embedder
from vectorstore.errors import LibraryError


class Router(Protocol):
    """Chooses the intent of a message."""

    def choose(self, said: Said, embedder: Callable[[], Embedder]) -> Choice: ...


class Rules:
    """By commands and rules on words; where these find nothing, by likeness to known messages."""

    def __init__(self, likeness: Likeness | None = None) -> None:
        self._likeness = likeness

    def choose(self, said: Said, embedder: Callable[[], Embedder]) -> Choice:
        found = cascade.choose(said)
        if self._likeness is None or found.told or not cascade.is_open(found, said):
            return found
        with suppress(LibraryError):  # no embedding model: a picture can be described without one
            return self._likeness.choose(said, embedder) or found
        return found


class Choosing:
    """Sends an intent to its tool. For questions to the documents, specialists are tried in order,
    and the general answer is last."""

    name = "choosing"

    def __init__(
        self,
        specialists: Sequence[Specialist],
        general: Tool,
        makers: Sequence[Specialist] = (),
        router: Router | None = None,
        extensions_first: Collection[str] = (),
    ) -> None:
        """`makers` are the tools for intents other than an answer. `extensions_first` names the
        commands that an extension takes from a built-in tool."""
        self._specialists = tuple(specialists)
        self._general = general
        self._makers = tuple(makers)
        self._router = router or Rules()
        self._extensions_first = extensions_first

    def run(self, request: Request) -> Reply:
        """The reply of the tool that takes the request; it names that tool, and why."""
        choice = self._chosen(request)
        if choice.told:
            reply = _telling(choice.told)
        else:
            wished = replace(request, wish=choice.wish)
            reply = self._made(wished, choice.why) or self._answered(wished, choice.question)
        reply.question, reply.attached = request.question, request.files  # as typed
        return reply

    def _chosen(self, request: Request) -> Choice:
        if request.wish is not None:
            return Choice(request.wish)
        if request.given:  # somebody asks of passages
            return ANSWER
        last = request.history[-1] if request.history else None
        if last and last.asked_back and is_reply(request.question, last.answer):
            return ANSWER  # "the drawing" may be the name that was asked for
        message = said(request)
        return extension_command(message, self._extensions_first) or self._router.choose(
            message, request.evidence.embedder
        )

    def _made(self, request: Request, why: str) -> Reply | None:
        if isinstance(request.wish, Answer):
            return None
        offers = (maker.offer(request) for maker in self._makers)
        reply = next(filter(None, offers), None)
        if reply is not None:
            reply.wish, reply.why = request.wish, why
        return reply

    def _answered(self, request: Request, question: str) -> Reply:
        """What answers a question back is asked together with the question that was unclear."""
        whole = completed(replace(request, question=question or request.question))
        offers = (specialist.offer(whole) for specialist in self._specialists)
        reply = next(filter(None, offers), None) or self._general.run(whole)
        reply.meant = whole.question  # as answered
        return reply


def said(request: Request) -> Said:
    """The router's whole input: the person's message and the turn before."""
    last = request.history[-1] if request.history else None
    if last is None:
        return Said(request.question, request.files)
    return Said(request.question, request.files, last.files, last.answer, last.question)


def _telling(text: str) -> Reply:
    """A reply about commands, which is in no document."""

    def work(reply: Reply) -> Iterator[str]:
        yield text
        reply.outcome = Outcome(text, grounded=False)

    return Reply("", work, "commands", "commands")
