"""A question becomes a cited answer in seven stages: retrieve, pack, judge, write, attribute,
complete, check. Each takes the state that the one before it gave.
"""

import functools
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from time import perf_counter

from langchain_core.language_models import BaseChatModel

from assistant.answering import gate, notices
from assistant.answering.attributor import Attributor
from assistant.answering.gate import Weights
from assistant.answering.groundedness import Groundedness
from assistant.answering.judge import Judge, retrieval_signals
from assistant.answering.ranked_sentences import (
    Quoted,
    best_sentences,
    in_order_of,
    left_out,
    rank,
)
from assistant.answering.retrieve import Budget, Context, Retriever, Room, note_search
from assistant.answering.write import Written, refuses, write
from assistant.contract.facts import Citation, Outcome, Sentence, Verdict
from assistant.contract.reply import Reply, stage
from assistant.contract.request import Request
from assistant.i18n.translation import _, ngettext
from assistant.llm import prompts
from assistant.llm.odds import TokenCounts, TokenOdds, TurnTaking
from assistant.security import prompt_injection
from assistant.security.untrusted_text import AddressFilter
from ingest.errors import Stopped
from ingest.text.reflow import about_tokens, one_line
from vectorstore.embedding.embedder import is_multilingual
from vectorstore.retrieval.rerank import Reader, Reranker

EXTRACTIVE = "extractive"  # the name of no model
_CLOSEST = 2  # lines that a refusal shows
Answering = Generator[str, None, Outcome]  # yields the text


@dataclass(frozen=True)
class State:
    """A question on its way: what was read for it, the sentences of that, best first, and whether
    they are enough. A stage gives a new one."""

    context: Context
    ranked: tuple[Quoted, ...] = ()
    verdict: Verdict = "refuse"
    further: bool = False  # whether the next passages are in it, too

    @property
    def request(self) -> Request:
        """The request that the context was read for."""
        return self.context.request


