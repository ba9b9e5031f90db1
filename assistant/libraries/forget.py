"""Takes documents out of everything that a home keeps of them, and counts what it changed.

The libraries come first: after a kill in between, the same command does the rest.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.conversation.suggestions import offered
from assistant.evaluation.runs import all_runs
from assistant.feedback.ratings import drop_ratings, feedback, forget_ratings
from assistant.settings import Settings
from assistant.storage.files import mentioned
from assistant.storage.part import EVERYBODY, Whose
from assistant.wiring import composition
from assistant.wiring.people import home_accounts
from assistant.wiring.places import answer_files, delete_fetched
from vectorstore.errors import UnknownDocument
from vectorstore.library import Forgotten, Library

# -- A conversation leaves the whole home: turns, receipts, thumbs, its attachments and what its
# tools made.


def delete_conversation(settings: Settings, conversation: str, whose: Whose = EVERYBODY) -> int:
    """Delete a person's conversation with all its branches, and count its turns; 0 where they have
    none of that id.

    The turns go after receipts and thumbs: after a kill in between, the same again does the rest.
    What a running answer adds until then goes with them. Their files go last: what a kill leaves of
    them is found by the cleaning of the home. Raises AssistantError.
    """
    kept = composition.conversations(settings, whose)
    answers, library = kept.every_turn(conversation), kept.library(conversation)
    if not answers:
        return 0
    gone: list[dict[str, Any]] = []
    try:
        _leave(settings, whose, library, answers)
        gone = kept.delete(conversation)
        _leave(settings, whose, library, gone)
    finally:
        answer_files(settings).discard(mentioned(map(json.dumps, [*answers, *gone])))
    return len(gone)


def _leave(
    settings: Settings, whose: Whose, library: str, answers: Sequence[Mapping[str, Any]]
) -> None:
    """Delete the rows that a home keeps beside turns."""
    with_id = [answer for answer in answers if "id" in answer]
    composition.receipts(settings, whose).delete([answer["id"] for answer in with_id])
    if library in composition.libraries(settings):
        feedback(settings, library, whose.person).drop(with_id)


@dataclass(frozen=True)
class Report:
    """How much of which kind was taken out."""

    documents: int  # removed from the library; others had been removed before
    pictures: int  # small copies of pictures
    turns: int  # of conversations, which lost their quotes
    receipts: int  # deleted
    run_rows: int  # answers of runs, deleted
    ratings: int  # thumbs and own questions, deleted
    index: bool = True  # the index was made anew; otherwise another process owns it
    cells: int = 0  # of sheets, deleted
    files: str = ""  # what a bucket keeps of the files, in a sentence


def forget_documents(settings: Settings, library: Library, names: Sequence[str]) -> Report:
    """Raises UnknownDocument when nothing in the home is about one of the documents."""
    names = list(dict.fromkeys(names))
    there = {info.document for info in library.documents()}
    present = [name for name in names if name in there]
    delete_fetched(settings, library.name, {library.sha256(name) for name in present})
    gone = library.forget(present) if present else Forgotten((), 0, index=True)
    offered(library)  # without the questions that were written from them
    found = [_elsewhere(settings, library.name, name) for name in names]
    for name, counts in zip(names, found, strict=True):
        if name not in there and not any(counts):
            raise UnknownDocument(
                f"The library {library.name!r} has no document {name!r}, and no answer read one."
            )
    if (known := home_accounts(settings)).is_there():
        left = there.difference(names)
        known.forget(library.name, composition.libraries(settings), names, left)
    counted = (sum(column) for column in zip(*found, strict=True))
    turns, receipts, run_rows, ratings, cells = counted
    return Report(
        len(gone.sha256), gone.pictures, turns, receipts, run_rows, ratings, gone.index, cells,
        gone.files,
    )  # fmt: skip


def _elsewhere(settings: Settings, library: str, name: str) -> tuple[int, ...]:
    """Turns, receipts, rows of runs, ratings, and cells of sheets."""
    return (
        composition.conversations(settings).forget(library, name),
        composition.receipts(settings).forget(library, name),
        all_runs(settings).forget(library, name),
        forget_ratings(settings, library, name),
        composition.sheet_store(settings).forget(library, name),
    )


# -- A person who is removed leaves the home: conversations, receipts, thumbs, columns of sheets,
# and the files of their answers.


def forget_person(settings: Settings, person: str) -> None:
    """Of a person by their id; nothing of theirs is kept any more. After a failure the same again
    does the rest; files that a kill leaves are found by the cleaning of the home. Raises
    AssistantError."""
    conversations, receipts = composition.conversations(settings), composition.receipts(settings)
    # They are known before their rows go: the same again does not find them in any row.
    files = conversations.files(person) | receipts.files(person)
    try:
        files |= conversations.drop(person)  # with those of answers that have ended meanwhile
        files |= receipts.drop(person)
        drop_ratings(settings, person)
        composition.sheet_store(settings).forget_person(person)
    finally:
        answer_files(settings).discard(files)
