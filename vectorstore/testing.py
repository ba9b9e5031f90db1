"""Contract tests of stores, embedders and rerankers. Subclass one, and supply the fixture that its
docstring names."""

from collections.abc import Sequence

import numpy as np
import pytest

from vectorstore.catalog.catalog import StoredChunk
from vectorstore.embedding.embedder import Embedder
from vectorstore.retrieval.hybrid_search import Hit
from vectorstore.retrieval.reranker import Reranker, reranked
from vectorstore.store import Store, Vectors

_TEXTS = ("Thirty days of leave.", "A password has fourteen letters.", "Revenue grew by a tenth.")


def vector(degrees: float) -> Vectors:
    """In two dimensions, of length 1."""
    radians = np.radians(degrees)
    return np.array([np.cos(radians), np.sin(radians)], np.float32)


def at(*degrees: float) -> Vectors:
    """A row for each."""
    return np.stack([vector(d) for d in degrees])


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


class StoreContract:
    """Fixture: `store`, an empty one."""

    def test_the_nearest_comes_first_with_its_cosine(self, store: Store) -> None:
        store.add(["a", "b", "c"], at(0, 60, 90))
        found = store.nearest(vector(0), 3)
        assert [id for id, _ in found] == ["a", "b", "c"]
        assert [cosine for _, cosine in found] == pytest.approx([1, 0.5, 0], abs=1e-5)

    def test_at_most_k_come_back(self, store: Store) -> None:
        store.add(["a", "b"], at(0, 60))
        assert [len(store.nearest(vector(0), k)) for k in (0, 1, 2, 9)] == [0, 1, 2, 2]

    def test_an_empty_store_finds_nothing(self, store: Store) -> None:
        assert store.nearest(vector(0), 3) == []
        assert store.ids() == set()

    def test_an_id_that_is_there_gets_the_new_vector(self, store: Store) -> None:
        store.add(["a", "b"], at(0, 60))
        store.add(["a"], at(90))
        assert [id for id, _ in store.nearest(vector(90), 2)] == ["a", "b"]
        assert store.ids() == {"a", "b"}

    def test_what_was_removed_is_not_found(self, store: Store) -> None:
        store.add(["a", "b", "c"], at(0, 30, 60))
        store.remove(["a", "unknown"])
        assert store.ids() == {"b", "c"}
        assert [id for id, _ in store.nearest(vector(0), 3)] == ["b", "c"]

    def test_everything_can_be_removed_and_more_added(self, store: Store) -> None:
        store.add(["a"], at(0))
        store.remove(["a"])
        store.add(["b"], at(0))
        assert [id for id, _ in store.nearest(vector(0), 3)] == ["b"]

    def test_nothing_can_be_added_and_removed(self, store: Store) -> None:
        store.add([], np.zeros((0, 2), np.float32))
        store.remove([])
        assert store.ids() == set()

    def test_thousands_of_rows_can_be_added_at_once(self, store: Store) -> None:
        ids = [str(number) for number in range(6000)]
        store.add(ids, at(*np.linspace(0, 90, 6000)))
        assert len(store.ids()) == 6000
        assert store.nearest(vector(90), 1)[0][1] == pytest.approx(1, abs=1e-4)


class EmbedderContract:
    """Fixture: `embedder`."""

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
    """Fixture: `reranker`."""

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

    def test_no_hit_is_lost(self, reranker: Reranker, hits: list[Hit]) -> None:
        found = reranked(reranker, "How long is a password?", hits)
        assert {hit.chunk.id for hit in found} == {hit.chunk.id for hit in hits}
