"""A question becomes a cited answer in six stages: retrieve, pack, write, verify, attribute and
check. What is written is verified once its first sentence is complete, before anybody sees it,
unless any answer is wanted.
"""

import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from time import perf_counter

from langchain_core.language_models import BaseChatModel

from assistant.answering import notices, verifier
from assistant.answering.attributor import Attributor
from assistant.answering.evidence_units import Quoted
from assistant.answering.retrieve import Budget, Context, Retriever, note_search
from assistant.answering.verifier import Gate, Verifier
from assistant.answering.write import Written, expected_words, write
from assistant.contract.facts import Citation, Outcome, Sentence
from assistant.contract.reply import Closest, Event, Reply
from assistant.contract.request import Request
from assistant.errors import ModelUnusable
from assistant.i18n.translation import _, ngettext
from assistant.llm import prompts
from assistant.llm.odds import TokenOdds, TurnTaking, token_counter
from assistant.security import prompt_injection
from assistant.security.untrusted_text import AddressFilter
from ingest.errors import Stopped
from ingest.text.reflow import one_line
from vectorstore.embedding.embedder import is_multilingual
from vectorstore.federation import AnyLibrary
from vectorstore.retrieval.rerank import Reader, Reranker

EXTRACTIVE = "extractive"  # the name of no model
_SHOWN = 2  # lines that a refusal shows


class AnswerTool:
    """Answers with a chat model, or by quoting the best sentences where there is none."""

    name = "answer"

    def __init__(
        self,
        model: BaseChatModel | None,
        budget: Budget,
        threshold: float = verifier.DEFAULT_THRESHOLD,
        model_name: str = EXTRACTIVE,
        turns: TurnTaking | None = None,
        reranker: Reranker | None = None,
        reader: Reader | None = None,
    ) -> None:
        """`threshold`: an answer is not given when the probability that it is right is below it.
        `reranker` decides about the order of hits, where there is one, and else `reader`. `turns`
        are shared with other tools that write with the same model."""
        self._model = model
        self._count = token_counter(model)
        self._turns = turns or TurnTaking()
        self._most, self._reader, self._threshold = budget.answer, reader, threshold
        self.retriever = Retriever(budget, self._count, reranker, reader)
        self.model_name = model_name
        self._ahead: tuple[object, Context] | None = None  # what was read ahead, for one answer

    def run(self, request: Request) -> Reply:
        """The reply starts working when it is iterated."""
        return Reply(
            request.question, lambda reply: self._work(request, reply), self.name, self.model_name
        )

    def answerable(self, request: Request) -> float:
        """How probable it is that the documents answer, without the chat model, 0 to 1. Raises the
        same as `Retriever.retrieve`."""
        context = self.retriever.retrieve(request)
        best = context.best
        return self._verifier(context).verify_quoted(best[0]).probability if best else 0.0

    def prepare(self, request: Request, cancel: threading.Event) -> bool:
        """Let a model in this process read what it would read for an answer, so that the same
        question finds it in the model's cache. Nothing is written; what was read is forgotten at
        the next question, and whoever asks stops it. Returns whether it was read to the end.
        Raises the same as `Retriever.retrieve` and the model."""
        if not isinstance(self._model, TokenOdds) or not self._turns.ahead(cancel):
            return False
        same = _same(request)  # before the search: what changes meanwhile makes it another request
        context = self.retriever.retrieve(request)
        try:
            if context.is_unsure:
                expected = expected_words(self._model, context.question.text, cancel)
                context = self.retriever.retrieve(request, expected)
            if not context.windows or cancel.is_set():
                return False
            self._ahead = same, context
            self._model.next_token_logprobs(context.messages(), ["."], cancel)
        except Stopped:
            return False
        return True

    def hurry(self) -> None:
        """Stop what is read ahead: somebody asks, whatever tool answers."""
        self._turns.hurry()

    def _work(self, request: Request, reply: Reply) -> Iterator[Event]:
        self.hurry()
        reply.activity.stage = _("Searching")
        with reply.trace.facts.timed("retrieve"):
            if (ahead := self._known(request)) is not None:
                context = ahead
            else:
                context = self.retriever.retrieve(request)
                if self._model is not None and context.is_unsure:
                    yield _closest(context.best)  # while people wait for the model
                    expected = self._expected(self._model, context.question.text, reply)
                    context = self.retriever.retrieve(request, expected) if expected else context
            note_search(reply.trace.facts, context, request.query.parts, self._count)
        checked = self._verifier(context, request.threshold)
        gate = Gate(checked, request.anyway, reply)
        outcome = yield from self._answer(context, gate, reply)
        with reply.trace.facts.timed("check"):
            outcome = notices.unread_pages_noted(outcome, request.evidence, request.alone)
            reply.outcome = prompt_injection.noted(outcome, context.left_out)

    def _known(self, request: Request) -> Context | None:
        """What was read ahead, where it was for this request and nothing has changed since."""
        ahead, self._ahead = self._ahead, None
        return ahead[1] if ahead and ahead[0] == _same(request) else None

    def _expected(self, model: BaseChatModel, question: str, reply: Reply) -> str:
        """Words that the chat model expects beside the answer. A model that cannot be asked is
        reported where it is to write the answer."""
        with suppress(Stopped, ModelUnusable), self._turn(reply):
            reply.activity.stage = _("Looking for other words to search with")
            return expected_words(model, question, reply.cancel)
        return ""

    def _answer(
        self, context: Context, gate: Gate, reply: Reply
    ) -> Generator[Event, None, Outcome]:
        """Yields the text. The closest lines are shown first, because a model takes seconds to
        read."""
        written = None
        if context.windows and not reply.cancel.is_set():
            yield _closest(context.best)
        if reply.cancel.is_set():
            return Outcome("", stopped=True, passages=context.passages)
        if self._model is not None and context.windows:
            try:
                written = yield from self._written(self._model, context, gate, reply)
            except Stopped:
                return Outcome("", stopped=True, passages=context.passages)
        if written is None:
            given = bool(context.best) and gate.gives(context.best[0])
            outcome = _quoted(context) if given else refusal(context)
            yield outcome.text
        else:
            reply.activity.stage = _("Citing")
            with reply.trace.facts.timed("attribute"):
                outcome = attributed(written, context, bool(reply.trace.withheld))
            if outcome.refused:
                yield outcome.text
        if not gate.doubts(outcome):
            return outcome
        told = dict.fromkeys((*outcome.notices, _(notices.UNSURE)))
        return replace(outcome, notices=tuple(told))

    def _written(
        self, model: BaseChatModel, context: Context, gate: Gate, reply: Reply
    ) -> Generator[str, None, Written | None]:
        """Yields what is verified, or all if any answer is wanted; None where the best sentences
        are to be quoted because the model wrote nothing."""
        begun, many = perf_counter(), len(context.passages)
        with self._turn(reply):
            reply.trace.facts.spent("wait", perf_counter() - begun)
            reply.activity.stage = ngettext("Reading a passage", "Reading {count} passages", many)
            with reply.trace.facts.timed("write"):
                messages = context.messages()
                reply.trace.asked = prompts.to_rows(messages)
                written = yield from write(
                    model, messages, self._most, self._count, reply, gate.decide
                )
        if written.text or written.stopped:
            return written
        reply.trace.asked = ()  # nothing to write again
        return None if gate.anyway else written

    def _verifier(self, context: Context, least: float | None = None) -> Verifier:
        several = is_multilingual(context.evidence.embedder())
        near = max((one.cosine for one in context.ranked), default=0.0)
        return Verifier(
            context.question, context.read, None if several else self._reader,
            self._threshold if least is None else least, near if several else None,
            verifier.CHECKED.get(getattr(self._model, "model_name", "")),
        )  # fmt: skip

    def _turn(self, reply: Reply) -> AbstractContextManager[None]:
        """Wait for the model's lock; a model in another process has a queue of its own."""
        return self._turns.turn(reply) if isinstance(self._model, TokenOdds) else nullcontext()


