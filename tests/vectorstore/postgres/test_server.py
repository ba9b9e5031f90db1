"""What a real PostgreSQL says, as sentences."""

import threading
from contextlib import ExitStack, closing

import pytest

from vectorstore.errors import LibraryBusy
from vectorstore.postgres.server import Server, sentences


def test_a_server_without_a_free_connection_is_busy_for_an_ordinary_user(postgres: Server) -> None:
    user = Server(postgres.address.replace("pincite@", "ordinary@"))
    with closing(postgres.connect()) as administrator, ExitStack() as stack:
        administrator.execute("CREATE ROLE ordinary LOGIN")
        with pytest.raises(LibraryBusy, match="has no connection left: raise its max_connections"):
            for _ in range(61):
                stack.enter_context(closing(user.connect()))
        stack.close()
        administrator.execute("DROP ROLE ordinary")


def test_who_is_undone_because_two_waited_for_each_other_tries_again(postgres: Server) -> None:
    said: list[str] = []
    both_have_one = threading.Barrier(2)

    def lock(first: int, second: int) -> None:
        try:
            with sentences(postgres), closing(postgres.connect()) as connection:
                connection.execute("SET deadlock_timeout = '50ms'")
                with connection.transaction():
                    connection.execute("SELECT pg_advisory_xact_lock(%s)", (first,))
                    both_have_one.wait(60)
                    connection.execute("SELECT pg_advisory_xact_lock(%s)", (second,))
        except LibraryBusy as error:
            said.append(str(error))

    threads = [threading.Thread(target=lock, args=locks) for locks in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == 1
    assert "because two processes waited for each other; try again" in said[0]
