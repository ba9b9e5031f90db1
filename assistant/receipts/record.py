"""Keeps a receipt of each answer, so that it can be replayed and exported."""

import hashlib
import json
import platform
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from assistant.answering.verifier import OPERATING_POINTS
from assistant.contract import asked_in
from assistant.contract.answer_document import reads, unfound, with_library
from assistant.contract.asked_in import to_row
from assistant.contract.facts import Outcome, Passage
from assistant.contract.reply import Reply, Step
from assistant.contract.request import Request
from assistant.errors import AssistantError, NotThere
from assistant.models.hub import sha256_of
from assistant.storage.conversation_tables import CONVERSATIONS
from assistant.storage.files import mentioned, mentioned_in
from assistant.storage.part import EVERYBODY, Connection, Kept, Place, Whose, leave, may_write
from ingest.document.source import readable
from vectorstore.errors import LibraryError
from vectorstore.federation import AnyLibrary, is_joined, parts

# -- What a receipt says: how an answer was made


@dataclass(frozen=True)
class Receipt:
    """The record of an answer. `asked` is empty when no model took part."""

    id: str
    made: str  # ISO 8601, UTC
    answer: dict[str, Any]  # the answer document of the public contract
    asked: list[list[str]]  # [role, text]: the exact messages
    written: str  # the model's raw output
    model: dict[str, Any]  # "name", "file", "sha256"; only the name where none was used
    embedding: str  # identity of the model that found the passages
    library: str  # "hr,sales" for several; empty for passages that came with the question
    generation: int  # of the library when it was asked
    settings: dict[str, Any]
    sources: list[dict[str, Any]] = field(default_factory=list)  # the passages that were read
    versions: dict[str, str] = field(default_factory=dict)
    meant: str = ""  # the question as it was answered, where it completes another one
    documents: list[str] | None = None  # documents that the question was limited to; None: all
    filter: dict[str, Any] = field(default_factory=dict)  # of these, see `asked_in.to_row`
    threshold: float | None = None  # for this question
    answerable: float | None = None  # the verifier's probability, 0 to 1; None: not verified
    steps: list[dict[str, Any]] = field(default_factory=list)  # Step, of what has several texts
    program: list[str] = field(default_factory=list)  # of a list: operation, head of its column
    facts: dict[str, Any] = field(default_factory=dict)  # Facts; no replay compares them

    @property
    def alone(self) -> bool:
        """Whether the question was understood without those before it."""
        understood = self.facts.get("understood") or {}
        question = self.meant or self.answer["question"]
        return bool(understood.get("searched", question) == question)


def _receipt(row: Mapping[str, Any]) -> Receipt:
    """Raises AssistantError for one that says more than this version could replay."""
    unknown = set(row) - {known.name for known in fields(Receipt)}
    unknown |= set().union(*row.get("steps", ())) - {known.name for known in fields(Step)}
    if unknown:
        raise AssistantError(
            f"The receipt {row['id']} was made by another version of Pincite (it has"
            f" {', '.join(sorted(unknown))}). Use that version."
        )
    return Receipt(**row)


def conditions(receipt: Receipt) -> dict[str, str]:
    """What a person had chosen for this question: words for people, by what they are of."""
    chosen = {}
    if receipt.documents is not None:
        chosen["asked only"] = ", ".join(map(readable, receipt.documents))
    if receipt.filter:
        chosen["asked in"] = readable(asked_in.in_words(asked_in.from_row(receipt.filter)))
    if receipt.threshold is not None:
        names = [name for name, p in OPERATING_POINTS.items() if p.threshold == receipt.threshold]
        below = f"refused below {receipt.threshold}"
        found = "" if receipt.answerable is None else f"; it was {receipt.answerable:.2f}"
        chosen["when unsure"] = f"{names[0]}: {below}{found}" if names else f"{below}{found}"
    return chosen


_MOST = 2000  # receipts of a home; the oldest goes
_LEAST_OF_ID = 6  # characters that name an answer, where no other begins so

_OF = (
    "json_valid(receipt) AND (json_extract(receipt, '$.library') = ?"
    " OR json_extract(receipt, '$.library') LIKE '%,%')"
)


