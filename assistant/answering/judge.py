"""Stage 3, judge: decides before writing whether the passages answer the question."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from assistant.answering import gate
from assistant.answering.gate import Languages, Signals, Weights
from assistant.answering.ranked_sentences import Quoted
from assistant.answering.retrieve import Context
from assistant.contract.facts import Judged, Verdict
from assistant.contract.reply import Trace
from assistant.errors import NoOdds
from assistant.llm import prompts
from assistant.llm.odds import TokenOdds
from ingest.errors import Stopped
from ingest.language.identify import UNKNOWN, language_of_passages, language_of_question
from vectorstore.embedding.embedder import is_multilingual


class Judge:
    """Combines the chat model's odds, if it gives any, with the other signals in the gate."""

    def __init__(
        self,
        model: object | None,
        threshold: float,
        weights: Weights | None = gate.DEFAULT_WEIGHTS,
    ) -> None:
        """`threshold`: the probability below which a question is refused. `weights`: of the model's
        odds; without them the model is not asked."""
        self._model = model
        self._weights = weights
        self._threshold = threshold

    def judge(self, signals: Signals, threshold: float | None = None) -> Judged:
        """Judge by the request's own threshold, if it has one."""
        probability = gate.answerable(signals, self._weights)
        verdict: Verdict = "refuse"
        if probability >= self._least(threshold):
            # A model without odds was not asked, so the answer is not certain.
            sure = signals.yes_log_odds is not None and probability >= gate.SURE
            verdict = "sure" if sure else "unsure"
        shares = gate.signal_shares(signals, self._weights)
        counted = {name: getattr(signals, name) for name in shares if name != "bias"}
        return Judged(counted, shares, probability, self._least(threshold), verdict)

    def gives(
        self, probability: float, stated: Callable[[], float], threshold: float | None = None
    ) -> bool:
        """Whether what was written is given, and not refused in the end: the share of its best
        sentence that no line states counts against the gate's probability. `stated` is the other
        share, 0 to 1; it is called where it can make a difference.

        Weights of the two that were fitted to some sets did worse on others than equal ones
        (Dawes, The robust beauty of improper linear models, 1979).
        """
        least = self._least(threshold)
        sure = probability >= gate.SHOWN_AT_ONCE or least == 0
        return sure or probability - (1 - stated()) >= least

    def _least(self, threshold: float | None) -> float:
        return self._threshold if threshold is None else threshold

    def signals(
        self, context: Context, ranked: Sequence[Quoted], trace: Trace, cancel: threading.Event
    ) -> Signals:
        """The signals of whether the passages answer the question. Raises Stopped."""
        found = retrieval_signals(context, ranked)
        if cancel.is_set():
            raise Stopped("Stopped before the model had read the question.")
        if self._weights is None or not isinstance(self._model, TokenOdds):
            return found
        try:
            return asked(self._model, context, found, trace, cancel)
        except NoOdds:  # no longer: a server was started without them
            return found


def asked(
    model: TokenOdds, context: Context, found: Signals, trace: Trace, cancel: threading.Event
) -> Signals:
    """The signals with the odds of a model that reads the context. Raises Stopped."""
    check = context.messages(prompts.CHECK)
    yes, no = model.next_token_logprobs(check, [prompts.YES, prompts.NO], cancel)
    trace.asked, trace.yes_log_odds = prompts.to_rows(check), yes - no
    return replace(found, yes_log_odds=trace.yes_log_odds)


def retrieval_signals(context: Context, ranked: Sequence[Quoted]) -> Signals:
    """The signals without a model; `ranked` are all sentences of the passages."""
    known = frozenset().union(*(quoted.unit.stems for quoted in ranked))
    words = context.words
    return Signals(
        sentence_cosine=max((quoted.cosine for quoted in ranked), default=0.0),
        covered=len(words & known) / len(words) if words else 1.0,
        reader_odds=context.reader_odds,
        languages=_languages(context),
    )


def _languages(context: Context) -> Languages:
    """Passages of no certain language are taken for those of the question's: tables, for one."""
    if not is_multilingual(context.embedder):
        return ""
    read = language_of_passages([window.text for window in context.windows])
    return "one" if read in (UNKNOWN, language_of_question(context.question)) else "two"
