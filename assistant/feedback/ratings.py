"""Stores feedback on answers: thumbs.

One file a library. A thumb up also puts the question among the person's own ones, with the pages
that the answer cited; taking it back takes the question out again.
"""

import json
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from assistant.evaluation.metrics import EvidencePage, Question
from assistant.evaluation.sets import OwnQuestions, own, people
from assistant.settings import Settings
from assistant.storage.part import Kept
from vectorstore.database.schema import Schema
from vectorstore.retrieval.fusion import Place

Answer = Mapping[str, Any]  # the answer document of the public contract

_FEEDBACK = Schema("feedback", "feedback", """
CREATE TABLE IF NOT EXISTS rating (
    answer   TEXT PRIMARY KEY,          -- its id
    rated    TEXT NOT NULL,             -- ISO 8601, UTC
    good     INTEGER NOT NULL,          -- 1: thumb up, 0: thumb down
    question TEXT NOT NULL,
    said     TEXT NOT NULL,             -- the answer's text
    pages    TEXT NOT NULL              -- JSON: [[document, page], ...] that it cited
);
""", first=4)  # fmt: skip


@dataclass(frozen=True)
class Rating:
    """A thumb up or down, with the question and the text of the answer that it rates."""

    good: bool
    question: str
    said: str


class Feedback(Kept):
    """The feedback on answers from one library, in an SQLite file."""

    def __init__(self, path: Path, mine: OwnQuestions) -> None:
        """Each use raises AssistantError when the file cannot be used."""
        super().__init__(path, _FEEDBACK)
        self.mine = mine

    def rate(self, answer: Answer, good: bool | None, alone: bool = True) -> None:
        """Save a thumb up or down, replacing an earlier one; None withdraws it. `alone`: the
        question was understood without those before it, so that it can be asked again."""
        # The question first: after a kill in between only a thumb is missing.
        if good and alone and (question := _own_question(answer)):
            self.mine.add([question])
        else:
            self.mine.remove(_id(answer))
        with self._connected() as connection:
            if good is None:
                connection.execute("DELETE FROM rating WHERE answer = ?", (answer["id"],))
            else:
                now = datetime.now(UTC).isoformat(timespec="seconds")
                connection.execute(
                    "INSERT OR REPLACE INTO rating (answer, rated, good, question, said, pages)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (answer["id"], now, good, answer["question"], answer["answer"],
                     json.dumps(cited(answer))),
                )  # fmt: skip

    def rated(self, answer: str) -> bool | None:
        """Whether its thumb is up or down; None without one."""
        rows = self._rows("SELECT good FROM rating WHERE answer = ?", answer)
        return bool(rows[0][0]) if rows else None

    def ratings(self) -> list[Rating]:
        """All ratings, the oldest first."""
        rows = self._rows("SELECT good, question, said FROM rating ORDER BY rated, rowid")
        return [Rating(bool(good), question, said) for good, question, said in rows]

    def forget(self, document: str) -> int:
        """Delete ratings and own questions about a document, and count them."""
        about = "(SELECT 1 FROM json_each(pages) WHERE json_extract(value, '$[0]') = ?)"
        with self._connected() as connection:
            ratings = connection.execute(f"DELETE FROM rating WHERE EXISTS {about}", (document,))
            gone = int(ratings.rowcount)
        questions = [question for question in self.mine.all() if document in question.documents]
        for question in questions:
            self.mine.remove(question.id)
        if gone:
            self._write_anew()
        return gone + len(questions)

    def drop(self, answers: Sequence[Answer]) -> None:
        """Delete what people thought of answers, with the own questions that came from it."""
        for answer in answers:
            self.mine.remove(_id(answer))
        ids = [(answer["id"],) for answer in answers]
        with self._connected() as connection:
            connection.executemany("DELETE FROM rating WHERE answer = ?", ids)


def feedback(settings: Settings, library: str, person: str = "") -> Feedback:
    """The feedback on a library; with accounts, that of the person with this id."""
    mine = own(settings, library, person)
    return Feedback(mine.file.with_name("feedback.sqlite"), mine)


def forget_ratings(settings: Settings, library: str, document: str) -> int:
    """Take a document out of everybody's feedback, and count what was deleted."""
    found = people(settings, library)
    return sum(feedback(settings, library, person).forget(document) for person in found)


def drop_ratings(settings: Settings, person: str) -> None:
    """Delete a person's ratings and questions about all libraries. Raises AssistantError."""
    for folder in (settings.home / "evaluation" / "own").glob(f"*/people/{person}"):
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise AssistantError(
                f"{folder} could not be deleted: {error.strerror}. Make it writable, and try again."
            ) from error


def cited(answer: Answer) -> tuple[Place, ...]:
    """The pages that an answer cites, each once."""
    return tuple(dict.fromkeys((c["document"], c["page"]) for c in answer["citations"]))


def _own_question(answer: Answer) -> Question | None:
    """The question for the person's own set, or None where that could not be asked again."""
    if answer.get("stopped") or answer["tool"] == "whole":
        return None
    id, question = _id(answer), answer["question"]
    if answer["refused"]:
        return Question(id, question, answerable=False)
    places = tuple(EvidencePage(*page) for page in cited(answer))
    return Question(id, question, (answer["answer"],), True, places) if places else None


def _id(answer: Answer) -> str:
    return f"thumb-{answer['id']}"


# -- Makes learning examples from a user's questions, which thumbs up have put there, too

NEWEST = 500  # examples: more take minutes


@dataclass(frozen=True)
class Example:
    """A question, and the pages with its answer."""

    question: str
    pages: frozenset[Place]
    group: str = ""  # the same for a question in other words


def examples(feedback: Feedback, holds: Collection[str]) -> list[Example]:
    """The newest. `holds`: the documents of the library."""
    known = []
    for one in feedback.mine.of("kept"):
        places = {(place.doc, place.page) for place in one.evidence if place.page is not None}
        pages = frozenset(place for place in places if place[0] in holds)
        if pages and one.answerable and not one.history and one.passages is None:
            group = repr((one.answers, sorted(places)))
            known.append(Example(one.question, pages, group))
    return known[-NEWEST:]
