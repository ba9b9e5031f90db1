"""Runs in SQLite: the set, the library, the model and the settings, and a row for each question."""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.contract.forgetting import reads
from assistant.errors import AssistantError
from assistant.storage.sqlite_file import Kept
from vectorstore.indexing import jobs

_SCHEMA = """
CREATE TABLE IF NOT EXISTS run (
    number   INTEGER PRIMARY KEY,
    started  TEXT NOT NULL,
    finished TEXT,                      -- NULL while it runs, and when it was interrupted
    about    TEXT NOT NULL,             -- JSON: set, library, model, settings, options
    note     TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS asked (
    run      INTEGER NOT NULL REFERENCES run,
    question TEXT NOT NULL,             -- its id
    row      TEXT NOT NULL,             -- JSON, see scoring.py
    PRIMARY KEY (run, question)
);
"""

About = dict[str, Any]
Row = dict[str, Any]


@dataclass(frozen=True)
class EvaluationRun:
    """A run without its rows."""

    number: int
    started: str  # ISO time, UTC
    finished: str  # empty when unfinished
    about: About
    note: str
    asked: int  # questions that have been asked

    @property
    def title(self) -> str:
        return f"run {self.number}: {self.about['set']}, {self.started[:16].replace('T', ' ')}"


class EvaluationRuns(Kept):
    """One SQLite file for all runs of a home."""

    def __init__(self, path: Path) -> None:
        """Each use raises AssistantError when the file cannot be used."""
        super().__init__(path, _SCHEMA, "runs")
        self._folder = path.parent

    @contextmanager
    def at_work(self, about: About, note: str = "", fresh: bool = False) -> Iterator[int]:
        """Hold a run: the number from `begin`. Anyone who measures the same meanwhile, in the app
        or at a command line, gets another one."""
        busy: set[int] = set()
        while True:
            number = self.begin(about, note, fresh, busy)
            lock = self._folder / f"run-{number}.lock"
            with jobs.alone(lock) as alone:
                if alone and not self.get(number).finished:
                    yield number
                    break
            busy.add(number)
        if self.get(number).finished:  # nobody will take it up
            with suppress(OSError):
                lock.unlink()

    def begin(
        self, about: About, note: str = "", fresh: bool = False, busy: Collection[int] = ()
    ) -> int:
        """The number of a new run, or of an interrupted run of the same that is not `busy`."""
        text = json.dumps(about, sort_keys=True)
        with self._connected() as connection:
            rows = connection.execute(
                "SELECT number FROM run WHERE about = ? AND note = ? AND finished IS NULL"
                " ORDER BY number DESC", (text, note),
            ).fetchall()  # fmt: skip
            left = [int(row[0]) for row in rows if row[0] not in busy]
            if left and not fresh:
                return left[0]
            (made,) = connection.execute(
                "INSERT INTO run (started, about, note) VALUES (?, ?, ?) RETURNING number",
                (_now(), text, note),
            ).fetchone()
            return int(made)

    def put(self, run: int, row: Row) -> None:
        """Save the result of a question, replacing an earlier one."""
        with self._connected() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO asked (run, question, row) VALUES (?, ?, ?)",
                (run, row["id"], json.dumps(row)),
            )

    def finish(self, run: int) -> None:
        """Mark a run as finished."""
        with self._connected() as connection:
            connection.execute("UPDATE run SET finished = ? WHERE number = ?", (_now(), run))

    def get(self, number: int) -> EvaluationRun:
        """Raises AssistantError when there is none of that number."""
        found = self._select("WHERE number = ?", number)
        if not found:
            known = ", ".join(str(run.number) for run in self.recent()) or "none"
            raise AssistantError(f"There is no run {number}. The latest are: {known}.")
        return found[0]

    def recent(self, limit: int = 20) -> list[EvaluationRun]:
        """The latest first."""
        return self._select("ORDER BY number DESC LIMIT ?", limit)

    def rows(self, number: int) -> list[Row]:
        """The rows of a run, one for each question, in the order of asking."""
        with self._connected() as connection:
            rows = connection.execute(
                "SELECT row FROM asked WHERE run = ? ORDER BY rowid", (number,)
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def forget(self, library: str, document: str) -> int:
        """Delete the answers of all runs that read a document of a library, and count them.

        Their questions and the pages that were found stay: only searches count for these.
        """
        with self._connected() as connection:
            rows = connection.execute(
                "SELECT run, question, row, about FROM asked JOIN run ON run.number = run"
            ).fetchall()
            read = [
                (run, question, json.loads(row)) for run, question, row, about in rows
                if json.loads(about).get("library") == library
            ]  # fmt: skip
            changed = [
                (json.dumps(_without(row, document)), run, question)
                for run, question, row in read if reads(row, document)
            ]  # fmt: skip
            connection.executemany(
                "UPDATE asked SET row = ? WHERE run = ? AND question = ?", changed
            )
        if changed:
            self._write_anew()
        return len(changed)

    def _select(self, condition: str, value: int) -> list[EvaluationRun]:
        with self._connected() as connection:
            rows = connection.execute(
                "SELECT number, started, COALESCE(finished, ''), about, note,"
                f" (SELECT count(*) FROM asked WHERE run = number) FROM run {condition}", (value,)
            ).fetchall()  # fmt: skip
        return [
            EvaluationRun(row[0], row[1], row[2], json.loads(row[3]), row[4], row[5])
            for row in rows
        ]


def _without(row: Row, document: str) -> Row:
    """Without the answer that read the document, and the expected ones, which may repeat it."""
    question = row["question"]
    if reads(question, document):
        question = question | {"answers": []}
    return row | {"question": question, "answer": None}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
