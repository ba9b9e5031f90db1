"""What one process does to the tables of a team while another one has not ended its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TypeVar

from assistant.storage.part import SCHEMA
from tests.assistant.main_library import eventually
from vectorstore.team.postgres import Server

T = TypeVar("T")


def meanwhile(server: Server, statement: str, act: Callable[[], T]) -> T:
    """The result of `act`, which begins after the other process's statement, and before its end."""
    with closing(server.connect()) as other, ThreadPoolExecutor(1) as threads:
        other.execute(f"SET search_path TO {SCHEMA}; BEGIN; {statement}".encode())
        acting = threads.submit(act)
        waits = b"SELECT 1 FROM pg_locks WHERE NOT granted"
        assert eventually(lambda: acting.done() or other.execute(waits).fetchone() is not None)
        other.execute("COMMIT")
        return acting.result(60)
