"""A question becomes a cited answer in six stages: retrieve, pack, write, verify, attribute and
check. What is written is verified once its first sentence is complete, before anybody sees it,
unless any answer is wanted.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from threading import Event
from time import perf_counter

from langchain_core.language_models import BaseChatModel

from assistant.answering import notices, verifier
from assistant.answering.attributor import Attributor
from assistant.answering.evidence_units import Quoted, surroundings
from assistant.answering.retrieve import (
    AGAIN,
    HITS,
    Budget,
    Context,
    better_joined,
    continued,
    is_unsure,
    left_out,
    note_search,
    ordered,
    packed,
    rank,
    room_beside,
    together,
    with_parts,
)
from assistant.answering.verifier import Verifier, first_statement
from assistant.answering.write import Decide, Written, expected_words, write
from assistant.contract.facts import Citation, Judged, Outcome, Sentence, Verdict
from assistant.contract.reply import Reply, stage
from assistant.contract.request import AskedQuestion, Request
from assistant.errors import ContextOverflow, ModelUnusable
from assistant.i18n.translation import _, ngettext
from assistant.llm import prompts
from assistant.llm.odds import TokenOdds, TurnTaking, token_counter
from assistant.security import prompt_injection
from assistant.security.untrusted_text import AddressFilter
from ingest.errors import Stopped
from ingest.language.sentences import split_answer
from ingest.text.reflow import lists_contents, one_line
from vectorstore.embedding.embedder import is_multilingual
from vectorstore.federation import AnyLibrary
from vectorstore.retrieval.fusion import Hit
from vectorstore.retrieval.rerank import Reader, Reranker
from vectorstore.retrieval.search_query import SearchQuery

EXTRACTIVE = "extractive"  # the name of no model
_CLOSEST = 2  # lines that a refusal shows


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
        self._budget = budget
        self._reranker, self._reader, self._threshold = reranker, reader, threshold
        self.model_name = model_name
        self._ahead: tuple[object, Context] | None = None  # what was read ahead, for one answer

    def run(self, request: Request) -> Reply:
        """The reply starts working when it is iterated."""
        return Reply(
            request.question, lambda reply: self._work(request, reply), self.name, self.model_name
        )

    def answerable(self, request: Request) -> float:
        """How probable it is that the documents answer, without the chat model, 0 to 1. Raises the
        same as `read`."""
        context = self.read(request)
        best = context.best
        return self._verifier(context).verify_quoted(best[0]).probability if best else 0.0

    def prepare(self, request: Request, cancel: Event) -> bool:
        """Let a model in this process read what it would read for an answer, so that the same
        question finds it in the model's cache. Nothing is written or kept; whoever asks stops it.
        Returns whether it was read to the end. Raises the same as `read`."""
        if not isinstance(self._model, TokenOdds) or not self._turns.ahead(cancel):
            return False
        context = self.read(request)
        try:
            if is_unsure(context):
                expected = expected_words(self._model, context.question, cancel)
                context = self.read(request, expected)
            if not context.windows or cancel.is_set():
                return False
            self._ahead = _same(request), context
            self._model.next_token_logprobs(context.messages(), ["."], cancel)
        except Stopped:
            return False
        return True

    def read(self, request: Request, expected: str = "") -> Context:
        """Stages 1 and 2: what is read for a request; searched a second time with the `expected`
        words, if there are any. Raises ContextOverflow when the question leaves no room for
        passages, LibraryError, and what the evidence raises."""
        asked, evidence = request.query, request.evidence

        def search(query: SearchQuery, most: int = HITS) -> list[Hit]:
            return evidence.passages(query, most, request.documents)

        given = request.given and asked.before and not asked.follows_up
        query, room = self._fitting(better_joined(asked, search) if given else asked.search, asked)
        found, embedder = search(query, AGAIN if expected else HITS), evidence.embedder()
        if expected:
            again = search(SearchQuery(f"{query.text} {expected}"), AGAIN)
            found = together(found, again)[:HITS]
        # In a library of several languages there is none: it has learned to read English.
        reader = None if is_multilingual(embedder) else self._reader
        hits, odds = ordered(query.text, found, self._reranker, reader)
        hits = with_parts(hits, asked.parts[1:], evidence)
        telling = [hit for hit in hits if not lists_contents(hit.text)] or hits
        # A chosen reranker decides; what the small reader thinks does not count then.
        reader, trust = (None, 2.0) if self._reranker else (reader, 1.0)
        parts = asked.parts if query is asked.alone else (query.text,)
        ranked = rank(parts, surroundings(telling, evidence), embedder, reader, trust)
        most = self._budget.passages + self._budget.part * (len(asked.parts) - 1)
        windows = packed(ranked, min(most, room), self._count)
        context = Context(
            asked.text, query.text, evidence, windows, ranked, tuple(hits), odds, expected
        )
        if not context.follows_up or not asked.before:
            return context
        before = request.history[-len(asked.before.chain) :]
        full = continued(context, before, request.documents, lambda: search(asked.alone))
        tokens = sum(self._count(str(message.content)) for message in full.messages())
        return full if tokens <= self._budget.prompt else context

    def _fitting(self, query: SearchQuery, asked: AskedQuestion) -> tuple[SearchQuery, int]:
        """The query, and the tokens that it leaves for passages; of the question alone where those
        that it builds on are too long. Raises ContextOverflow."""
        with suppress(ContextOverflow):
            return query, room_beside(query.text, self._budget, self._count)
        return asked.alone, room_beside(asked.text, self._budget, self._count)

    def _work(self, request: Request, reply: Reply) -> Iterator[str]:
        self._turns.hurry()
        reply.activity.stage = _("Searching")
        with stage("retrieve", reply):
            context = self._known(request) or self._searched_again(request, reply)
            note_search(reply.trace.facts, context, request.query.parts, self._count)
        checked = self._verifier(context, request.threshold)
        outcome = yield from self._answer(context, checked, request.anyway, reply)
        with stage("check", reply):
            outcome = notices.unread_pages_noted(outcome, request.evidence, request.alone)
            reply.outcome = prompt_injection.noted(outcome, left_out(context.ranked))

    def _known(self, request: Request) -> Context | None:
        """What was read ahead, where it was for this request and nothing has changed since."""
        ahead, self._ahead = self._ahead, None
        return ahead[1] if ahead and ahead[0] == _same(request) else None

    def _searched_again(self, request: Request, reply: Reply) -> Context:
        """What is read; also with the words that the chat model expects beside the answer, where
        what was found is hardly it."""
        context = self.read(request)
        if self._model is None or not is_unsure(context):
            return context
        reply.quote(_harmless(_citations(context.best)))  # while people wait for the model
        expected = ""
        # A model that cannot be asked is reported where it is to write the answer.
        with suppress(Stopped, ModelUnusable), self._turn(reply):
            reply.activity.stage = _("Searching")
            expected = expected_words(self._model, context.question, reply.cancel)
        return self.read(request, expected) if expected else context

    def _answer(
        self, context: Context, checked: Verifier, anyway: bool, reply: Reply
    ) -> Generator[str, None, Outcome]:
        """Yields the text. The closest lines are shown first, because a model takes seconds to
        read."""
        best, written = context.best, None
        if context.windows and not reply.cancel.is_set():
            reply.quote(_harmless(_citations(best)))
        if reply.cancel.is_set():
            return Outcome("", stopped=True, passages=context.passages)
        if self._model is not None and context.windows:
            try:
                written = yield from self._written(self._model, context, checked, anyway, reply)
            except Stopped:
                return Outcome("", stopped=True, passages=context.passages)
        if written is None:
            outcome = _quoted(best, context, checked, anyway, reply)
            yield outcome.text
        else:
            reply.activity.stage = _("Citing")
            with stage("attribute", reply):
                outcome = attributed(written, context, bool(reply.trace.withheld))
            if outcome.refused:
                yield outcome.text
        return _doubted(outcome, reply, anyway)

    def _written(
        self, model: BaseChatModel, context: Context, checked: Verifier, anyway: bool, reply: Reply
    ) -> Generator[str, None, Written | None]:
        """Yields what is verified, or all if any answer is wanted; None where the best sentences
        are to be quoted because the model wrote nothing."""
        begun, many = perf_counter(), len(context.passages)
        with self._turn(reply):
            reply.trace.facts.spent("wait", perf_counter() - begun)
            reply.activity.stage = ngettext("Reading a passage", "Reading {count} passages", many)
            decide = _decider(checked, anyway, reply)
            with stage("write", reply):
                written = yield from write(
                    model, context.messages(), self._budget.answer, self._count, reply, decide
                )
                if written.text and not reply.trace.facts.judged:
                    decide(written.text, not written.stopped)
        if written.text or written.stopped:
            return written
        reply.trace.asked = ()  # nothing to write again
        return None if anyway else written

    def _verifier(self, context: Context, least: float | None = None) -> Verifier:
        several = is_multilingual(context.evidence.embedder())
        near = max((one.cosine for one in context.ranked), default=0.0)
        return Verifier(
            context.question, context.read, None if several else self._reader,
            self._threshold if least is None else least, near if several else None,
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


def _decider(checked: Verifier, anyway: bool, reply: Reply) -> Decide:
    """Decides by the first sentence of a text that is still being written; None: not yet. Who wants
    any answer sees it as it comes: that one is judged when it is whole."""
    at_once = anyway or not checked.threshold

    def decide(text: str, whole: bool) -> Verdict | None:
        reply.activity.stage = _("Writing")
        if at_once and not whole:
            return "give"
        complete = split_answer(text) if whole else split_answer(text)[:-1]
        said = first_statement(complete) or (text if whole else "")
        return _noted(checked.verify(said), anyway, reply) if said else None

    return decide


def _noted(judged: Judged, anyway: bool, reply: Reply) -> Verdict:
    """The verdict, which is kept with the answer's facts. Who wants an answer anyway gets one."""
    reply.trace.answerable, reply.trace.facts.judged = judged.probability, (judged,)
    return "give" if anyway else judged.verdict


