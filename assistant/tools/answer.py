"""Answers a question from evidence: search, read, check, write, and tie each sentence to lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from assistant import abstention, context, extractive, followup, grounding, prompts
from assistant.chat_model import Stopped, TokenOdds
from assistant.context import Window
from assistant.errors import ContextOverflow
from assistant.reply import Outcome, Passage, Reply, Sentence
from assistant.sentences import split, stems
from assistant.tools import Request, Turn
from ingest.text import about_tokens

_HITS = 24  # looked at to fill the budget
_MARGIN = 48  # tokens of the chat template


@dataclass(frozen=True)
class Budget:
    """Tokens: the model's window, and of it what passages and the answer may take."""

    window: int = 4096
    passages: int = 1100
    answer: int = 400


@dataclass(frozen=True)
class _Reading:
    """What is read for a question."""

    meant: str  # the question, with those before it that it builds on
    windows: tuple[Window, ...]
    before: tuple[Turn, ...] = ()  # turns that stay in front of it
    earlier: tuple[Window, ...] = ()  # what was read for them


class Answer:
    """With a chat model, or extractively without one."""

    name = "answer"

    def __init__(
        self,
        model: BaseChatModel | None,
        budget: Budget,
        threshold: float = 0.5,
        model_name: str = "extractive",
    ) -> None:
        """`threshold`: refuse when the gate's probability is below it."""
        self._model = model
        self._budget = budget
        self._threshold = threshold
        self.model_name = model_name

    def run(self, request: Request) -> Reply:
        """The reply starts working when it is iterated."""
        return Reply(
            request.question, lambda reply: self._work(request, reply), self.name, self.model_name
        )

    def _work(self, request: Request, reply: Reply) -> Iterator[str]:
        reply.stage = "Searching"
        reading = self.read(request)
        if reply.cancel.is_set():
            reply.outcome = Outcome("", stopped=True, passages=_passages(reading.windows))
        elif not reading.windows:
            yield from _refuse(reply, reading)
        elif self._model is None:
            yield from self._quote(request, reading, reply)
        else:
            yield from self._write(self._model, request, reading, reply)

    def _count(self, text: str) -> int:
        # Other chat models count with a tokenizer that langchain-core would fetch from a hub.
        if self._model is None or not isinstance(self._model, TokenOdds):
            return about_tokens(text)
        return self._model.get_num_tokens(text)

    # -- reading

    def read(self, request: Request) -> _Reading:
        """Search for what the question means, and keep what was read if it builds on that.

        Raises ContextOverflow.
        """
        earlier = [turn.question for turn in request.history]
        continues = bool(earlier) and followup.needs_history(request.question)
        meant = followup.search_query(request.question, earlier) if continues else request.question
        if self._room(meant) < self._budget.passages // 2:  # earlier questions were long
            meant, continues = request.question, False
        room = self._room(meant)
        if room < self._budget.passages // 2:
            raise self._overlong(meant, room)
        hits = request.evidence.passages(meant, _HITS, request.documents)
        windows = tuple(context.windows(hits, request.evidence, room, self._count))
        reading = _Reading(meant, windows)
        return self._continued(request, reading) if continues else reading

    def _room(self, question: str) -> int:
        """Tokens for passages beside a question."""
        taken = self._count(prompts.SYSTEM + prompts.ANSWER) + self._count(question)
        rest = self._budget.window - self._budget.answer - _MARGIN - taken
        return min(self._budget.passages, rest)

    def _overlong(self, question: str, room: int) -> ContextOverflow:
        tokens = self._count(question)
        most = tokens + room - self._budget.passages // 2
        return ContextOverflow(
            f"The question is {tokens:,} tokens long, and {most:,} fit beside the passages. "
            "Shorten it, or raise PINCITE_CONTEXT_TOKENS."
        )

    def _continued(self, request: Request, reading: _Reading) -> _Reading:
        """With the turns that the question builds on, if all of it is still there and fits."""
        before = tuple(t for t in _chain(request.history) if t.answer and not t.refused)
        passages = [passage for turn in before for passage in turn.passages]
        earlier = [context.window_of(passage, request.evidence) for passage in passages]
        windows = tuple(window for window in earlier if window)
        scope = request.documents
        in_scope = scope is None or all(window.document in scope for window in windows)
        if not before or len(windows) < len(passages) or not in_scope:
            return reading
        full = _Reading(reading.meant, reading.windows, before, windows)
        most = self._budget.window - self._budget.answer - _MARGIN
        fits = sum(self._count(str(m.content)) for m in self._messages(request, full)) <= most
        return full if fits else reading

    # -- answering with a model

    def _write(
        self, model: BaseChatModel, request: Request, reading: _Reading, reply: Reply
    ) -> Iterator[str]:
        reply.stage = f"Reading {len(reading.windows)} passages"
        try:
            probability = abstention.answerable(self.signals(request, reading, reply))
        except Stopped:
            reply.outcome = Outcome("", stopped=True, passages=_passages(reading.windows))
            return
        if probability < self._threshold:
            yield from _refuse(reply, reading)
            return
        reply.stage = "Writing"
        yield from self._stream(model, request, reading, reply)

    def _stream(
        self, model: BaseChatModel, request: Request, reading: _Reading, reply: Reply
    ) -> Iterator[str]:
        messages = self._messages(request, reading)
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
            if _repeats(text):  # at temperature 0 a small model can fall into a loop
                text = " ".join(split(text)[:-1])
                break
        reply.stage = "Citing"
        reply.outcome = _outcome(request, reading, text.strip(), reply.cancel.is_set(), tokens)

    def _messages(
        self, request: Request, reading: _Reading, instruction: str = prompts.ANSWER
    ) -> list[BaseMessage]:
        """Passages first, so that the next question about them finds them in the model's cache."""
        shown = _passages(reading.windows)
        if not reading.before:
            return prompts.first_turn(shown, reading.meant, instruction)
        first, *rest = reading.before
        messages = prompts.first_turn(first.passages, first.question, prompts.ANSWER)
        answer, read = first.answer, list(first.passages)
        for turn in rest:
            more = _unread(turn.passages, read)
            messages = prompts.next_turn(messages, answer, more, turn.question, prompts.ANSWER)
            answer, read = turn.answer, read + more
        more = _unread(shown, read)
        return prompts.next_turn(messages, answer, more, request.question, instruction)

    def signals(self, request: Request, reading: _Reading, reply: Reply) -> abstention.Signals:
        """What tells whether the passages answer the question. Raises Stopped."""
        found = _retrieval_signals(reading, _ranked(request, reading))
        if reply.cancel.is_set():
            raise Stopped("Stopped before the model had looked at the question.")
        if not isinstance(self._model, TokenOdds):
            return found
        check = self._messages(request, reading, prompts.CHECK)
        odds = self._model.next_token_logprobs(check, [prompts.YES, prompts.NO], reply.cancel)
        return replace(found, yes_log_odds=odds[0] - odds[1])

    # -- answering without a model

    def _quote(self, request: Request, reading: _Reading, reply: Reply) -> Iterator[str]:
        ranked = _ranked(request, reading)
        signals, quoted = _retrieval_signals(reading, ranked), extractive.best_sentences(ranked)
        if not quoted or abstention.answerable(signals) < self._threshold:
            yield from _refuse(reply, reading)
            return
        outcome = _quoted_outcome(quoted, reading)
        yield outcome.text
        reply.outcome = outcome


