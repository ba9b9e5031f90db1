"""A user's own questions about a library: drafted, kept or dropped, and measured like any set."""

import json
import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from assistant.errors import AssistantError
from assistant.evaluation.sets.question_sets import Question, State, read_questions, to_row
from assistant.settings import Settings
from vectorstore.indexing import jobs

_changing = threading.Lock()  # the app's visitors are threads of one process
# Seconds for another process, which takes milliseconds. Then it is changed all the same: a file
# system may know no locks.
_WAIT = 5.0


class OwnQuestions:
    """The file of one library."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def all(self) -> list[Question]:
        """Also drafts and dropped ones. Raises BadQuestionSet."""
        return read_questions(self.file) if self.file.exists() else []

    def of(self, state: State) -> list[Question]:
        """Those of a state, in the order in which they came."""
        return [question for question in self.all() if question.state == state]

    def add(self, questions: Iterable[Question]) -> int:
        """Add questions that are new in their wording, and return their number."""
        new: list[Question] = []

        def change(known: list[Question]) -> list[Question]:
            seen = {_words(question.question) for question in known}
            ids = {question.id for question in known}
            for question in questions:
                if _words(question.question) not in seen and question.id not in ids:
                    new.append(question)
                    seen.add(_words(question.question))
                    ids.add(question.id)
            return known + new

        self._change(change)
        return len(new)

    def put(self, id: str, state: State) -> None:
        """Keep a draft, drop it, or make it a draft again."""
        self._change(lambda known: [replace(q, state=state) if q.id == id else q for q in known])

    def remove(self, id: str) -> None:
        """Delete the question of that id, if there is one."""
        if any(question.id == id for question in self.all()):
            self._change(lambda known: [question for question in known if question.id != id])

    def _change(self, change: Callable[[list[Question]], list[Question]]) -> None:
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with _changing, jobs.alone(self.file.with_suffix(".lock"), _WAIT):
                rows = [json.dumps(to_row(question)) + "\n" for question in change(self.all())]
                beside = self.file.with_suffix(f".{os.getpid()}.part")
                beside.write_text("".join(rows), "utf-8")
                beside.replace(self.file)  # at once: a reader sees the old ones or the new ones
        except OSError as error:
            raise AssistantError(f"{self.file} cannot be written: {error}.") from error


def own(settings: Settings, library: str, person: str = "") -> OwnQuestions:
    """Of a library of the home; with accounts those of a person, by their id."""
    folder = settings.home / "evaluation" / "own" / library
    return OwnQuestions((folder / "people" / person if person else folder) / "questions.jsonl")


def people(settings: Settings, library: str) -> list[str]:
    """The ids of those who have questions or ratings of their own, and the empty one."""
    folders = (settings.home / "evaluation" / "own" / library / "people").glob("*")
    return ["", *(folder.name for folder in folders)]


def _words(text: str) -> str:
    return " ".join(text.lower().split()).rstrip("?.! ")
