"""Answers a question from evidence: retrieve, pack, judge, write, attribute, complete, check."""

import functools
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from time import perf_counter

from langchain_core.language_models import BaseChatModel

from assistant.answering import gate, notices
from assistant.answering.attribution import (
    attribute,
    check,
    citations_of,
    completed,
    grounding,
    quote,
    refusal,
)
from assistant.answering.context import Context, ContextBuilder, note_search
from assistant.answering.gate import Weights
from assistant.answering.groundedness import Groundedness
from assistant.answering.judge import Judge, Verdict, retrieval_signals
from assistant.answering.retrieve import Budget, Retriever, Room
from assistant.answering.sentences import Quoted, best_sentences, left_out, rank, reread
from assistant.answering.write import refuses, write
from assistant.contract.facts import Outcome
from assistant.contract.reply import Reply, stage
from assistant.contract.request import Request
from assistant.i18n.translation import _, ngettext
from assistant.llm import prompts
from assistant.llm.odds import TokenCounts, TokenOdds, TurnTaking
from assistant.security import prompt_injection
from ingest.errors import Stopped
from ingest.text.reflow import about_tokens
from vectorstore.embedding.embedder import is_multilingual
from vectorstore.retrieval.rerank import Reader, Reranker

EXTRACTIVE = "extractive"  # the name of no model
Answering = Generator[str, None, Outcome]  # yields the text


@dataclass(frozen=True)
class _Read:
    """What was read so far, its sentences, best first, and whether they are enough."""

    context: Context
    ranked: tuple[Quoted, ...] = ()
    verdict: Verdict = "refuse"
    further: bool = False  # whether the next passages are in it, too


