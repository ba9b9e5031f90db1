"""Every Store keeps the contract."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vectorstore.dense.chroma_process import ChromaProcess
from vectorstore.dense.stores import ChromaStore, ExactStore
from vectorstore.store import Store
from vectorstore.team.postgres import Server
from vectorstore.team.served_vectors import ChromaServer, PgvectorStore
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


class TestChromaServer(StoreContract):
    @pytest.fixture
    def store(self, chroma: ChromaProcess) -> Iterator[Store]:
        server = ChromaServer.at(chroma.address, f"test-{uuid.uuid4().hex}")
        yield server
        server.delete()
        server.close()


class TestPgvector(StoreContract):
    @pytest.fixture
    def store(self, pgvector: Server) -> Iterator[Store]:
        store = PgvectorStore.at(pgvector, f"test-{uuid.uuid4().hex}")
        yield store
        store.delete()
        store.close()