def _refuse(reply: Reply, reading: _Reading) -> Iterator[str]:
    yield prompts.REFUSAL
    reply.outcome = _refusal(reading)


def _refusal(reading: _Reading) -> Outcome:
    sentence = Sentence(prompts.REFUSAL, supported=False)
    return Outcome(prompts.REFUSAL, (sentence,), passages=_passages(reading.windows), refused=True)


def _outcome(
    request: Request, reading: _Reading, text: str, stopped: bool, tokens: tuple[int, int]
) -> Outcome:
    if text.startswith(prompts.REFUSAL.rstrip(".")) or not (text or stopped):
        return replace(_refusal(reading), prompt_tokens=tokens[0], completion_tokens=tokens[1])
    windows = reading.windows + reading.earlier
    sentences, citations = grounding.ground(
        reading.meant, text, windows, request.evidence.embedder()
    )
    return Outcome(text, sentences, citations, _passages(reading.windows), False, stopped, *tokens)


def _quoted_outcome(quoted: Sequence[extractive.Quoted], reading: _Reading) -> Outcome:
    sentences = tuple(
        Sentence(" ".join(q.unit.text.split()), True, (mark,))
        for mark, q in enumerate(quoted, start=1)
    )
    citations = tuple(
        grounding.citation(mark, q.unit, reading.windows, q.score)
        for mark, q in enumerate(quoted, start=1)
    )
    text = " ".join(sentence.text for sentence in sentences)
    return Outcome(text, sentences, citations, _passages(reading.windows))


def _repeats(text: str) -> bool:
    """The last sentence is complete and was said before."""
    *before, last = split(text) or [""]
    return last.endswith((".", "!", "?")) and last in before


def _ranked(request: Request, reading: _Reading) -> list[extractive.Quoted]:
    """All sentences that were read, by how well they fit the question."""
    units = [u for i, window in enumerate(reading.windows) for u in grounding.units_of(window, i)]
    return extractive.rank_sentences(reading.meant, units, request.evidence.embedder())


def _retrieval_signals(
    reading: _Reading, ranked: Sequence[extractive.Quoted]
) -> abstention.Signals:
    asked = stems(reading.meant)
    known = frozenset().union(*(quoted.unit.stems for quoted in ranked))
    return abstention.Signals(
        passage_cosine=max((window.cosine for window in reading.windows), default=0.0),
        sentence_cosine=max((quoted.cosine for quoted in ranked), default=0.0),
        covered=len(asked & known) / len(asked) if asked else 1.0,
    )


def _passages(windows: Sequence[Window]) -> tuple[Passage, ...]:
    return tuple(window.passage for window in windows)


def _chain(history: Sequence[Turn]) -> list[Turn]:
    """The last turns up to the one that stands on its own, oldest first."""
    chain: list[Turn] = []
    for turn in reversed(history):
        chain.insert(0, turn)
        if not followup.needs_history(turn.question):
            break
    return chain


def _unread(passages: Sequence[Passage], read: Sequence[Passage]) -> list[Passage]:
    return [
        passage
        for passage in passages
        if not any(
            passage.document == old.document
            and passage.page == old.page
            and passage.text in old.text
            for old in read
        )
    ]