class AnswerTool:
    """With a chat model, or with the best sentences of the documents where there is none."""

    name = "answer"

    def __init__(
        self,
        model: BaseChatModel | None,
        budget: Budget,
        threshold: float = gate.DEFAULT_THRESHOLD,
        model_name: str = EXTRACTIVE,
        turns: TurnTaking | None = None,
        reranker: Reranker | None = None,
        reader: Reader | None = None,
        weights: Weights | None = gate.DEFAULT_WEIGHTS,
        odds: TokenOdds | None = None,
        checker: Groundedness | None = None,
    ) -> None:
        """`threshold`: refuse when the gate's probability is below it. `weights`: of the model's
        odds in the gate; None where none were fitted to it. `odds`: who tells them, where it is
        not the model. `checker` reads what the sentences rest on. `turns` are shared with other
        tools that write with the same model."""
        self._model = model
        self._checker = checker
        self._turns = turns or TurnTaking()
        self._budget = budget
        room = Room(budget, self._count)
        self._reader = reader
        self._retriever = Retriever(room, reranker, reader)
        self._builder = ContextBuilder(room)
        self.judge = Judge(odds or model, threshold, weights)
        self.model_name = model_name

    def run(self, request: Request) -> Reply:
        """The reply starts working when it is iterated."""
        return Reply(
            request.question, lambda reply: self._work(request, reply), self.name, self.model_name
        )

    def read(self, request: Request) -> Context:
        """Stages 1 and 2: what is read for a request. Raises ContextOverflow, LibraryError."""
        return self._builder.build(self._retriever.retrieve(request))

    def answerable(self, request: Request) -> float:
        """How probable it is that the documents answer, without the chat model, 0 to 1. Raises the
        same as `read`."""
        context = self.read(request)
        if not context.windows:
            return 0.0
        found = retrieval_signals(context, self._ranked(context, request))
        return gate.answerable(found, None)

    def _work(self, request: Request, reply: Reply) -> Iterator[str]:
        reply.activity.stage = _("Searching")
        with stage("retrieve", reply):
            context = self.read(request)
            note_search(reply.trace.facts, context, self._count)
        if reply.cancel.is_set():
            outcome = Outcome("", stopped=True, passages=context.passages)
        elif not context.windows:
            request.evidence.embedder()  # without one nothing was searched, so nothing is refused
            outcome = yield from _refuse(_Read(context), request)
        else:
            outcome = yield from self._answer(context, request, reply)
        with stage("check", reply):
            reply.outcome = check(outcome, context, request)

    def _answer(self, context: Context, request: Request, reply: Reply) -> Answering:
        """Show the closest lines first, because a model takes seconds to read."""
        with stage("rank", reply):
            ranked = self._ranked(context, request)
        best = citations_of(best_sentences(ranked), context)
        # A line may have an instruction beside the sentence that fits.
        reply.quote(replace(c, quote=prompt_injection.without_instructions(c.quote)) for c in best)
        asked = perf_counter()
        try:
            with self._turn(reply):
                reply.trace.facts.spent("wait", perf_counter() - asked)
                return (yield from self._judge(_Read(context, ranked), request, reply))
        except Stopped:
            return Outcome("", stopped=True, passages=context.passages)

    def _judge(self, read: "_Read", request: Request, reply: Reply) -> Answering:
        many = len(read.context.windows)
        reply.activity.stage = ngettext("Reading a passage", "Reading {count} passages", many)
        read = self._judged(read, request, reply)
        if read.verdict == "refuse":
            read = self._read_on(read, request, reply)
        doubted = read.verdict == "refuse"
        if doubted and not request.anyway:
            return (yield from _refuse(read, request))
        read = replace(read, verdict="sure" if request.anyway else read.verdict)
        if self._model is None:
            outcome = yield from self._quote(read, request)
        else:
            outcome = yield from self._write(self._model, read, request, reply)
        stated = any(sentence.supported for sentence in outcome.sentences)
        unsure = not outcome.refused and (doubted or (request.anyway and not stated))
        return notices.marked_unsure(outcome) if unsure else outcome

    def _write(
        self, model: BaseChatModel, read: "_Read", request: Request, reply: Reply
    ) -> Answering:
        """Write, and where the model refuses or lines state too little of what it writes, read on
        and write again. Who wants an answer anyway gets the best lines of a model that refuses."""
        outcome = yield from self._written(model, read, request, reply)
        if outcome.refused and not read.further:
            read = self._read_on(read, request, reply)
            if read.further and read.verdict == "refuse":
                return (yield from _refuse(read, request))
            if read.further:  # else there was no more to read, and the outcome says why
                outcome = yield from self._written(model, read, request, reply)
        if outcome.refused and request.anyway:
            return notices.marked_unsure((yield from self._quote(read, request)))
        if outcome.refused:
            yield outcome.text
        elif not outcome.stopped:
            return (yield from self._completed(outcome, read, request, reply))
        return outcome

    def _completed(
        self, outcome: Outcome, read: "_Read", request: Request, reply: Reply
    ) -> Answering:
        """The outcome with what it leaves out. What is answered anyway stays as doubtful as it
        is."""
        if request.anyway:
            return outcome
        more = left_out(outcome.text, read.context.question, read.ranked)
        whole = completed(outcome, more, read.context)
        reply.trace.quoted = whole.text[len(outcome.text) :]
        yield from filter(None, [reply.trace.quoted])
        return whole

    def _written(
        self, model: BaseChatModel, read: "_Read", request: Request, reply: Reply
    ) -> Answering:
        """A refusal is not yielded."""
        reply.activity.stage = _("Writing")
        found = grounding(read.context, request, self._checker)

        def held(text: str, whole: bool) -> bool:
            stated = functools.partial(found.stated, text, whole)
            return refuses(text, whole) or not self._given(request, reply, stated)

        instruction = prompts.answering(request.question, read.verdict == "sure")
        messages = read.context.messages(request.question, instruction)
        most = self._budget.answer
        with stage("write", reply):
            written = yield from write(model, messages, most, self._count, reply, held)
        reply.activity.stage = _("Citing")
        back = bool(reply.trace.withheld)
        with stage("attribute", reply):
            return attribute(written, read.context, read.ranked, request, found, back)

    def _given(self, request: Request, reply: Reply, stated: Callable[[], float]) -> bool:
        """Whether what was written so far may be shown."""
        probability = reply.trace.answerable or 0.0
        gives = functools.partial(self.judge.gives, probability, threshold=request.threshold)
        return request.anyway or gives(0.0) or gives(stated())

    def _quote(self, read: "_Read", request: Request) -> Answering:
        best = best_sentences(read.ranked)
        if not best:
            return (yield from _refuse(read, request))
        outcome = quote(best, read.context)
        yield outcome.text
        return outcome

    def _read_on(self, read: "_Read", request: Request, reply: Reply) -> "_Read":
        """Read the next passages behind those that were read, and judge again: the model reads only
        what is new, because the prompt begins as before. "refuse" when there are none."""
        retrieved = self._retriever.read_on(read.context.retrieved)
        more = self._builder.read_on(replace(read.context, retrieved=retrieved), request)
        if more is None:
            return replace(read, verdict="refuse")
        note_search(reply.trace.facts, more, self._count)
        count = len(more.windows) - len(read.context.windows)
        reply.activity.stage = ngettext(
            "Reading on: {count} more passage", "Reading on: {count} more passages", count
        )
        ranked = self._ranked(more, request, read.ranked)
        return self._judged(_Read(more, ranked, further=True), request, reply)

    def _ranked(
        self, context: Context, request: Request, known: Sequence[Quoted] = ()
    ) -> tuple[Quoted, ...]:
        """All sentences that were read, best first; `known` are those of the first passages."""
        embedder = request.evidence.embedder()
        ranked = rank(context.question, context.windows, embedder, known)
        reader = None if is_multilingual(embedder) else self._reader  # it reads English
        return tuple(reread(context.question, ranked, context.windows, reader))

    def _judged(self, read: "_Read", request: Request, reply: Reply) -> "_Read":
        with stage("judge", reply):
            signals = self.judge.signals(
                request.question, read.context, read.ranked, reply.trace, reply.cancel
            )
            judgement = self.judge.judge(signals, request.threshold)
        reply.trace.answerable, reply.trace.withheld = judgement.probability, ""
        judged = replace(judgement.facts, passages=len(read.context.windows))
        reply.trace.facts.judged += (judged,)
        return replace(read, verdict=judgement.verdict)

    def _turn(self, reply: Reply) -> AbstractContextManager[None]:
        """Wait for the model's lock; a model in another process has a queue of its own."""
        return self._turns.turn(reply) if isinstance(self._model, TokenOdds) else nullcontext()

    def _count(self, text: str) -> int:
        model = self._model
        return model.tokens_in(text) if isinstance(model, TokenCounts) else about_tokens(text)


def _refuse(read: _Read, request: Request) -> Answering:
    yield prompts.refusal(request.question)
    return refusal(read.context, read.ranked, request)
