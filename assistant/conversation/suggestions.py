"""Questions to begin and to go on with: the chat model has written them from passages while nobody
asked (`evaluation/drafting.py`), and each is one that the documents answer. They are kept in the
folder of their library."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import zip_longest
from threading import Lock

from assistant.storage.files import write_private
from ingest.errors import PinciteError
from ingest.language.words import stems, telling_words
from vectorstore.federation import AnyLibrary, Federated, qualified
from vectorstore.library import Library

_FILE = "offered.json"
TRIED = ""  # in the place of a question: no more are written from this document
_WRITING = Lock()  # visitors, and what writes questions while nobody asks


@dataclass(frozen=True)
class Offered:
    """A question that a document answers, while it has these bytes."""

    document: str
    sha256: str
    question: str


def offered(library: AnyLibrary) -> list[Offered]:
    """All of a library, or of several with the names that their documents have there, but for old
    versions. What was written from a document that is gone or has changed leaves the file, too."""
    if isinstance(library, Federated):
        each = library.libraries.items()
        return [
            Offered(qualified(name, one.document), one.sha256, one.question)
            for name, part in each for one in offered(part)
        ]  # fmt: skip
    with _WRITING:
        kept = _read(library)
        left = _there(library, kept)
        if left != kept:
            _write(library, left)
    old = {info.document for info in library.documents() if info.superseded_by}
    return [one for one in left if one.question != TRIED and one.document not in old]


def is_tried(library: Library, document: str) -> bool:
    """Whether `TRIED` was noted of a document that has the same bytes."""
    rows = _there(library, _read(library))
    return any(one.document == document and one.question == TRIED for one in rows)


def offer(library: Library, new: Sequence[Offered]) -> None:
    """Keep questions, each once, beside those that are there, of documents that are still there."""
    if new:
        with _WRITING:
            _write(library, _there(library, [*dict.fromkeys([*_read(library), *new])]))


def _there(library: Library, rows: Sequence[Offered]) -> list[Offered]:
    there = {info.document: info.sha256 for info in library.documents()}
    return [one for one in rows if there.get(one.document) == one.sha256]


def _read(library: Library) -> list[Offered]:
    with suppress(OSError, ValueError, TypeError):  # what cannot be read is written again
        text = (library.folder / _FILE).read_text(encoding="utf-8")
        return [Offered(**row) for row in json.loads(text)]
    return []


def _write(library: Library, rows: Sequence[Offered]) -> None:
    with suppress(OSError, PinciteError):  # of a library that may only be read
        text = json.dumps([asdict(row) for row in rows], ensure_ascii=False)
        write_private(library.folder / _FILE, text)


def suggest(rows: Iterable[Offered], limit: int, asked: Sequence[str] = ()) -> list[str]:
    """At most `limit` questions, from as many documents as possible: none that was asked."""
    by_document: dict[str, list[str]] = {}
    for one in rows:
        by_document.setdefault(one.document, []).append(one.question)
    turns = zip_longest(*by_document.values())
    return list(_new((one for turn in turns for one in turn if one), asked))[:limit]


def follow_ups(
    said: str, asked: Sequence[str], rows: Iterable[Offered], documents: Collection[str]
) -> list[str]:
    """Those of the `documents` that were cited, the closest to what was `said` first, and none that
    was asked in the conversation."""
    about = stems(telling_words(said))
    found = [one.question for one in rows if one.document in documents]
    found.sort(key=lambda text: -len(about & stems(telling_words(text))))
    return list(_new(found, asked))


def _new(questions: Iterable[str], asked: Sequence[str]) -> Iterator[str]:
    """Each once, by its telling words."""
    known = {stems(telling_words(one)) for one in asked}
    for question in questions:
        if (words := stems(telling_words(question))) not in known:
            known.add(words)
            yield question
