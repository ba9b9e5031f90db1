"""Assistant: takes a question, returns a reply, and stores the conversation."""

import json
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from assistant.answering.retrieve import Budget
from assistant.answering.verifier import DEFAULT_THRESHOLD
from assistant.contract import asked_in
from assistant.contract.evidence import GivenPassages
from assistant.contract.facts import Citation, Outcome, Passage, full_name
from assistant.contract.intents import Intent
from assistant.contract.reply import Event, Reply
from assistant.contract.request import Request, Tool, Turn
from assistant.conversation.history import Conversations
from assistant.conversation.suggestions import follow_ups, offered, suggest
from assistant.llm.chat_model import ChatModel
from assistant.llm.odds import TurnTaking
from assistant.receipts.record import ReceiptWriter, Recorder
from assistant.storage.files import AnswerFiles, mentioned
from vectorstore.catalog.tags import EVERYTHING, Filter
from vectorstore.federation import AnyLibrary, Federated, apart

# -- Says of what an answer is made which library each document is of, where several were asked
# While an answer is made its documents have qualified names, which also models read; who reads the
# answer gets the library and the name apart.

Row = TypeVar("Row", Citation, Passage)


def libraries_told_apart(reply: Reply, library: AnyLibrary) -> Reply:
    """The same reply, whose outcome names the libraries."""
    if not isinstance(library, Federated):
        return reply
    work = reply.work

    def apart_at_the_end(reply: Reply) -> Iterator[Event]:
        yield from work(reply)
        if reply.outcome is not None:
            reply.outcome = _outcome(reply.outcome, library)

    reply.work = apart_at_the_end
    return reply


def qualified_turns(turns: Sequence[Turn], library: AnyLibrary) -> list[Turn]:
    """Earlier turns, whose passages are called as the evidence of the next question calls them."""
    if not isinstance(library, Federated):
        return list(turns)
    return [
        replace(
            turn,
            passages=tuple(replace(p, document=p.full_name, library="") for p in turn.passages),
        )
        for turn in turns
    ]


def _outcome(outcome: Outcome, library: Federated) -> Outcome:
    return replace(
        outcome,
        citations=tuple(_with_library(one, library) for one in outcome.citations),
        passages=tuple(_with_library(one, library) for one in outcome.passages),
        closest=tuple(_with_library(one, library) for one in outcome.closest),
    )


def _with_library(row: Row, library: Federated) -> Row:
    """What came with the question is in no library."""
    name, document = apart(row.document)
    if name not in library.libraries:
        return row
    return replace(row, document=document, library=name)


@dataclass(frozen=True)
class Answering:
    """What answers: a tool, and all that goes with its model."""

    tool: Tool
    model_name: str
    notice: str = ""  # for people, such as why there is no chat model
    writer: ReceiptWriter = field(default_factory=ReceiptWriter)  # its description in receipts
    model: ChatModel | None = None  # for texts without a question
    window: int = Budget.window  # its tokens
    turns: TurnTaking = field(default_factory=TurnTaking)  # of the model
    answerable: Callable[[Request], float] | None = None  # how probably, without the model
    # Lets the model read what it would read for a request.
    ahead: Callable[[Request, threading.Event], bool] = lambda request, cancel: False