@dataclass(frozen=True)
class ReceiptWriter:
    """The model and settings that write this process's answers; no model when they are quoted."""

    model: Path | None = None
    # Budget and threshold: all that decides what is written.
    settings: Mapping[str, Any] = field(default_factory=dict)


class Receipts(Kept):
    """The newest receipts of a home, as a person sees them: their own, of libraries that they see;
    the command line sees all."""

    def __init__(self, place: Place, whose: Whose = EVERYBODY) -> None:
        """Each use raises AssistantError when they cannot be read or written."""
        super().__init__(place, CONVERSATIONS)
        self._whose = whose

    def add(self, receipt: Receipt) -> bool:
        """Store a receipt; False, and nothing stored, for a person who was removed."""
        person = self._whose.person
        with self._connected() as connection:
            if not may_write(connection, person):
                return False
            connection.execute("DELETE FROM receipt WHERE id = ?", (receipt.id,))
            connection.execute(
                "INSERT INTO receipt (id, receipt, person) VALUES (?, ?, ?)",
                (receipt.id, json.dumps(asdict(receipt)), person),
            )
            connection.execute(
                "DELETE FROM receipt WHERE number <= (SELECT max(number) FROM receipt) - ?",
                (_MOST,),
            )
        return True

    def get(self, identity: str) -> Receipt:
        """The receipt of an answer, by its id or the beginning of it. Raises AssistantError."""
        last, person = f"{identity}\uffff", self._whose.person
        found = self._rows(
            "SELECT receipt FROM receipt WHERE id >= ? AND id < ? AND ? IN ('', person) LIMIT 2",
            identity, last, person,
        )  # fmt: skip
        rows = [row for (text,) in found if self._whose.sees((row := json.loads(text))["library"])]
        if len(identity) < _LEAST_OF_ID or not rows:
            raise NotThere(
                f"There is no receipt of an answer {identity!r}. The id is the `id` of the answer's"
                f" JSON, or its first {_LEAST_OF_ID} characters or more; the newest {_MOST:,}"
                " answers have a receipt."
            )
        if len(rows) > 1:
            raise AssistantError(
                f"Several answers begin with {identity!r}. Give more characters of the id."
            )
        return _receipt(rows[0])

    def forget(self, library: str, document: str) -> int:
        """Delete the receipts of answers that read a document of a library, and count them.

        A receipt holds what was read word by word: nothing could be replayed without it.
        """
        gone, kept = [], []
        with self._connected() as connection:
            for number, row in self._held(connection, library):
                among = library if is_joined(row["library"]) else ""
                if reads(row, document, among):
                    left = unfound(row, document, among)  # a search may have found it, and no more
                    if reads(left, document, among):
                        gone.append((number,))
                    else:
                        kept.append((json.dumps(left), number))
            connection.executemany("DELETE FROM receipt WHERE number = ?", gone)
            connection.executemany("UPDATE receipt SET receipt = ? WHERE number = ?", kept)
        if gone or kept:
            self._write_anew()
        return len(gone)

    def rename_library(self, old: str, new: str) -> None:
        """Move the receipts of all people to a library's new name. Raises AssistantError."""
        with self._connected() as connection:
            for number, row in self._held(connection, old):
                alone = row["library"] == old
                row = {**row, "library": new} if alone else with_library(row, old, new)
                connection.execute(
                    "UPDATE receipt SET receipt = ? WHERE number = ?", (json.dumps(row), number)
                )

    def _held(self, connection: Connection, library: str) -> list[tuple[int, dict[str, Any]]]:
        """The receipts that asked a library. Others who change these wait until the transaction
        ends; they are as the others have left them."""
        connection.execute(f"UPDATE receipt SET person = person WHERE {_OF}", (library,))
        rows = connection.execute(f"SELECT number, receipt FROM receipt WHERE {_OF}", (library,))
        found = [(number, json.loads(text)) for number, text in rows.fetchall()]
        return [(number, row) for number, row in found if library in parts(row["library"])]

    def delete(self, answers: Iterable[str]) -> int:
        """Delete the person's receipts of answers, by their ids, and count them."""
        gone = [(identity, self._whose.person) for identity in answers]
        query = "DELETE FROM receipt WHERE id = ? AND ? IN ('', person)"
        with self._connected() as connection:
            return int(connection.executemany(query, gone).rowcount)

    def give(self, person: str) -> None:
        """What belongs to nobody becomes a person's."""
        with self._connected() as connection:
            connection.execute("UPDATE receipt SET person = ? WHERE person = ''", (person,))

    def drop(self, person: str) -> set[str]:
        """Delete all receipts of a person who is removed; they get no others. Returns the names of
        files that the receipts mentioned."""
        with self._connected() as connection:
            leave(connection, person)
            gone = connection.execute(
                "DELETE FROM receipt WHERE person = ? RETURNING receipt", (person,)
            )
            files = mentioned(receipt for (receipt,) in gone)
        self._write_anew()
        return files

    def files(self, person: str = "") -> set[str]:
        """The names of files that the receipts of all people mention, or those of one person."""
        with self._reading() as connection:
            return mentioned_in(connection, "receipt", "receipt", "? IN ('', person)", person)

    def is_empty(self) -> bool:
        """Whether no answer has a receipt."""
        return not self._rows("SELECT 1 FROM receipt LIMIT 1")

    def has(self, identity: str) -> bool:
        """Whether an answer has a receipt."""
        query = "SELECT 1 FROM receipt WHERE id = ? AND ? IN ('', person)"
        return bool(self._rows(query, identity, self._whose.person))


