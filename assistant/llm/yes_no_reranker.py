"""The chat model as a reranker: its odds of yes against no, for each passage alone."""

from collections.abc import Sequence

from assistant.contract.outcome import Passage
from assistant.llm import prompts
from assistant.llm.token_odds import TokenOdds
from vectorstore.library import Hit


class YesNoReranker:
    """Asks of each passage whether it contains the answer. Seconds a question: see the figures in
    docs/retrieval.md before it is chosen."""

    def __init__(self, model: TokenOdds) -> None:
        self._model = model

    def scores(self, question: str, hits: Sequence[Hit]) -> list[float]:
        return [self._log_odds(question, hit) for hit in hits]

    def _log_odds(self, question: str, hit: Hit) -> float:
        passage = Passage(hit.document, hit.page, hit.score, hit.text)
        messages = prompts.first_turn([passage], question, prompts.CHECK)
        yes, no = self._model.next_token_logprobs(messages, (prompts.YES, prompts.NO))
        return yes - no