def _same(request: Request) -> object:
    """What two requests that read the same have in common."""
    evidence, documents = request.evidence, request.documents
    state = evidence.generation() if isinstance(evidence, AnyLibrary) else 0
    chosen = None if documents is None else frozenset(documents)
    return request.question, id(evidence), state, chosen, list(request.history), request.given


# -- The stages that need no model


def _quoted(context: Context) -> Outcome:
    """Sentences of the documents as the answer, each with its citation."""
    marked = enumerate(context.best, start=1)
    sentences = tuple(Sentence(_shown(quoted), True, (mark,)) for mark, quoted in marked)
    text = " ".join(sentence.text for sentence in sentences)
    return Outcome(text, sentences, _citations(context.best), context.passages)


def attributed(written: Written, context: Context, held: bool = False) -> Outcome:
    """The written answer with its citations; a refusal where what was written is `held` back, or
    where nothing was."""
    tokens = written.prompt_tokens, written.completion_tokens
    if held or not (written.text or written.stopped):
        return replace(refusal(context), prompt_tokens=tokens[0], completion_tokens=tokens[1])
    lines = Attributor(context.question, context.read, context.evidence)
    sentences, citations = lines.attribute(written.text)
    return Outcome(
        written.text, sentences, citations, context.passages, stopped=written.stopped,
        prompt_tokens=tokens[0], completion_tokens=tokens[1],
    )  # fmt: skip


def refusal(context: Context) -> Outcome:
    """A refusal with the closest passages and lines, and what was looked for."""
    said = prompts.refusal(context.asked.language)
    closest = [quoted for quoted in context.ranked if quoted.unit.states][:_SHOWN]
    return Outcome(
        said, (Sentence(said, supported=False),), passages=context.passages, refused=True,
        notices=notices.of_refusal(context.asked, context.question, context.read),
        closest=_closest(closest).lines,
    )  # fmt: skip


def _shown(quoted: Quoted) -> str:
    """In one line; the markup of links and pictures is reduced to its words."""
    text = one_line(quoted.unit.text)
    return AddressFilter([text]).clean(text)


def _citations(quoted: Sequence[Quoted]) -> tuple[Citation, ...]:
    """One for each sentence, in their order."""
    return tuple(q.unit.lines.citation(mark, q.score) for mark, q in enumerate(quoted, start=1))


def _closest(quoted: Sequence[Quoted]) -> Closest:
    """The same without instructions to an assistant: a line may have one beside the sentence that
    fits."""
    return Closest(
        tuple(
            replace(one, quote=prompt_injection.without_instructions(one.quote))
            for one in _citations(quoted)
        )
    )