class AnswerTool:
    """Answers with a chat model, or by quoting the best sentences where there is none."""

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
        odds in the gate; None where none were fitted to it. `odds`: what gives them, where it is
        not the model. `checker` reads what the sentences rest on. `turns` are shared with other
        tools that write with the same model."""
        self._model = model
        self._checker = checker
        self._turns = turns or TurnTaking()
        self._budget = budget
        self._reader = reader
        self._retriever = Retriever(Room(budget, self._count), reranker, reader)
        self.judge = Judge(odds or model, threshold, weights)
        self.model_name = model_name

    def run(self, request: Request) -> Reply:
        """The reply starts working when it is iterated."""
        return Reply(
            request.question, lambda reply: self._work(request, reply), self.name, self.model_name
        )

    def read(self, request: Request) -> Context:
        """Stages 1 and 2: what is read for a request. Raises ContextOverflow, LibraryError."""
        return self._retriever.retrieve(request)

    def answerable(self, request: Request) -> float:
        """How probable it is that the documents answer, without the chat model, 0 to 1. Raises the
        same as `read`."""
        context = self.read(request)
        if not context.windows:
            return 0.0
        found = retrieval_signals(context, self._ranked(context))
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
            outcome = yield from _refuse(State(context))
        else:
            outcome = yield from self._answer(context, reply)
        with stage("check", reply):
            reply.outcome = check(outcome, context)

    def _answer(self, context: Context, reply: Reply) -> Answering:
        """Show the closest lines first, because a model takes seconds to read."""
        with stage("rank", reply):
            state = State(context, self._ranked(context))
        reply.quote(_harmless(citations_of(best_sentences(state.ranked))))
        asked = perf_counter()
        try:
            with self._turn(reply):
                reply.trace.facts.spent("wait", perf_counter() - asked)
                return (yield from self._judge(state, reply))
        except Stopped:
            return Outcome("", stopped=True, passages=context.passages)

    def _judge(self, state: State, reply: Reply) -> Answering:
        many = len(state.context.windows)
        reply.activity.stage = ngettext("Reading a passage", "Reading {count} passages", many)
        state = self._judged(state, reply)
        if state.verdict == "refuse":
            state = self._read_on(state, reply)
        doubted, anyway = state.verdict == "refuse", state.request.anyway
        if doubted and not anyway:
            return (yield from _refuse(state))
        if anyway:
            state = replace(state, verdict="sure")
        outcome = yield from self._write(state, reply)
        stated = any(sentence.supported for sentence in outcome.sentences)
        unsure = not outcome.refused and (doubted or (anyway and not stated))
        return notices.marked_unsure(outcome) if unsure else outcome

    def _write(self, state: State, reply: Reply) -> Answering:
        """Write, and where the model refuses or lines state too little of what it writes, read on
        and write again. Who wants an answer anyway gets the best lines of a model that refuses."""
        if self._model is None:
            return (yield from _quote(state))
        outcome = yield from self._written(self._model, state, reply)
        if outcome.refused and not state.further:
            state = self._read_on(state, reply)
            if state.further and state.verdict == "refuse":
                return (yield from _refuse(state))
            if state.further:  # else there was no more to read, and the outcome says why
                outcome = yield from self._written(self._model, state, reply)
        if outcome.refused and state.request.anyway:
            return notices.marked_unsure((yield from _quote(state)))
        if outcome.refused:
            yield outcome.text
        elif not outcome.stopped:
            return (yield from _complete(outcome, state, reply))
        return outcome

    def _written(self, model: BaseChatModel, state: State, reply: Reply) -> Answering:
        """A refusal is not yielded."""
        reply.activity.stage = _("Writing")
        found, request = attributor(state.context, self._checker), state.request
        probability = reply.trace.answerable or 0.0

        def held(text: str, whole: bool) -> bool:
            if refuses(text, whole):
                return True
            stated = functools.partial(found.stated, text, whole)
            return not (request.anyway or self.judge.gives(probability, stated, request.threshold))

        asked = prompts.answering(request.question, state.verdict == "sure")
        messages = state.context.messages(asked)
        with stage("write", reply):
            written = yield from write(
                model, messages, self._budget.answer, self._count, reply, held
            )
        reply.activity.stage = _("Citing")
        with stage("attribute", reply):
            return attribute(written, state, found, held=bool(reply.trace.withheld))

    def _read_on(self, state: State, reply: Reply) -> State:
        """Read the next passages behind those that were read, and judge again: the model reads only
        what is new, because the prompt begins as before. "refuse" when there are none."""
        more = self._retriever.read_on(state.context)
        if more is None:
            return replace(state, verdict="refuse")
        note_search(reply.trace.facts, more, self._count)
        count = len(more.windows) - len(state.context.windows)
        reply.activity.stage = ngettext(
            "Reading on: {count} more passage", "Reading on: {count} more passages", count
        )
        return self._judged(State(more, self._ranked(more, state.ranked), further=True), reply)

    def _ranked(self, context: Context, known: Sequence[Quoted] = ()) -> tuple[Quoted, ...]:
        """All sentences that were read, best first; `known` are those of the first passages."""
        reader = None if is_multilingual(context.embedder) else self._reader  # it reads English
        return in_order_of(reader, context.question, rank(context, known))

    def _judged(self, state: State, reply: Reply) -> State:
        with stage("judge", reply):
            signals = self.judge.signals(state.context, state.ranked, reply.trace, reply.cancel)
            judged = self.judge.judge(signals, state.request.threshold)
        reply.trace.answerable, reply.trace.withheld = judged.probability, ""
        reply.trace.facts.judged += (replace(judged, passages=len(state.context.windows)),)
        return replace(state, verdict=judged.verdict)

    def _turn(self, reply: Reply) -> AbstractContextManager[None]:
        """Wait for the model's lock; a model in another process has a queue of its own."""
        return self._turns.turn(reply) if isinstance(self._model, TokenOdds) else nullcontext()

    def _count(self, text: str) -> int:
        model = self._model
        return model.tokens_in(text) if isinstance(model, TokenCounts) else about_tokens(text)


# -- The stages that need no model


