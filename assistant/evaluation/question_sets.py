"""Reads question sets: JSON Lines of questions with their accepted answers and evidence."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Evidence:
    """Where the answer stands."""

    doc: str  # file name, or the id of a passage
    page: int | None = None  # as a viewer shows it: the first page is 1; None where there are none


@dataclass(frozen=True)
class Question:
    """A question, what counts as its answer, and where that answer stands."""

    id: str
    question: str
    answers: tuple[str, ...] = ()
    answerable: bool = True
    evidence: tuple[Evidence, ...] = ()

    @property
    def documents(self) -> frozenset[str]:
        return frozenset(place.doc for place in self.evidence)


def read_questions(path: Path) -> list[Question]:
    """All questions of one file; a row that is not one is named with its line."""
    return [_question(row, f"{path}:{number}") for number, row in _numbered(path)]


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of any JSON Lines file."""
    return [row for _, row in _numbered(path)]


def _numbered(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    # Split at "\n" only: splitlines() would also cut at U+2028, which is legal inside JSON text.
    for number, line in enumerate(path.read_text("utf-8").split("\n"), start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except json.JSONDecodeError as error:
                raise ValueError(f"{path}:{number}: not JSON ({error})") from error


def _question(row: dict[str, Any], where: str) -> Question:
    try:
        return Question(
            id=str(row["id"]),
            question=row["question"],
            answers=tuple(str(answer) for answer in row.get("answers", ())),
            answerable=bool(row.get("answerable", True)),
            evidence=tuple(_evidence(place) for place in row.get("evidence", ())),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f'{where}: a question needs at least "id" and "question", and evidence as a list of '
            f'{{"doc", "page"}} ({error!r})'
        ) from error


def _evidence(place: dict[str, Any]) -> Evidence:
    page = place.get("page")
    return Evidence(doc=str(place.get("doc") or place["doc_id"]), page=page and int(page))
