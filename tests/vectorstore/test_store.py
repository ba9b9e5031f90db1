"""Every Store keeps the contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from vectorstore.dense.chroma_store import ChromaStore
from vectorstore.dense.exact_store import ExactStore
from vectorstore.store import Store
from vectorstore.testing import StoreContract


class TestExactStore(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        return ExactStore()


class TestChromaStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        chroma = ChromaStore(tmp_path / "chroma")
        yield chroma
        chroma.close()
