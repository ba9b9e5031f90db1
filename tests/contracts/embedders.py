"""What every embedder and every reranker promises, as tests; and an embedder without a model."""

from collections.abc import Sequence

import numpy as np
import pytest

from vectorstore.catalog.rows import StoredChunk
from vectorstore.embedding.embedder import Embedder
from vectorstore.retrieval.fusion import Hit
from vectorstore.retrieval.rerank import Reranker
from vectorstore.store import Vectors

_TEXTS = ("Thirty days of leave.", "A password has fourteen letters.", "Revenue grew by a tenth.")


class WordHashes:
    """An embedder without a model: the cosine of two texts counts the words that they share."""

    identity = "words"

    def passages(self, texts: Sequence[str]) -> Vectors:
        return np.array([self.query(text) for text in texts], np.float32).reshape(-1, 512)

    def query(self, text: str) -> Vectors:
        vector = np.full(512, 1e-3, np.float32)
        for word in text.lower().split():
            vector[sum(map(ord, word.strip(".,?!:;"))) % 512] += 1.0
        return vector / np.linalg.norm(vector)


class EmbedderContract:
    """What each `Embedder` does. Fixture: `embedder`."""

    def test_it_has_an_identity(self, embedder: Embedder) -> None:
        assert embedder.identity

    def test_vectors_are_rows_of_length_one(self, embedder: Embedder) -> None:
        vectors = embedder.passages(_TEXTS)
        assert vectors.dtype == np.float32 and len(vectors) == len(_TEXTS)
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-3)

    def test_a_query_is_one_vector_as_long_as_a_row(self, embedder: Embedder) -> None:
        query, (row,) = embedder.query(_TEXTS[0]), embedder.passages(_TEXTS[:1])
        assert query.dtype == np.float32 and query.shape == row.shape
        assert float(np.linalg.norm(query)) == pytest.approx(1, abs=1e-3)

    def test_a_text_gets_the_same_vector_whatever_comes_with_it(self, embedder: Embedder) -> None:
        alone, among = embedder.passages(_TEXTS[1:2])[0], embedder.passages(_TEXTS)[1]
        assert float(alone @ among) == pytest.approx(1, abs=1e-3)

    def test_a_text_finds_itself(self, embedder: Embedder) -> None:
        cosines = embedder.passages(_TEXTS) @ embedder.query(_TEXTS[1])
        assert int(cosines.argmax()) == 1

    def test_no_text_makes_no_row(self, embedder: Embedder) -> None:
        assert len(embedder.passages([])) == 0

    def test_an_empty_text_has_a_vector_too(self, embedder: Embedder) -> None:
        assert np.isfinite(embedder.passages([""])).all()
        assert np.isfinite(embedder.query("")).all()


class RerankerContract:
    """What each `Reranker` does. Fixture: `reranker`."""

    @pytest.fixture
    def hits(self) -> list[Hit]:
        chunks = [
            StoredChunk(str(n), f"{n}.pdf", 1, 0, 0, (), text) for n, text in enumerate(_TEXTS)
        ]
        return [Hit(chunk, 0.5, 0.5) for chunk in chunks]

    def test_each_hit_gets_a_finite_score(self, reranker: Reranker, hits: list[Hit]) -> None:
        scores = reranker.scores("How long is a password?", hits)
        assert len(scores) == len(hits) and np.isfinite(scores).all()

    def test_no_hit_gets_no_score(self, reranker: Reranker) -> None:
        assert list(reranker.scores("How long is a password?", [])) == []

    def test_a_score_does_not_depend_on_the_order(
        self, reranker: Reranker, hits: list[Hit]
    ) -> None:
        question = "How long is a password?"
        forwards, backwards = reranker.scores(question, hits), reranker.scores(question, hits[::-1])
        assert forwards == pytest.approx(backwards[::-1], abs=1e-3)
