from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.contracts.embedders import RerankerContract
from tests.vectorstore.embedding.made import TOPICS, made
from vectorstore.catalog.rows import StoredChunk
from vectorstore.errors import LibraryError
from vectorstore.retrieval.fusion import Hit
from vectorstore.retrieval.rerank import CrossEncoder, Reranker


def hit(text: str, score: float) -> Hit:
    return Hit(StoredChunk(text, "Handbook.pdf", 1, 0, 0, (), text), score, score)


class ByLength:
    """The shorter, the better."""

    def scores(self, question: str, hits: Sequence[Hit]) -> list[float]:
        return [-len(hit.text) for hit in hits]


class TestByLength(RerankerContract):
    @pytest.fixture
    def reranker(self) -> Reranker:
        return ByLength()


@pytest.mark.slow
class TestCrossEncoder(RerankerContract):
    @pytest.fixture
    def reranker(self) -> Reranker:
        return CrossEncoder(made())


@pytest.mark.slow
def test_a_cross_encoder_ranks_what_it_has_learned() -> None:
    reranker = CrossEncoder(made())
    hits = [hit(f"about {topic}", 1.0) for topic in TOPICS]
    for topic in TOPICS:
        scores = reranker.scores(f"how much {topic}", hits)
        assert max(zip(scores, TOPICS, strict=True))[1] == topic
    assert reranker.scores("how much leave", []) == []


def test_a_folder_without_a_cross_encoder_is_told(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="holds no reranker"):
        CrossEncoder(tmp_path)
    (tmp_path / "config.json").write_text('{"architectures": ["BertForSequenceClassification"]}')
    with pytest.raises(LibraryError, match="a classifier of texts with one label"):
        CrossEncoder(tmp_path)
