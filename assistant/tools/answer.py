"""Answers a question from evidence: search, read, check, write, and tie each sentence to lines."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from langchain_core.language_models import BaseChatModel

from assistant.answering.passages import extractive
from assistant.answering.passages.citable_spans import units_of
from assistant.answering.passages.context_builder import Budget, Reader, Reading
from assistant.answering.verification import (
    answerability,
    attribution,
    contradiction_notices,
    refusal_notices,
    unread_page_notices,
)
from assistant.contract.outcome import Citation, Outcome, Sentence
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.llm import prompts
from assistant.llm.chat_model import TokenOdds
from assistant.llm.model_lock import TurnTaking
from assistant.security import prompt_injection
from ingest.errors import Stopped
from ingest.language.sentences import split_answer, stems
from ingest.text.reflow import about_tokens
from vectorstore.retrieval.reranker import Reranker

EXTRACTIVE = "extractive"  # the name of no model
Ranked = Sequence[extractive.Quoted]  # all sentences that were read, best first


class Answer:
    """With a chat model, or extractively without one."""

    name = "answer"

    def __init__(
        self,
        model: BaseChatModel | None,
        budget: Budget,
        threshold: float = answerability.THRESHOLD,
        model_name: str = EXTRACTIVE,
        turns: TurnTaking | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        """`threshold`: refuse when the gate's probability is below it. `turns` are shared with
        other tools that write with the same model."""
        self._model = model
        self._turns = turns or TurnTaking()
        self._budget = budget
        self._threshold = threshold
        self.read = Reader(budget, self._count, reranker).read
        self.model_name = model_name

    def run(self, request: Request) -> Reply:
        """The reply starts working when it is iterated."""
        return Reply(
            request.question, lambda reply: self._work(request, reply), self.name, self.model_name
        )

    def _work(self, request: Request, reply: Reply) -> Iterator[str]:
        yield from self._answer(request, reply)
        if reply.outcome:
            outcome = unread_page_notices.noted(
                reply.outcome, request.evidence, request.documents or ()
            )
            reply.outcome = prompt_injection.noted(outcome)

    def _answer(self, request: Request, reply: Reply) -> Iterator[str]:
        reply.activity.stage = "Searching"
        reading = self.read(request)
        if reply.cancel.is_set():
            reply.outcome = Outcome("", stopped=True, passages=reading.passages)
        elif not reading.windows:
            yield from _refuse(reply, reading)
        else:
            yield from self._from(reading, request, reply)

    def _from(self, reading: Reading, request: Request, reply: Reply) -> Iterator[str]:
        """What the documents say themselves is shown first; a model takes seconds to read them."""
        ranked = rank(request, reading)
        best = _citations(extractive.best_sentences(ranked), reading)
        # A line may have an instruction beside the sentence that fits.
        reply.quote(replace(c, quote=prompt_injection.without_instructions(c.quote)) for c in best)
        if self._model is None:
            yield from self._quote(request, reading, ranked, reply)
        else:
            yield from self._write(self._model, request, reading, ranked, reply)
        if reply.outcome:
            reply.outcome = contradiction_notices.noted(reply.outcome, reading, request.evidence)

    def _count(self, text: str) -> int:
        # Other chat models count with a tokenizer that langchain-core would fetch from a hub.
        if self._model is None or not isinstance(self._model, TokenOdds):
            return about_tokens(text)
        return self._model.get_num_tokens(text)

    def _doubts(self, signals: answerability.Signals, request: Request, reply: Reply) -> bool:
        least = self._threshold if request.threshold is None else request.threshold
        reply.trace.answerable = answerability.answerable(signals)
        return reply.trace.answerable < least

    def _sure(self, reply: Reply) -> bool:
        """Whether the model has said so clearly that the answer is there that its refusal would
        be a mistake. One that gives no odds was not asked."""
        asked = isinstance(self._model, TokenOdds)
        return asked and (reply.trace.answerable or 0.0) >= answerability.SURE

    # -- answering with a model

    def _write(
        self,
        model: BaseChatModel,
        request: Request,
        reading: Reading,
        ranked: Ranked,
        reply: Reply,
    ) -> Iterator[str]:
        try:
            with self._turn(reply):
                many = len(reading.windows)
                reply.activity.stage = (
                    f"Reading {many} passages" if many > 1 else "Reading a passage"
                )
                signals = self.signals(request, reading, ranked, reply)
                if self._doubts(signals, request, reply):
                    yield from _refuse(reply, reading)
                    return
                reply.activity.stage = "Writing"
                instruction = prompts.ANSWER if self._sure(reply) else prompts.UNSURE
                yield from self._stream(model, request, reading, instruction, reply)
        except Stopped:
            reply.outcome = Outcome("", stopped=True, passages=reading.passages)

    def _turn(self, reply: Reply) -> AbstractContextManager[None]:
        """A model in another process has a queue of its own."""
        return self._turns.turn(reply) if isinstance(self._model, TokenOdds) else nullcontext()

    def _stream(
        self,
        model: BaseChatModel,
        request: Request,
        reading: Reading,
        instruction: str,
        reply: Reply,
    ) -> Iterator[str]:
        messages = reading.messages(request.question, instruction)
        reply.trace.asked, reply.trace.yes_log_odds = prompts.told(messages), None
        text, tokens = "", (0, 0)
        # Ours also stops while it reads the prompt; others stop between words.
        ours = isinstance(model, TokenOdds)
        options: dict[str, Any] = (
            {"cancel": reply.cancel, "max_tokens": self._budget.answer} if ours else {}
        )
        for part in model.stream(messages, **options):
            if reply.cancel.is_set():
                break
            if usage := getattr(part, "usage_metadata", None):
                tokens = usage["input_tokens"], usage["output_tokens"]
            if words := str(part.content):
                text += words
                yield words
            if repeats(text):  # at temperature 0 a small model can fall into a loop
                text = " ".join(split_answer(text)[:-1])
                break
        if ours and not any(tokens):  # cut before the model could say how many it took
            tokens = model.get_num_tokens_from_messages(messages), self._count(text)
        reply.activity.stage = "Citing"
        reply.outcome = _outcome(request, reading, text.strip(), reply.cancel.is_set(), tokens)

    def signals(
        self, request: Request, reading: Reading, ranked: Ranked, reply: Reply
    ) -> answerability.Signals:
        """What tells whether the passages answer the question. Raises Stopped."""
        found = _retrieval_signals(reading, ranked)
        if reply.cancel.is_set():
            raise Stopped("Stopped before the model had read the question.")
        if not isinstance(self._model, TokenOdds):
            return found
        check = reading.messages(request.question, prompts.CHECK)
        odds = self._model.next_token_logprobs(check, [prompts.YES, prompts.NO], reply.cancel)
        reply.trace.asked, reply.trace.yes_log_odds = prompts.told(check), odds[0] - odds[1]
        return replace(found, yes_log_odds=reply.trace.yes_log_odds)

    # -- answering without a model

    def _quote(
        self, request: Request, reading: Reading, ranked: Ranked, reply: Reply
    ) -> Iterator[str]:
        signals, quoted = _retrieval_signals(reading, ranked), extractive.best_sentences(ranked)
        if not quoted or self._doubts(signals, request, reply):
            yield from _refuse(reply, reading)
            return
        outcome = _quoted_outcome(quoted, reading)
        yield outcome.text
        reply.outcome = outcome


def _refuse(reply: Reply, reading: Reading) -> Iterator[str]:
    yield prompts.REFUSAL
    reply.outcome = _refusal(reading)


def _refusal(reading: Reading) -> Outcome:
    sentence = Sentence(prompts.REFUSAL, supported=False)
    return Outcome(
        prompts.REFUSAL, (sentence,), passages=reading.passages, refused=True,
        notices=refusal_notices.noted(reading),
    )  # fmt: skip


def _outcome(
    request: Request, reading: Reading, text: str, stopped: bool, tokens: tuple[int, int]
) -> Outcome:
    if text.startswith(prompts.REFUSAL.rstrip(".")) or not (text or stopped):
        return replace(_refusal(reading), prompt_tokens=tokens[0], completion_tokens=tokens[1])
    windows = reading.windows + reading.earlier
    sentences, citations = attribution.ground(
        reading.meant, text, windows, request.evidence.embedder()
    )
    return Outcome(text, sentences, citations, reading.passages, False, stopped, *tokens)


def _quoted_outcome(quoted: Sequence[extractive.Quoted], reading: Reading) -> Outcome:
    sentences = tuple(
        Sentence(" ".join(q.unit.text.split()), True, (mark,))
        for mark, q in enumerate(quoted, start=1)
    )
    text = " ".join(sentence.text for sentence in sentences)
    return Outcome(text, sentences, _citations(quoted, reading), reading.passages)


def _citations(quoted: Sequence[extractive.Quoted], reading: Reading) -> tuple[Citation, ...]:
    return tuple(
        attribution.citation(mark, q.unit, reading.windows, q.score)
        for mark, q in enumerate(quoted, start=1)
    )


def repeats(text: str) -> bool:
    """The last sentence is complete and was said before: what is written ends there."""
    *before, last = split_answer(text) or [""]
    return last.endswith((".", "!", "?")) and last in before


def rank(request: Request, reading: Reading) -> Ranked:
    """All sentences that were read, by how well they fit the question."""
    units = [u for i, window in enumerate(reading.windows) for u in units_of(window, i)]
    return extractive.rank_sentences(reading.meant, units, request.evidence.embedder())


def _retrieval_signals(reading: Reading, ranked: Ranked) -> answerability.Signals:
    asked = stems(reading.meant)
    known = frozenset().union(*(quoted.unit.stems for quoted in ranked))
    return answerability.Signals(
        sentence_cosine=max((quoted.cosine for quoted in ranked), default=0.0),
        covered=len(asked & known) / len(asked) if asked else 1.0,
    )
