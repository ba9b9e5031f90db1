"""A PostgreSQL for the tests that ask for one: started once, skipped with the reason."""

from collections.abc import Iterator

import pytest

from tests.postgres_process import PostgresProcess, missing, without_pgvector
from vectorstore.postgres.server import Server


@pytest.fixture(scope="session")
def postgres_process() -> Iterator[PostgresProcess]:
    if why := missing():
        pytest.skip(why)
    running = PostgresProcess()
    yield running
    running.remove()


@pytest.fixture(scope="session")
def postgres(postgres_process: PostgresProcess) -> Server:
    return Server(postgres_process.address)


@pytest.fixture(scope="session")
def pgvector(postgres: Server) -> Server:
    """The same, where the extension is installed beside it."""
    if why := without_pgvector():
        pytest.skip(why)
    return postgres
