"""The file of a catalogue: connections, transactions, errors."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from vectorstore.catalog import catalog
from vectorstore.catalog.catalog import CatalogFile
from vectorstore.errors import LibraryBusy, LibraryError


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[CatalogFile]:
    made = CatalogFile(tmp_path / "catalog.sqlite")
    yield made
    made.close()


needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files")


def handles(path: Path) -> int:
    """How often this process has the file open."""
    links = Path("/proc/self/fd").iterdir()
    return sum(1 for link in links if link.is_symlink() and str(link.readlink()) == str(path))


def in_a_thread(opened: CatalogFile) -> threading.Thread:
    thread = threading.Thread(target=lambda: opened.one("SELECT 1"))
    thread.start()
    return thread


@needs_proc
def test_closing_closes_the_connections_of_all_threads(opened: CatalogFile, tmp_path: Path) -> None:
    in_a_thread(opened).join()
    assert handles(tmp_path / "catalog.sqlite") == 2
    opened.close()
    assert handles(tmp_path / "catalog.sqlite") == 0


@needs_proc
def test_a_thread_that_has_ended_keeps_no_connection(opened: CatalogFile, tmp_path: Path) -> None:
    for _ in range(5):
        in_a_thread(opened).join()
    assert handles(tmp_path / "catalog.sqlite") == 2


def test_a_closed_database_opens_again(opened: CatalogFile) -> None:
    opened.close()
    assert opened.one("SELECT 1") == (1,)


def test_closing_in_the_middle_of_a_transaction_is_told_in_a_sentence(opened: CatalogFile) -> None:
    with pytest.raises(LibraryError, match="was closed meanwhile"), opened.transaction() as writer:
        opened.close()
        writer.execute("SELECT 1")


def test_waiting_too_long_for_another_writer_is_told_as_busy(
    opened: CatalogFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "_WAIT", 0.1)
    impatient = CatalogFile(tmp_path / "catalog.sqlite")
    with opened.transaction(), pytest.raises(LibraryBusy, match="Another process has been writing"):
        impatient.write("UPDATE meta SET value = value")
    impatient.close()


def test_an_error_without_a_sentence_of_its_own_names_the_file_and_the_reason(
    opened: CatalogFile,
) -> None:
    with pytest.raises(LibraryError, match=r"catalog\.sqlite could not be used: no such table: x"):
        opened.all("SELECT * FROM x")


def test_a_broken_rule_of_the_schema_stays_an_error_of_the_programme(opened: CatalogFile) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        opened.write("INSERT INTO meta VALUES ('generation', '0')")


_CLOSING = """
import sys, threading, time
from pathlib import Path
from vectorstore.catalog.catalog import CatalogFile

opened, over, asked = CatalogFile(Path(sys.argv[1])), threading.Event(), []

def ask():
    while not over.is_set():
        asked.extend(opened.all("SELECT count(*) FROM (SELECT value FROM meta, pragma_table_list)"))

threads = [threading.Thread(target=ask) for _ in range(3)]
for thread in threads: thread.start()
for _ in range(300):
    opened.close()
    time.sleep(0.001)
over.set()
for thread in threads: thread.join()
print(min(len(asked), 100))
"""


def test_closing_while_other_threads_read_harms_nothing(tmp_path: Path) -> None:
    """In a process of its own: SQLite ends it when one thread closes what another one uses."""
    command = [sys.executable, "-c", _CLOSING, str(tmp_path / "catalog.sqlite")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT)
    assert (done.returncode, done.stdout) == (0, "100\n"), done.stderr


def test_a_part_that_fails_after_a_part_of_its_own_leaves_nothing(opened: CatalogFile) -> None:
    def fail(around: bool) -> None:
        with opened.transaction() as writer:
            if around:
                writer.execute("INSERT INTO meta VALUES ('outer', '1')")
                with suppress(ZeroDivisionError):
                    fail(around=False)
            raise ZeroDivisionError

    with opened.transaction():
        with suppress(ZeroDivisionError):
            fail(around=True)
        opened.write("INSERT INTO meta VALUES ('kept', '1')")
    assert opened.all("SELECT key FROM meta WHERE key IN ('outer', 'kept')") == [("kept",)]
