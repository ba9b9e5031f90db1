"""Keeps a receipt of each answer, so that it can be replayed and exported."""

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from assistant.contract.asked_in import to_row
from assistant.contract.forgetting import reads, unfound
from assistant.contract.outcome import Outcome, Passage
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.errors import AssistantError
from assistant.models.verified_file import sha256_of
from assistant.receipts.receipt import Receipt, ReceiptSource, receipt_of
from assistant.storage.sqlite_file import Connection, Kept
from assistant.storage.whose import EVERYBODY, Whose
from vectorstore.errors import LibraryError
from vectorstore.federation.federated import AnyLibrary
from vectorstore.federation.names import is_joined, parts

MOST = 2000  # receipts of a home; the oldest goes
_LEAST_OF_ID = 6  # characters that name an answer, where no other begins so

_SCHEMA = """
CREATE TABLE IF NOT EXISTS receipt (
    number  INTEGER PRIMARY KEY,
    id      TEXT NOT NULL UNIQUE,      -- of the answer
    receipt TEXT NOT NULL,             -- JSON: a Receipt
    person  TEXT NOT NULL DEFAULT ''   -- whose it is; empty without accounts
);
CREATE TABLE IF NOT EXISTS file_hash ( -- to hash a model of gigabytes only once
    path     TEXT PRIMARY KEY,
    bytes    INTEGER NOT NULL,
    modified INTEGER NOT NULL,         -- nanoseconds
    sha256   TEXT NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class ReceiptWriter:
    """The model and settings that write this process's answers; no model when they are quoted."""

    model: Path | None = None
    # Budget, threshold, sampling: all that decides what is written.
    settings: Mapping[str, Any] = field(default_factory=dict)


class Receipts(Kept):
    """The newest receipts of a home, as a person sees them: their own, of libraries that they see;
    the command line sees all."""

    def __init__(self, path: Path, most: int = MOST, whose: Whose = EVERYBODY) -> None:
        """Each use raises AssistantError when the file cannot be read or written."""
        super().__init__(path, _SCHEMA, "receipts")
        self._most, self._whose = most, whose

    def _upgrade(self, connection: Connection) -> None:
        columns = connection.execute("PRAGMA table_info(receipt)").fetchall()
        if "person" not in {column[1] for column in columns}:
            connection.execute("ALTER TABLE receipt ADD COLUMN person TEXT NOT NULL DEFAULT ''")

    def add(self, receipt: Receipt) -> None:
        with self._connected() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO receipt (id, receipt, person) VALUES (?, ?, ?)",
                (receipt.id, json.dumps(asdict(receipt)), self._whose.person),
            )
            connection.execute(
                "DELETE FROM receipt WHERE number <= (SELECT max(number) FROM receipt) - ?",
                (self._most,),
            )

    def get(self, identity: str) -> Receipt:
        """By an answer's id or its beginning. Raises AssistantError."""
        rows = self._begin_with(identity)
        if len(identity) < _LEAST_OF_ID or not rows:
            raise AssistantError(
                f"There is no receipt of an answer {identity!r}. The id is the `id` of the answer's"
                f" JSON, or its first {_LEAST_OF_ID} characters or more; the newest {self._most:,}"
                " answers have a receipt."
            )
        if len(rows) > 1:
            raise AssistantError(
                f"Several answers begin with {identity!r}. Give more characters of the id."
            )
        return receipt_of(rows[0])

    def _begin_with(self, identity: str) -> list[dict[str, Any]]:
        """Of those that the person sees, at most two."""
        person, last = self._whose.person, f"{identity}\uffff"
        with self._connected() as connection:
            found = connection.execute(
                "SELECT receipt FROM receipt WHERE id >= ? AND id < ? AND ? IN ('', person)"
                " LIMIT 2", (identity, last, person)
            ).fetchall()  # fmt: skip
        rows = [json.loads(text) for (text,) in found]
        return [row for row in rows if self._whose.sees(row["library"])]

    def forget(self, library: str, document: str) -> int:
        """Delete the receipts of answers that read a document of a library, and count them.

        A receipt holds what was read word by word: nothing could be replayed without it.
        """
        with self._connected() as connection:
            rows = connection.execute("SELECT number, receipt FROM receipt").fetchall()
            found = [
                (number, unfound(row, document, among), among) for number, text in rows
                if library in parts((row := json.loads(text)).get("library") or "")
                and reads(row, document, among := library if is_joined(row["library"]) else "")
            ]  # fmt: skip
            read = {number for number, row, among in found if reads(row, document, among)}
            gone = [(number,) for number in read]
            kept = [(json.dumps(row), number) for number, row, _ in found if number not in read]
            connection.executemany("DELETE FROM receipt WHERE number = ?", gone)
            connection.executemany("UPDATE receipt SET receipt = ? WHERE number = ?", kept)
        if found:
            self._write_anew()
        return len(gone)

    def delete(self, answers: Iterable[str]) -> int:
        """Delete the person's receipts of answers, by their ids, and count them."""
        gone = [(identity, self._whose.person) for identity in answers]
        query = "DELETE FROM receipt WHERE id = ? AND ? IN ('', person)"
        with self._connected() as connection:
            return connection.executemany(query, gone).rowcount

    def give(self, person: str) -> None:
        """What belongs to nobody becomes a person's."""
        with self._connected() as connection:
            connection.execute("UPDATE receipt SET person = ? WHERE person = ''", (person,))

    def drop(self, person: str) -> None:
        """Delete all receipts of a person."""
        with self._connected() as connection:
            connection.execute("DELETE FROM receipt WHERE person = ?", (person,))
        self._write_anew()

    def has(self, identity: str) -> bool:
        """Whether an answer has a receipt."""
        with self._connected() as connection:
            query = "SELECT 1 FROM receipt WHERE id = ? AND ? IN ('', person)"
            return bool(connection.execute(query, (identity, self._whose.person)).fetchone())

    def sha256(self, path: Path) -> str:
        """Of a file; known files are hashed again when their size or time has changed."""
        try:
            about = path.stat()
        except OSError as error:
            raise AssistantError(f"The model's file {path} cannot be read: {error}.") from error
        known = (str(path.resolve()), about.st_size, about.st_mtime_ns)
        with self._connected() as connection:
            row = connection.execute(
                "SELECT sha256 FROM file_hash WHERE path = ? AND bytes = ? AND modified = ?", known
            ).fetchone()
        if row:
            return str(row[0])
        digest = sha256_of(path)
        with self._connected() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO file_hash (path, bytes, modified, sha256)"
                " VALUES (?, ?, ?, ?)",
                (*known, digest),
            )
        return digest


