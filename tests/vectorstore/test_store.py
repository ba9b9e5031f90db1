"""What every Store promises, checked on each implementation."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from vectorstore.dense.chroma_store import ChromaStore
from vectorstore.dense.exact_store import ExactStore
from vectorstore.store import Store, Vectors


@pytest.fixture(params=["exact", "chroma"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "exact":
        yield ExactStore()
        return
    chroma = ChromaStore(tmp_path / "chroma")
    yield chroma
    chroma.close()


def vector(degrees: float) -> Vectors:
    radians = np.radians(degrees)
    return np.array([np.cos(radians), np.sin(radians)], np.float32)


def at(*degrees: float) -> Vectors:
    return np.stack([vector(d) for d in degrees])


def test_the_nearest_comes_first_with_its_cosine(store: Store) -> None:
    store.add(["a", "b", "c"], at(0, 60, 90))
    found = store.nearest(vector(0), 3)
    assert [id for id, _ in found] == ["a", "b", "c"]
    assert [cosine for _, cosine in found] == pytest.approx([1, 0.5, 0], abs=1e-5)


def test_at_most_k_come_back(store: Store) -> None:
    store.add(["a", "b"], at(0, 60))
    assert [len(store.nearest(vector(0), k)) for k in (0, 1, 2, 9)] == [0, 1, 2, 2]


def test_an_empty_store_finds_nothing(store: Store) -> None:
    assert store.nearest(vector(0), 3) == []
    assert store.ids() == set()


def test_an_id_that_is_there_gets_the_new_vector(store: Store) -> None:
    store.add(["a", "b"], at(0, 60))
    store.add(["a"], at(90))
    assert [id for id, _ in store.nearest(vector(90), 2)] == ["a", "b"]
    assert store.ids() == {"a", "b"}


def test_what_was_removed_is_not_found(store: Store) -> None:
    store.add(["a", "b", "c"], at(0, 30, 60))
    store.remove(["a", "unknown"])
    assert store.ids() == {"b", "c"}
    assert [id for id, _ in store.nearest(vector(0), 3)] == ["b", "c"]


def test_everything_can_be_removed_and_more_added(store: Store) -> None:
    store.add(["a"], at(0))
    store.remove(["a"])
    store.add(["b"], at(0))
    assert [id for id, _ in store.nearest(vector(0), 3)] == ["b"]


def test_nothing_can_be_added_and_removed(store: Store) -> None:
    store.add([], np.zeros((0, 2), np.float32))
    store.remove([])
    assert store.ids() == set()


def test_more_rows_than_chroma_takes_at_once_can_be_added(store: Store) -> None:
    ids = [str(number) for number in range(6000)]
    store.add(ids, at(*np.linspace(0, 90, 6000)))
    assert len(store.ids()) == 6000
    assert store.nearest(vector(90), 1)[0][1] == pytest.approx(1, abs=1e-4)
