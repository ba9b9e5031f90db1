"""What every chat model promises, as tests."""

import threading
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from assistant.contract.facts import Passage
from assistant.llm import prompts
from assistant.llm.odds import TokenOdds, token_counter
from tests.contracts import TEXTS
from vectorstore.retrieval.search_query import SearchQuery


class ChatModelContract:
    """Fixture: `model`."""

    @pytest.fixture
    def messages(self) -> list[BaseMessage]:
        """The messages of a question with passages, as an answer sends them."""
        passages = [Passage(f"{title}.pdf", 1, 0.5, text) for title, text in TEXTS]
        return prompts.conversation(
            (), passages, SearchQuery("How many days of leave are there?"), prompts.ANSWER
        )

    def test_it_answers_in_text(self, model: BaseChatModel, messages: list[BaseMessage]) -> None:
        content = model.invoke(messages).content
        assert isinstance(content, str) and content.strip()

    def test_it_streams_text(self, model: BaseChatModel, messages: list[BaseMessage]) -> None:
        parts = [part.content for part in model.stream(messages, **_options(model))]
        assert all(isinstance(part, str) for part in parts) and "".join(map(str, parts)).strip()

    def test_tokens_are_counted_once_if_at_all(
        self, model: BaseChatModel, messages: list[BaseMessage]
    ) -> None:
        parts = list(model.stream(messages, **_options(model)))
        counted = [usage for part in parts if (usage := getattr(part, "usage_metadata", None))]
        assert len(counted) <= 1
        assert all(usage["input_tokens"] > 0 < usage["output_tokens"] for usage in counted)

    def test_more_words_have_more_tokens(self, model: BaseChatModel) -> None:
        if not hasattr(model, "tokens_in"):
            pytest.skip("its tokens are estimated, which is allowed")
        count = token_counter(model)
        few, many = count("A lease"), count("A lease of the whole house")
        assert 0 < few < many

    def test_odds_are_those_of_words(
        self, model: BaseChatModel, messages: list[BaseMessage]
    ) -> None:
        if not isinstance(model, TokenOdds):
            pytest.skip("it tells no odds, which is allowed")
        odds = model.next_token_logprobs(messages, [prompts.YES, prompts.NO])
        assert len(odds) == 2 and all(one <= 0 for one in odds)

    def test_with_odds_it_also_stops_when_it_is_told(
        self, model: BaseChatModel, messages: list[BaseMessage]
    ) -> None:
        if not isinstance(model, TokenOdds):
            pytest.skip("it is stopped between two pieces of text")
        options = _options(model)
        options["cancel"].set()
        assert "".join(str(part.content) for part in model.stream(messages, **options)) == ""


def _options(model: BaseChatModel) -> dict[str, Any]:
    """A model with odds takes these, too."""
    return {"cancel": threading.Event(), "max_tokens": 40} if isinstance(model, TokenOdds) else {}