def _quoted(
    best: Sequence[Quoted], context: Context, checked: Verifier, anyway: bool, reply: Reply
) -> Outcome:
    """Sentences of the documents as the answer, each with its citation."""
    if not best or _noted(checked.verify_quoted(best[0]), anyway, reply) == "refuse":
        return refusal(context)
    marked = enumerate(best, start=1)
    sentences = tuple(Sentence(_shown(quoted), True, (mark,)) for mark, quoted in marked)
    text = " ".join(sentence.text for sentence in sentences)
    return Outcome(text, sentences, _citations(best), context.passages)


def attributed(written: Written, context: Context, held: bool = False) -> Outcome:
    """The written answer with its citations; a refusal where what was written is `held` back, or
    where nothing was."""
    tokens = written.prompt_tokens, written.completion_tokens
    if held or not (written.text or written.stopped):
        why = (_(notices.UNSTATED),) if held else ()
        return replace(refusal(context, why), prompt_tokens=tokens[0], completion_tokens=tokens[1])
    lines = Attributor(context.question, context.read, context.evidence)
    sentences, citations = lines.attribute(written.text)
    return Outcome(
        written.text, sentences, citations, context.passages, stopped=written.stopped,
        prompt_tokens=tokens[0], completion_tokens=tokens[1],
    )  # fmt: skip


