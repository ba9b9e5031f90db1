"""What a real PostgreSQL says, as sentences."""

import socket
import threading
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.servers.postgres_process import PostgresProcess
from vectorstore.errors import LibraryAway, LibraryBusy, LibraryError
from vectorstore.opened import SCHEMA_MARK, drop_catalog
from vectorstore.team import postgres as team_postgres
from vectorstore.team.postgres import Server, sentences


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


def test_a_fault_of_a_statement_is_none_of_the_address(postgres: Server) -> None:
    for wrong in (b"SELECT not_there FROM pg_class", b"SELECT not_there(1)"):
        with (
            closing(postgres.connect()) as connection,
            pytest.raises(LibraryError, match="refused a statement") as said,
            sentences(postgres),
        ):
            connection.execute(wrong)
        assert not isinstance(said.value, LibraryAway)
    with pytest.raises(LibraryAway, match="lacks what the address names"):
        Server(f"{postgres.address}_not_there").connect()


def test_what_two_write_at_once_is_a_clash_whatever_its_words(postgres: Server) -> None:
    table = b"CREATE TEMPORARY TABLE said (words TEXT PRIMARY KEY)"
    said = b"INSERT INTO said VALUES ('permission denied, does not exist')"
    with closing(postgres.connect()) as connection:
        connection.execute(table)
        connection.execute(said)
        with (
            pytest.raises(LibraryBusy, match="another process wrote the same"),
            sentences(postgres, clashes=True),
        ):
            connection.execute(said)


ELSEWHERE = "192.0.2.1"  # which belongs to nobody


def test_the_environment_leads_no_socket_to_another_machine(
    postgres_process: PostgresProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = tmp_path / "services"
    services.write_text(f"[far]\nhost={ELSEWHERE}\nhostaddr={ELSEWHERE}\n")
    for name, value in (
        ("PGHOSTADDR", ELSEWHERE), ("PGSERVICE", "far"), ("PGSERVICEFILE", str(services)),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    with closing(Server(postgres_process.socket).connect()) as connection:
        assert connection.info.host.startswith("/") and not connection.info.hostaddr
    with pytest.raises(LibraryAway, match="local socket"):  # nothing listens at the driver's own
        Server("postgresql://pincite@/postgres?port=1").connect()
    for named in (ELSEWHERE, f"/tmp,{ELSEWHERE}"):
        monkeypatch.setenv("PGHOST", named)
        with pytest.raises(LibraryAway, match="write the server into the address"):
            Server("postgresql://pincite@/postgres").connect()


@pytest.fixture
def db_example(monkeypatch: pytest.MonkeyPatch) -> str:
    """A name that leads to loopback, and that nothing takes for this machine."""
    found, name = socket.getaddrinfo, "db.example.org"
    monkeypatch.setattr(
        socket, "getaddrinfo",
        lambda host, *a, **k: found("127.0.0.1" if host == name else host, *a, **k),
    )  # fmt: skip
    monkeypatch.setattr(team_postgres, "_ROOTS", Path("/nonexistent"))
    return name


def test_beyond_this_machine_a_server_shows_a_certificate_unless_told_otherwise(
    postgres_process: PostgresProcess, db_example: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("PGSSLMODE", "disable")  # nobody has written this into the address
    monkeypatch.setenv("PGPORT", "1")
    there = postgres_process.address.replace("127.0.0.1", db_example)
    with pytest.raises(LibraryAway, match="sslmode=disable"):
        Server(there).connect()
    Server(f"{there}?sslmode=disable").connect().close()
    Server(postgres_process.address).connect().close()

    with postgres_process.encrypted(db_example) as certificate:
        with pytest.raises(LibraryAway, match="sslrootcert=FILE"):
            Server(there).connect()
        with closing(Server(f"{there}?sslrootcert={certificate}").connect()) as connection:
            [(encrypted,)] = connection.execute(
                "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            )
            assert encrypted
        here = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 0))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: here)
        other = there.replace(db_example, "other.example.org")
        with pytest.raises(LibraryAway, match="sslrootcert=FILE"):
            Server(f"{other}?sslrootcert={certificate}").connect()


def test_a_mark_that_names_another_schema_deletes_nothing(postgres: Server, tmp_path: Path) -> None:
    (tmp_path / SCHEMA_MARK).write_text("public CASCADE; DROP SCHEMA pincite_team")
    with pytest.raises(LibraryError, match="is damaged"):
        drop_catalog(tmp_path, postgres)
