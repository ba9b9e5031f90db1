"""A PostgreSQL for the tests that ask for one: started once, skipped with the reason."""

import os
from collections.abc import Iterator

import pytest

from assistant.storage.part import SCHEMA
from tests.servers.postgres_process import PostgresProcess, missing, without_pgvector
from vectorstore.team.postgres import Server


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


@pytest.fixture
def team_database(postgres: Server) -> Iterator[Server]:
    """The same, where no home has kept people and conversations yet."""
    _drop_team(postgres)
    yield postgres
    _drop_team(postgres)


def _drop_team(server: Server) -> None:
    with server.connect() as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE".encode())


@pytest.fixture
def catalogue(request: pytest.FixtureRequest) -> str:
    """The setting of that name for the engine that a test asks for by a parameter, else for the one
    that PINCITE_TEST_ENGINE names; SQLite without either."""
    engine = getattr(request, "param", os.environ.get("PINCITE_TEST_ENGINE", "sqlite"))
    if engine == "sqlite":
        return ""
    server: Server = request.getfixturevalue("team_database")
    return server.address


ON_BOTH = pytest.mark.parametrize("catalogue", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session")
def pgvector(postgres: Server) -> Server:
    """The same, where the extension is installed beside it."""
    if why := without_pgvector():
        pytest.skip(why)
    return postgres
