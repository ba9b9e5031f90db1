import threading
from collections.abc import Sequence

import pytest
from langchain_core.messages import BaseMessage

from assistant.llm import prompts
from assistant.llm.odds import YesNoReranker
from tests.contracts.embedders import RerankerContract
from vectorstore.catalog.rows import StoredChunk
from vectorstore.retrieval.fusion import Hit
from vectorstore.retrieval.rerank import Reranker


class Believer:
    """Says yes the more often "leave" stands in what it reads."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def next_token_logprobs(
        self,
        messages: Sequence[BaseMessage],
        candidates: Sequence[str],
        cancel: threading.Event | None = None,
    ) -> list[float]:
        assert tuple(candidates) == (prompts.YES, prompts.NO)
        self.read.append(str(messages[-1].content))
        return [float(self.read[-1].count("leave")), 1.0]


class TestYesNoReranker(RerankerContract):
    @pytest.fixture
    def reranker(self) -> Reranker:
        return YesNoReranker(Believer())


def test_each_passage_is_asked_for_alone_with_its_label() -> None:
    model = Believer()
    texts = ["Thirty days of leave.", "Travel by train."]
    hits = [Hit(StoredChunk(t, "Handbook.pdf", 4, 0, 0, (), t), 1.0, 1.0) for t in texts]
    scores = YesNoReranker(model).scores("How much leave?", hits)
    assert scores == [1.0, 0.0]  # the question has the word, too
    for text, prompt in zip(texts, model.read, strict=True):
        assert text in prompt and "Handbook.pdf" in prompt and "page 4" in prompt
        assert prompt.endswith(prompts.CHECK)
    assert not any(text in model.read[0] for text in texts[1:])
    assert YesNoReranker(model).scores("How much leave?", []) == []
