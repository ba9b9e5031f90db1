"""The token budget: shares of the model's window for passages, conversation and answer."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from assistant.errors import ContextOverflow
from assistant.llm import prompts

_MARGIN = 48  # tokens of the chat template


@dataclass(frozen=True)
class Budget:
    """Tokens of the model's window, and the shares of passages and answer."""

    window: int = 4096
    passages: int = 600
    answer: int = 400
    part: int = 300  # more for each further part of a question
    further: int = 900  # for passages that are read when the first ones are not enough


class Room:
    """The room in the window; `count` gives a text's tokens."""

    def __init__(self, budget: Budget, count: Callable[[str], int]) -> None:
        self._budget = budget
        self.count = count

    def holds(self, question: str) -> bool:
        """Whether enough passages fit beside a question."""
        return self._rest(question) >= self._least

    def check(self, question: str) -> None:
        """Raises ContextOverflow for a question that leaves too little room."""
        if not self.holds(question):
            raise self._overlong(question)

    def passages(self, question: str, parts: int = 1) -> int:
        """Tokens for the passages beside a question of so many parts. Raises ContextOverflow."""
        self.check(question)
        wanted = self._budget.passages + self._budget.part * (parts - 1)
        return min(wanted, self._rest(question))

    @property
    def further(self) -> int:
        """Tokens of the passages that are read on for."""
        return self._budget.further

    def left(self, messages: Iterable[str]) -> int:
        """Tokens that are left for more between the messages and the answer."""
        most = self._budget.window - self._budget.answer - _MARGIN
        return most - sum(map(self.count, messages))

    def fits(self, messages: Iterable[str]) -> bool:
        """Whether the answer fits after the messages."""
        return self.left(messages) >= 0

    @property
    def _least(self) -> int:
        return self._budget.passages // 2

    def _rest(self, question: str) -> int:
        taken = self.count(prompts.SYSTEM + prompts.UNSURE) + self.count(question)
        return self._budget.window - self._budget.answer - _MARGIN - taken

    def _overlong(self, question: str) -> ContextOverflow:
        tokens, rest = self.count(question), self._rest(question)
        return ContextOverflow(
            f"The question is {tokens:,} tokens long, and {tokens + rest - self._least:,} fit "
            "beside the passages. Shorten it, or raise PINCITE_CONTEXT_TOKENS."
        )