class Recorder:
    """Writes the receipts of one process's answers."""

    def __init__(
        self, receipts: Receipts, writer: ReceiptWriter, sha256: Callable[[Path], str] = sha256_of
    ) -> None:
        """`sha256` of a model's file."""
        self.receipts = receipts
        self._writer, self._sha256 = writer, sha256

    def keep(self, reply: Reply, request: Request, library: AnyLibrary, generation: int) -> bool:
        """Store the receipt of a finished reply; False where `Receipts.add` stores none. Raises
        AssistantError when it cannot be written."""
        answer, given = reply.to_json(), request.given
        threshold = request.threshold
        if threshold is None:
            threshold = self._writer.settings.get("refusal_threshold")
        named = request.named if request.within else request.documents
        read = _list_passages(reply.finish())
        return self.receipts.add(
            Receipt(
                id=reply.id,
                made=datetime.now(UTC).isoformat(timespec="seconds"),
                answer=answer,
                asked=[list(message) for message in reply.trace.asked],
                written=reply.trace.withheld or reply.so_far,
                model=self._model(reply),
                embedding=library.embedder().identity,
                library="" if given else library.name,
                generation=generation,
                settings=dict(self._writer.settings),
                sources=[_source(passage, library, given) for passage in read],
                versions=versions(),
                meant=reply.meant,
                documents=None if named is None else list(named),
                filter=to_row(request.within),
                threshold=threshold,
                answerable=reply.trace.answerable,
                steps=[asdict(step) for step in reply.trace.steps],
                program=list(reply.trace.program or ()),
                facts=asdict(reply.trace.facts),
            )
        )

    def _model(self, reply: Reply) -> dict[str, Any]:
        path = self._writer.model
        if path is None:
            return {"name": reply.model}
        return {"name": reply.model, "file": str(path), "sha256": self._sha256(path)}


def _list_passages(outcome: Outcome) -> list[Passage]:
    """The passages, and what is cited of documents that were read for an earlier question."""
    documents = {passage.full_name for passage in outcome.passages}
    earlier = [c for c in outcome.citations if c.full_name not in documents]
    of_earlier = (
        Passage(c.document, c.page, c.score, c.quote, library=c.library) for c in earlier
    )  # fmt: skip
    return [*outcome.passages, *of_earlier]


def _source(passage: Passage, library: AnyLibrary, given: bool) -> dict[str, Any]:
    """A passage that was read, with its hash and that of its document's file, which is empty for
    what was given with the question."""
    return {
        "document": passage.document,
        "page": passage.page,
        "passage_sha256": hashlib.sha256(passage.text.encode()).hexdigest(),
        "document_sha256": "" if given else document_sha256(library, passage.full_name),
        "library": passage.library,
    }


def document_sha256(library: AnyLibrary, document: str) -> str:
    """The SHA-256 of a document's file, which names its copy; empty when it is gone."""
    try:
        return library.sha256(document)
    except LibraryError:
        return ""


def versions() -> dict[str, str]:
    """The versions of all that a text depends on, by name."""
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
