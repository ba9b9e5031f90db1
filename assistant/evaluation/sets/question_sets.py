"""Reads question sets: JSON Lines of questions with their accepted answers and evidence.

Three forms of rows are known: questions with answers (`question`), queries with the documents that
are relevant to them (`text`, `relevant`), and turns of conversations (`history`, `contexts`).
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from assistant.errors import BadQuestionSet

Behaviour = Literal["answer", "refuse", "ask back"]
State = Literal["draft", "kept", "dropped"]

_WANTED: dict[str, Behaviour] = {"UNANSWERABLE": "refuse", "UNDERSPECIFIED": "ask back"}
_FORM = (
    'a question needs at least "id" and "question", evidence as a list of {"doc", "page"}, '
    'passages as a list of {"title", "text"}, history as a list of {"role", "text"}'
)


@dataclass(frozen=True)
class EvidencePage:
    """The place of the answer."""

    doc: str  # file name, or the id of a passage
    page: int | None = None  # as a viewer shows it: the first page is 1; None where there are none


@dataclass(frozen=True)
class Question:
    """A question with its accepted answers and evidence."""

    id: str
    question: str
    answers: tuple[str, ...] = ()
    answerable: bool = True
    evidence: tuple[EvidencePage, ...] = ()
    passages: tuple[tuple[str, str], ...] | None = None  # (title, text): then only these are read
    history: tuple[tuple[str, str], ...] = ()  # (role, text) of the messages before, oldest first
    asks_back: bool = False  # unclear: a good answer asks for clarification
    state: State = "kept"  # drafts wait until a person keeps or drops them

    @property
    def documents(self) -> frozenset[str]:
        return frozenset(place.doc for place in self.evidence)

    @property
    def wanted(self) -> Behaviour:
        if self.asks_back:
            return "ask back"
        return "answer" if self.answerable else "refuse"


def read_questions(path: Path) -> list[Question]:
    """All questions of one file. Raises BadQuestionSet, which names the line of a bad row."""
    return [_question(row, f"{path}:{number}") for number, row in _numbered(path)]


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of any JSON Lines file. Raises BadQuestionSet."""
    return [row for _, row in _numbered(path)]


def to_row(question: Question) -> dict[str, Any]:
    """As it is read again."""
    row: dict[str, Any] = {
        "id": question.id,
        "question": question.question,
        "answers": list(question.answers),
        "answerable": question.answerable,
        "evidence": [vars(place) for place in question.evidence],
    }
    if question.passages is not None:
        row["passages"] = [{"title": title, "text": text} for title, text in question.passages]
    if question.history:
        row["history"] = [{"role": role, "text": text} for role, text in question.history]
    more = {"asks_back": question.asks_back or None, "state": question.state}
    return row | {name: value for name, value in more.items() if value not in (None, "kept")}


def from_row(row: dict[str, Any]) -> Question:
    """A row as `to_row` made it. Raises BadQuestionSet."""
    return _question(row, "a stored question")


def _numbered(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadQuestionSet(f"{path} cannot be read: {error}.") from error
    # Split at "\n" only: splitlines() would also cut at U+2028, which is legal inside JSON text.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, _object(line, f"{path}:{number}")


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise BadQuestionSet(f"{where}: not JSON ({error})") from error
    if not isinstance(row, dict):
        raise BadQuestionSet(f"{where}: not a JSON object")
    return row


def _question(row: dict[str, Any], where: str) -> Question:
    try:
        if "relevant" in row:
            return _query(row)
        return _turn(row) if "contexts" in row else _asked(row)
    except KeyError as error:
        raise BadQuestionSet(f"{where}: {_FORM} (there is no {error})") from error
    except (TypeError, AttributeError, ValueError, OverflowError) as error:
        raise BadQuestionSet(f"{where}: {_FORM} ({error})") from error


def _asked(row: dict[str, Any]) -> Question:
    if not isinstance(row["question"], str):
        raise TypeError('"question" is no text')
    state = row.get("state", "kept")
    if state not in get_args(State):
        raise ValueError(f'"state" is {state!r}, not one of {", ".join(get_args(State))}')
    passages = row.get("passages")
    return Question(
        id=str(row["id"]),
        question=row["question"],
        answers=tuple(str(answer) for answer in _list(row.get("answers", ()), "answers")),
        answerable=_truth(row.get("answerable", True), "answerable"),
        evidence=tuple(_evidence(place) for place in row.get("evidence", ())),
        passages=None if passages is None else tuple(_passage(given) for given in passages),
        history=tuple((said["role"], said["text"]) for said in row.get("history") or ()),
        asks_back=bool(row.get("asks_back", False)),
        state=state,
    )


def _query(row: dict[str, Any]) -> Question:
    """A query of a retrieval set, with its relevant documents and no answer."""
    relevant = tuple(EvidencePage(str(id)) for id in row["relevant"])
    return Question(str(row.get("_id") or row["id"]), row["text"], evidence=relevant)


def _turn(row: dict[str, Any]) -> Question:
    """The last message of a conversation, to be answered from passages."""
    *before, asked = row["history"]
    wanted = {_WANTED.get(kind, "answer") for kind in row.get("answerability", ())}
    return Question(
        id=str(row["id"]),
        question=asked["text"],
        answers=tuple(answer.strip() for answer in row.get("answers", ())),
        answerable=wanted != {"refuse"} and wanted != {"ask back"},
        passages=tuple(_passage(given) for given in row["contexts"]),
        history=tuple((said["role"], said["text"]) for said in before),
        asks_back=wanted == {"ask back"},
    )


def _list(value: Any, name: str) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise TypeError(f'"{name}" is no list')
    return value


def _truth(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f'"{name}" is neither true nor false')
    return value


def _passage(row: dict[str, Any]) -> tuple[str, str]:
    if not isinstance(row["text"], str):
        raise TypeError('the "text" of a passage is no text')
    return str(row.get("title") or ""), row["text"]


def _evidence(place: dict[str, Any]) -> EvidencePage:
    page = place.get("page")
    return EvidencePage(doc=str(place.get("doc") or place["doc_id"]), page=page and int(page))