class Assistant:
    """Answers from a library, or from several at once; may serve several conversations at once."""

    def __init__(
        self, library: AnyLibrary, how: Answering, conversations: Conversations,
        recorder: Recorder | None = None, files: AnswerFiles | None = None,
    ) -> None:  # fmt: skip
        """Without a `recorder` no receipts are kept. `files` are those of answers, which go with an
        answer that is not kept."""
        self.library, self.conversations = library, conversations
        self.model_name, self.notice = how.model_name, how.notice
        self.receipts = recorder.receipts if recorder else None
        self._how, self._recorder, self._files = how, recorder, files

    def ask(
        self,
        question: str,
        *,
        conversation: str = "",
        documents: Collection[str] | None = None,
        history: Sequence[Turn] = (),
        threshold: float | None = None,
        files: Sequence[Path] = (),
        intent: Intent | None = None,
        anyway: bool = False,
        after: int | None = None,
        within: Filter = EVERYTHING,
    ) -> Reply:
        """The reply works while it is iterated; a named conversation stores the turn afterwards.

        `documents` restricts the search, and so does the filter `within`; `history` stands in
        front of the conversation's turns; below `threshold` an answer is not given (None: as the
        settings say).
        `files` are attached; an `intent` is done, whatever the words are. With `anyway`, what would
        be refused is given, and says so. `after` a turn of the conversation (0: instead of its
        first) it begins a branch, and knows only what was said before.

        Raises UnknownDocument for a name that is not there, and NothingChosen when the filter
        leaves no document.
        """
        if conversation:  # before minutes are spent on an answer that cannot be kept
            self.conversations.check_after(conversation, after)
        request = replace(
            self._request(question, conversation, documents, history, within, after),
            threshold=threshold, files=tuple(files), intent=intent, anyway=anyway,
        )  # fmt: skip
        return self._remembered(self._how.tool.run(request), request, conversation, after)

    def prepare(
        self,
        question: str,
        cancel: threading.Event,
        *,
        conversation: str = "",
        documents: Collection[str] | None = None,
        history: Sequence[Turn] = (),
        within: Filter = EVERYTHING,
        after: int | None = None,
    ) -> bool:
        """Read ahead what an answer to this question would read, until `cancel` is set, which is
        also done when anybody asks. Nothing is kept. Returns whether it was read to the end; False
        also where a tool or a model server would answer. Raises the same as `ask`."""
        request = self._request(question, conversation, documents, history, within, after)
        return self._how.ahead(request, cancel)

    def _request(
        self, question: str, conversation: str, documents: Collection[str] | None,
        history: Sequence[Turn], within: Filter, after: int | None,
    ) -> Request:  # fmt: skip
        searched = asked_in.chosen(self.library, within, documents)
        kept = self.conversations.history(conversation, after) if conversation else []
        before = qualified_turns([*history, *kept], self.library)
        return Request(question, self.library, before, searched, within=within, named=documents)

    def ask_given(
        self, question: str, passages: Sequence[tuple[str, str]], history: Sequence[Turn] = ()
    ) -> Reply:
        """Answer from (title, text) passages alone; no library is read."""
        evidence = GivenPassages(passages, self.library.embedder())
        request = Request(question, evidence, history, given=True)
        return self._remembered(self._how.tool.run(request), request)

    def suggestions(self, limit: int = 4) -> list[str]:
        """Questions to begin with, which the documents answer and nobody has asked here; none where
        none were written yet."""
        asked = [info.title for info in self.conversations.infos()]
        return suggest(offered(self.library), limit, asked)

    def follow_ups(
        self, answer: Mapping[str, Any], asked: Sequence[str], limit: int = 3
    ) -> list[str]:
        """Questions that one might ask next, and that the cited documents answer; none after a
        refusal. `answer` as it is kept, `asked` all questions of its conversation."""
        cited = {full_name(citation) for citation in answer["citations"]}
        if answer["refused"] or not cited:
            return []
        said = f"{answer['question']} {answer['answer']}"
        return follow_ups(said, asked, offered(self.library), cited)[:limit]

    def is_answerable(self, question: str) -> bool:
        """Whether the documents seem to answer a question, as the verifier judges without the chat
        model. Raises LibraryError."""
        request = Request(question, self.library)
        judge = self._how.answerable
        return judge is not None and judge(request) >= DEFAULT_THRESHOLD

    def _remembered(
        self, reply: Reply, request: Request, conversation: str = "", after: int | None = None
    ) -> Reply:
        generation = self.library.generation() if self._recorder else 0
        known = bool(conversation) and self.conversations.has(conversation)

        def keep(done: Reply) -> None:
            turn = conversation, done.to_json(), self.library.name, after, known
            if conversation and not self.conversations.add(*turn):
                self._discard(done)  # it was deleted meanwhile: nothing of it may come back
                return
            if self._recorder and done.intent is None:  # tool output states itself how it was made
                is_kept = self._recorder.keep(done, request, self.library, generation)
                if not is_kept or (conversation and not self.conversations.has(conversation)):
                    self._recorder.receipts.delete([done.id])
                    self._discard(done)

        reply = reply if request.given else libraries_told_apart(reply, self.library)
        reply.attached, reply.within = request.files, request.within
        reply.when_done = keep
        return reply

    def _discard(self, done: Reply) -> None:
        if self._files:
            self._files.discard(mentioned([json.dumps(done.to_json())]))


# -- Messages of a person and the assistant, as other programs send them, become turns


def turns_from_messages(messages: Iterable[tuple[str, str]]) -> list[Turn]:
    """(role, text) of a person and the assistant in turn become questions with answers."""
    found: list[Turn] = []
    for role, text in messages:
        if role in ("user", "human"):
            found.append(Turn(text, ""))
        elif found:
            found[-1] = Turn(found[-1].question, text)
    return found
