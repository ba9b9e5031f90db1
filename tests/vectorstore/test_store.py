"""Every Store keeps the contract."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from vectorstore.store import ChromaStore, Store
from vectorstore.team.postgres import Server
from vectorstore.team.served_vectors import PgvectorStore
from vectorstore.testing import StoreContract


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