def refusal(context: Context, why: Sequence[str] = ()) -> Outcome:
    """A refusal with the closest passages and lines, and what was looked for; `why` are sentences
    for people."""
    said = prompts.refusal(context.asked)
    closest = [quoted for quoted in context.ranked if quoted.unit.states][:_CLOSEST]
    return Outcome(
        said, (Sentence(said, supported=False),), passages=context.passages, refused=True,
        notices=(*why, *notices.of_refusal(context.asked, context.question, context.windows)),
        closest=_harmless(_citations(closest)),
    )  # fmt: skip


def _doubted(outcome: Outcome, reply: Reply, anyway: bool) -> Outcome:
    """What is given although it would have been refused, or no line says it, says so."""
    doubted = any(judged.verdict == "refuse" for judged in reply.trace.facts.judged)
    unsure = doubted or (anyway and not any(one.supported for one in outcome.sentences))
    shown = outcome.text and not outcome.refused
    if not (unsure and shown):
        return outcome
    told = dict.fromkeys((*outcome.notices, _(notices.UNSURE)))
    return replace(outcome, notices=tuple(told))


def _shown(quoted: Quoted) -> str:
    """In one line; the markup of links and pictures is reduced to its words."""
    text = one_line(quoted.unit.text)
    return AddressFilter([text]).clean(text)


def _citations(quoted: Sequence[Quoted]) -> tuple[Citation, ...]:
    """One for each sentence, in their order."""
    return tuple(q.unit.lines.citation(mark, q.score) for mark, q in enumerate(quoted, start=1))


def _harmless(citations: Sequence[Citation]) -> tuple[Citation, ...]:
    """Without instructions to an assistant: a line may have one beside the sentence that fits."""
    return tuple(
        replace(one, quote=prompt_injection.without_instructions(one.quote)) for one in citations
    )
