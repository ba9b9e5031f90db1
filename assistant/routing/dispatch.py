"""Dispatches a request: to the requested tool, else to the first specialist that takes it.

A command, a button, or the person's words and attachments request a tool: a `Router` sees the
message, the names of files and the turn before, never a document.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from assistant.answering.query.clarification import is_reply
from assistant.contract.intents import Answer
from assistant.contract.outcome import Outcome
from assistant.contract.reply import Reply
from assistant.contract.request import Request, Specialist, Tool
from assistant.conversation.completion import completed
from assistant.i18n.numbers import percent
from assistant.i18n.translation import _
from assistant.routing.classifier import classify
from assistant.routing.decision import ANSWER, Decision, Message
from assistant.routing.fill_slots import fill
from assistant.routing.slash_commands import command, extension_command
from vectorstore.embedding.embedder import Embedder

_LONGEST = 2_000  # characters: a longer message is a pasted text, and asks for no tool
_MOST = 20_000  # characters that specialists look at, each of which may search for them


class Router(Protocol):
    """Decides which tool a message without a command asks for."""

    def choose(self, message: Message, embedder: Callable[[], Embedder]) -> Decision: ...


class MessageRouter:
    """Routes by the classifier. Doubtful messages are questions to the documents, because a false
    call costs more than one that a person repeats with /draw."""

    def choose(self, message: Message, embedder: Callable[[], Embedder]) -> Decision:
        """Choose a tool. The embedder is used only for short messages with words."""
        if len(message.text) > _LONGEST:
            return ANSWER
        if not message.text.strip():
            return _unworded(message)
        guess = classify(message, embedder)
        guessed = guess.tool, guess.probability
        if guess.tool == "answer" or not guess.is_sure:
            return Decision(Answer(), guess=guessed)
        intent = fill(guess.tool, message)
        if intent is not None:
            sure = percent(guess.probability)
            why = _("likeness to known requests ({share})", share=sure)
            return Decision(intent, why, guess=guessed)
        if guess.tool == "speak":
            return Decision(Answer(), notice=_("There is no answer yet that could be read aloud."))
        return ANSWER


def _unworded(message: Message) -> Decision:
    """The decision for files without words: they are read."""
    for tool in ("describe", "clip", "transcribe") if message.files else ():
        if intent := fill(tool, message):
            return Decision(intent, _("the attached file"))
    return ANSWER


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
        self._router = router or MessageRouter()
        self._extensions_first = extensions_first

    def run(self, request: Request) -> Reply:
        """The reply of the tool that takes the request; it names that tool, and why."""
        choice = self._choose(request)
        if choice.notice:
            reply = _say(choice.notice)
        else:
            routed = replace(request, intent=choice.intent)
            reply = self._make(routed, choice.why) or self._answer(routed, choice.question)
        reply.question, reply.attached = request.question, request.files  # as typed
        reply.trace.facts.tool_guess = choice.guess
        return reply

    def _choose(self, request: Request) -> Decision:
        if request.intent is not None:
            return Decision(request.intent)
        if request.given:  # a question about given passages
            return ANSWER
        message = message_of(request)
        if found := extension_command(message, self._extensions_first) or command(message):
            return found
        last = request.history[-1] if request.history else None
        if last and last.asked_back and is_reply(request.question, last.answer):
            return ANSWER  # "the drawing" may be the name that was asked for
        return self._router.choose(message, request.evidence.embedder)

    def _make(self, request: Request, why: str) -> Reply | None:
        if isinstance(request.intent, Answer):
            return None
        offers = (maker.offer(request) for maker in self._makers)
        reply = next(filter(None, offers), None)
        if reply is not None:
            reply.intent, reply.why = request.intent, why
        return reply

    def _answer(self, request: Request, question: str) -> Reply:
        """The question completed by the reply to a clarification."""
        whole = completed(replace(request, question=question or request.question))
        specialists = self._specialists if len(whole.question) <= _MOST else ()
        offers = (specialist.offer(whole) for specialist in specialists)
        reply = next(filter(None, offers), None) or self._general.run(whole)
        reply.meant = whole.question  # as answered
        return reply


def message_of(request: Request) -> Message:
    """The router's whole input: the person's words and files, and the turn before."""
    last = request.history[-1] if request.history else None
    if last is None:
        return Message(request.question, request.files)
    return Message(request.question, request.files, last.files, last.answer, last.question)


def _say(text: str) -> Reply:
    """A sentence on commands, which no document says."""

    def work(reply: Reply) -> Iterator[str]:
        yield text
        reply.outcome = Outcome(text, grounded=False)

    return Reply("", work, "commands", "commands")
