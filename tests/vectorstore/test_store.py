"""Every Store keeps the contract."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from vectorstore.store import ChromaStore, Store, Vectors
from vectorstore.team.postgres import Server
from vectorstore.team.served_vectors import PgvectorStore


def vector(degrees: float) -> Vectors:
    """The vector of length 1 at this angle, in two dimensions."""
    radians = np.radians(degrees)
    return np.array([np.cos(radians), np.sin(radians)], np.float32)


def at(*degrees: float) -> Vectors:
    """A row for each angle, see `vector`."""
    return np.stack([vector(d) for d in degrees])


class StoreContract:
    """What each `Store` does. Fixture: `store`, an empty one."""

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


class TestChromaStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        chroma = ChromaStore(tmp_path / "chroma")
        yield chroma
        chroma.close()


class TestPgvector(StoreContract):
    @pytest.fixture
    def store(self, pgvector: Server) -> Iterator[Store]:
        store = PgvectorStore(pgvector, f"test_{uuid.uuid4().hex}")
        yield store
        store.delete()
        store.close()
