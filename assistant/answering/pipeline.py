"""A question becomes a cited answer in six stages: retrieve, pack, write, verify, attribute and
check. What is written is verified once its first sentence is complete, before anybody sees it,
unless any answer is wanted.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from time import perf_counter

from langchain_core.language_models import BaseChatModel

from assistant.answering import notices, verifier
from assistant.answering.attributor import Attributor
from assistant.answering.evidence_units import Quoted, best_sentences, left_out
from assistant.answering.retrieve import Budget, Context, Retriever, Room, note_search
from assistant.answering.verifier import Verifier, first_statement
from assistant.answering.write import Written, write
from assistant.contract.facts import Citation, Judged, Outcome, Sentence, Verdict
from assistant.contract.reply import Reply, stage
from assistant.contract.request import Request
from assistant.i18n.translation import _, ngettext
from assistant.llm import prompts
from assistant.llm.odds import TokenOdds, TurnTaking, token_counter
from assistant.security import prompt_injection
from assistant.security.untrusted_text import AddressFilter
from ingest.errors import Stopped
from ingest.language.sentences import split_answer
from ingest.text.reflow import one_line
from vectorstore.embedding.embedder import is_multilingual
from vectorstore.retrieval.rerank import Reader, Reranker

EXTRACTIVE = "extractive"  # the name of no model
_CLOSEST = 2  # lines that a refusal shows
Answering = Generator[str, None, Outcome]  # yields the text


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
        `turns` are shared with other tools that write
        with the same model."""
        self._model = model
        self._count = token_counter(model)
        self._turns = turns or TurnTaking()
        self._budget = budget
        self._retriever = Retriever(Room(budget, self._count), reranker, reader)
        self._reader, self._threshold = reader, threshold
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
        best = best_sentences(context.ranked)
        return self._verifier(context).verify_quoted(best[0]).probability if best else 0.0

    def _work(self, request: Request, reply: Reply) -> Iterator[str]:
        reply.activity.stage = _("Searching")
        with stage("retrieve", reply):
            context = self.read(request)
            note_search(reply.trace.facts, context, self._count)
        if reply.cancel.is_set():
            outcome = Outcome("", stopped=True, passages=context.passages)
        elif not context.windows:
            request.evidence.embedder()  # without one nothing was searched, so nothing is refused
            outcome = yield from _refuse(context)
        else:
            outcome = yield from self._answer(context, reply)
        with stage("check", reply):
            reply.outcome = check(outcome, context)

    def _answer(self, context: Context, reply: Reply) -> Answering:
        """Show the closest lines first, because a model takes seconds to read."""
        reply.quote(_harmless(citations_of(best_sentences(context.ranked))))
        if reply.cancel.is_set():
            return Outcome("", stopped=True, passages=context.passages)
        if self._model is None:
            return (yield from self._quote(context, reply))
        asked = perf_counter()
        try:
            with self._turn(reply):
                reply.trace.facts.spent("wait", perf_counter() - asked)
                return (yield from self._written(self._model, context, reply))
        except Stopped:
            return Outcome("", stopped=True, passages=context.passages)

    def _written(self, model: BaseChatModel, context: Context, reply: Reply) -> Answering:
        """What is not verified is not yielded, unless any answer is wanted."""
        many = len(context.passages)
        reply.activity.stage = ngettext("Reading a passage", "Reading {count} passages", many)
        decide = self._decider(context, reply)
        messages = context.messages(prompts.answering(context.request.question))
        with stage("write", reply):
            written = yield from write(
                model, messages, self._budget.answer, self._count, reply, decide
            )
            if written.text and not reply.trace.facts.judged:
                decide(written.text, not written.stopped)
        if not (written.text or written.stopped or reply.trace.withheld):
            reply.trace.asked = ()  # nothing to write again
            if context.request.anyway:
                return (yield from self._quote(context, reply))
        reply.activity.stage = _("Citing")
        with stage("attribute", reply):
            found = attributor(context)
            outcome = attribute(written, context, found, held=bool(reply.trace.withheld))
        if outcome.refused:
            yield outcome.text
        return _doubted(outcome, reply, context.request.anyway)

    def _decider(self, context: Context, reply: Reply) -> Callable[[str, bool], Verdict | None]:
        """Decides by the first sentence of a text that is still being written; None: not yet. Who
        wants any answer sees it as it comes: that one is judged when it is whole."""
        checked = self._verifier(context)
        at_once = context.request.anyway or not checked.threshold

        def decide(text: str, whole: bool) -> Verdict | None:
            reply.activity.stage = _("Writing")
            if at_once and not whole:
                return "give"
            complete = split_answer(text) if whole else split_answer(text)[:-1]
            said = first_statement(complete) or (text if whole else "")
            return _noted(checked.verify(said), context, reply) if said else None

        return decide

    def _quote(self, context: Context, reply: Reply) -> Answering:
        """Sentences of the documents as the answer, each with its citation."""
        best = best_sentences(context.ranked)
        judged = self._verifier(context).verify_quoted(best[0]) if best else None
        if judged is None or _noted(judged, context, reply) == "refuse":
            return (yield from _refuse(context))
        marked = enumerate(best, start=1)
        sentences = tuple(Sentence(_shown(quoted), True, (mark,)) for mark, quoted in marked)
        text = " ".join(sentence.text for sentence in sentences)
        yield text
        outcome = Outcome(text, sentences, citations_of(best), context.passages)
        return _doubted(outcome, reply, context.request.anyway)

    def _verifier(self, context: Context) -> Verifier:
        least, several = context.request.threshold, is_multilingual(context.embedder)
        near = max((one.cosine for one in context.ranked), default=0.0)
        return Verifier(
            context.question, context.windows + context.earlier, None if several else self._reader,
            self._threshold if least is None else least, near if several else None,
        )  # fmt: skip

    def _turn(self, reply: Reply) -> AbstractContextManager[None]:
        """Wait for the model's lock; a model in another process has a queue of its own."""
        return self._turns.turn(reply) if isinstance(self._model, TokenOdds) else nullcontext()