class Recorder:
    """Writes the receipts of one process's answers."""

    def __init__(self, receipts: Receipts, writer: ReceiptWriter) -> None:
        self.receipts = receipts
        self._writer = writer

    def keep(self, reply: Reply, request: Request, library: AnyLibrary, generation: int) -> None:
        """The receipt of a finished reply. Raises AssistantError when it cannot be written."""
        answer, given = reply.to_json(), request.given
        named = request.named if request.within else request.documents
        read = _list_passages(reply.finish())
        self.receipts.add(
            Receipt(
                id=reply.id,
                made=datetime.now(UTC).isoformat(timespec="seconds"),
                answer=answer,
                asked=[list(message) for message in reply.trace.asked],
                written=reply.trace.withheld or reply.so_far.removesuffix(reply.trace.quoted),
                yes_log_odds=reply.trace.yes_log_odds,
                model=self._model(reply),
                embedding=library.embedder().identity,
                library="" if given else library.name,
                generation=generation,
                settings=dict(self._writer.settings),
                sources=[asdict(_source(passage, library, given)) for passage in read],
                versions=versions(),
                meant=reply.meant,
                documents=None if named is None else list(named),
                filter=to_row(request.within),
                threshold=self._threshold(request),
                answerable=reply.trace.answerable,
                steps=[asdict(step) for step in reply.trace.steps],
                program=list(reply.trace.program or ()),
                facts=asdict(reply.trace.facts),
            )
        )

    def _threshold(self, request: Request) -> float | None:
        set_so: float | None = self._writer.settings.get("refusal_threshold")
        return set_so if request.threshold is None else request.threshold

    def _model(self, reply: Reply) -> dict[str, Any]:
        path = self._writer.model
        if path is None:
            return {"name": reply.model}
        return {"name": reply.model, "file": str(path), "sha256": self.receipts.sha256(path)}


def _list_passages(outcome: Outcome) -> list[Passage]:
    """The passages, and what is cited of documents that were read for an earlier question."""
    documents = {passage.full_name for passage in outcome.passages}
    earlier = [c for c in outcome.citations if c.full_name not in documents]
    of_earlier = (
        Passage(c.document, c.page, c.score, c.quote, library=c.library) for c in earlier
    )  # fmt: skip
    return [*outcome.passages, *of_earlier]


def _source(passage: Passage, library: AnyLibrary, given: bool) -> ReceiptSource:
    digest = hashlib.sha256(passage.text.encode()).hexdigest()
    of_file = "" if given else document_sha256(library, passage.full_name)
    return ReceiptSource(passage.document, passage.page, digest, of_file, passage.library)


def document_sha256(library: AnyLibrary, document: str) -> str:
    """Of the document's file: a library names its copies by it. Empty when it is gone."""
    try:
        return library.sha256(document)
    except LibraryError:
        return ""


def versions() -> dict[str, str]:
    """Of what a text depends on."""
    machine = f"{platform.system()} {platform.machine()}"
    compiled = _version("llama-cpp-python")  # it is used where it is installed
    ready = _version("xllamacpp")
    llama = compiled or (ready and f"xllamacpp {ready}")
    return {"pincite": _version("pincite"), "llama.cpp": llama, "machine": machine}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