def refusal(state: State, why: Sequence[str] = ()) -> Outcome:
    """A refusal with the closest passages and lines, and what was looked for; `why` are sentences
    for people."""
    said = prompts.refusal(state.request.question)
    closest = [quoted for quoted in state.ranked if quoted.unit.states][:_CLOSEST]
    return Outcome(
        said, (Sentence(said, supported=False),), passages=state.context.passages, refused=True,
        notices=(*why, *notices.of_refusal(state.context)),
        closest=_harmless(citations_of(closest)),
    )  # fmt: skip


def _refuse(state: State) -> Answering:
    outcome = refusal(state)
    yield outcome.text
    return outcome


def _quote(state: State) -> Answering:
    """Sentences of the documents as the answer, each with its citation."""
    best = best_sentences(state.ranked)
    if not best:
        return (yield from _refuse(state))
    marked = enumerate(best, start=1)
    sentences = tuple(Sentence(_shown(quoted), True, (mark,)) for mark, quoted in marked)
    text = " ".join(sentence.text for sentence in sentences)
    yield text
    return Outcome(text, sentences, citations_of(best), state.context.passages)


def attributor(context: Context, checker: Groundedness | None = None) -> Attributor:
    """What attributes an answer to the lines of its context."""
    read = context.windows + context.earlier
    return Attributor(context.question, read, context.request.evidence, checker)


def attribute(written: Written, state: State, found: Attributor, held: bool = False) -> Outcome:
    """The written answer with its citations; a refusal where the model refused, and where what it
    wrote is `held` back."""
    tokens = written.prompt_tokens, written.completion_tokens
    refused = refuses(written.text, whole=True) or not (written.text or written.stopped)
    if refused or held:
        why = () if refused else (notices.unstated(),)
        return replace(refusal(state, why), prompt_tokens=tokens[0], completion_tokens=tokens[1])
    sentences, citations = found.attribute(written.text)
    return Outcome(
        written.text, sentences, citations, state.context.passages, stopped=written.stopped,
        prompt_tokens=tokens[0], completion_tokens=tokens[1],
    )  # fmt: skip


def _complete(outcome: Outcome, state: State, reply: Reply) -> Answering:
    """The outcome with what it leaves out quoted behind it. What is answered anyway stays as
    doubtful as it is.

    A small model often writes half of an answer, or a fact beside it, where the reader finds the
    sentence that states it (benchmarks/results/answers.md).
    """
    if state.request.anyway:
        return outcome
    whole = outcome
    for one in left_out(outcome.text, state.context.question, state.ranked):
        whole = _with(whole, f"“{_shown(one)}”", citations_of([one])[0])
    reply.trace.quoted = whole.text[len(outcome.text) :]
    yield from filter(None, [reply.trace.quoted])
    return whole


def _shown(quoted: Quoted) -> str:
    """In one line; the markup of links and pictures is reduced to its words."""
    text = one_line(quoted.unit.text)
    return AddressFilter([text]).clean(text)


def _with(outcome: Outcome, text: str, lines: Citation) -> Outcome:
    place = lines.document, lines.page, lines.quote
    marks = {(c.document, c.page, c.quote): c.mark for c in outcome.citations}
    # Lines that are cited already keep their mark.
    mark = marks.get(place, len(outcome.citations) + 1)
    new = () if place in marks else (replace(lines, mark=mark),)
    return replace(
        outcome, text=f"{outcome.text}\n\n{text}",
        sentences=(*outcome.sentences, Sentence(text, True, (mark,))),
        citations=(*outcome.citations, *new),
    )  # fmt: skip


def citations_of(quoted: Sequence[Quoted]) -> tuple[Citation, ...]:
    """One for each sentence, in their order."""
    return tuple(q.unit.lines.citation(mark, q.score) for mark, q in enumerate(quoted, start=1))


def _harmless(citations: Sequence[Citation]) -> tuple[Citation, ...]:
    """Without instructions to an assistant: a line may have one beside the sentence that fits."""
    return tuple(
        replace(one, quote=prompt_injection.without_instructions(one.quote)) for one in citations
    )


def check(outcome: Outcome, context: Context) -> Outcome:
    """The outcome with notices: contradictions, unread pages, and instructions found."""
    outcome = notices.contradictions_noted(outcome, context)
    request = context.request
    outcome = notices.unread_pages_noted(outcome, request.evidence, request.alone)
    return prompt_injection.noted(outcome)