# -- The stages that need no model


def _noted(judged: Judged, context: Context, reply: Reply) -> Verdict:
    """The verdict, which is kept with the answer's facts. Who wants an answer anyway gets one."""
    reply.trace.answerable, reply.trace.facts.judged = judged.probability, (judged,)
    return "give" if context.request.anyway else judged.verdict


def _doubted(outcome: Outcome, reply: Reply, anyway: bool) -> Outcome:
    """What is given although it would have been refused, or no line says it, says so."""
    doubted = any(judged.verdict == "refuse" for judged in reply.trace.facts.judged)
    unsure = doubted or (anyway and not any(one.supported for one in outcome.sentences))
    shown = outcome.text and not outcome.refused
    return notices.marked_unsure(outcome) if unsure and shown else outcome


def refusal(context: Context, why: Sequence[str] = ()) -> Outcome:
    """A refusal with the closest passages and lines, and what was looked for; `why` are sentences
    for people."""
    said = prompts.refusal(context.request.question)
    closest = [quoted for quoted in context.ranked if quoted.unit.states][:_CLOSEST]
    return Outcome(
        said, (Sentence(said, supported=False),), passages=context.passages, refused=True,
        notices=(*why, *notices.of_refusal(context)),
        closest=_harmless(citations_of(closest)),
    )  # fmt: skip


def _refuse(context: Context) -> Answering:
    outcome = refusal(context)
    yield outcome.text
    return outcome


def attributor(context: Context) -> Attributor:
    """What attributes an answer to the lines of its context."""
    read = context.windows + context.earlier
    return Attributor(context.question, read, context.request.evidence)


def attribute(written: Written, context: Context, found: Attributor, held: bool) -> Outcome:
    """The written answer with its citations; a refusal where what was written is `held` back, or
    where nothing was."""
    tokens = written.prompt_tokens, written.completion_tokens
    if held or not (written.text or written.stopped):
        why = (notices.unstated(),) if held else ()
        return replace(refusal(context, why), prompt_tokens=tokens[0], completion_tokens=tokens[1])
    sentences, citations = found.attribute(written.text)
    return Outcome(
        written.text, sentences, citations, context.passages, stopped=written.stopped,
        prompt_tokens=tokens[0], completion_tokens=tokens[1],
    )  # fmt: skip


def _shown(quoted: Quoted) -> str:
    """In one line; the markup of links and pictures is reduced to its words."""
    text = one_line(quoted.unit.text)
    return AddressFilter([text]).clean(text)


def citations_of(quoted: Sequence[Quoted]) -> tuple[Citation, ...]:
    """One for each sentence, in their order."""
    return tuple(q.unit.lines.citation(mark, q.score) for mark, q in enumerate(quoted, start=1))


def _harmless(citations: Sequence[Citation]) -> tuple[Citation, ...]:
    """Without instructions to an assistant: a line may have one beside the sentence that fits."""
    return tuple(
        replace(one, quote=prompt_injection.without_instructions(one.quote)) for one in citations
    )


def check(outcome: Outcome, context: Context) -> Outcome:
    """The outcome with notices: unread pages, and instructions found."""
    request = context.request
    outcome = notices.unread_pages_noted(outcome, request.evidence, request.alone)
    return prompt_injection.noted(outcome, left_out(context.ranked))
