"""What a folder of a question set holds: questions, and the documents or passages they are about.

DIR/questions.jsonl     also tasks.jsonl, or queries*.jsonl of a retrieval set
DIR/pdfs/ documents/    documents; else files beside the questions, of the kinds that are cited
DIR/corpus.jsonl        or passages: rows {"_id", "title", "text"}
"""

import hashlib
import html
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import BadQuestionSet
from assistant.evaluation.sets.question_sets import Question, read_questions, read_rows
from ingest.language.sentences import split

_NAMES = ("questions.jsonl", "tasks.jsonl", "queries.jsonl")
_FOLDERS = ("documents", "pdfs", "docs")
_USUAL = frozenset({".pdf", ".docx", ".html", ".md", ".txt"})  # when no question names a document


@dataclass(frozen=True)
class QuestionSet:
    """Questions, and the files beside them."""

    name: str
    file: Path
    questions: tuple[Question, ...]
    documents: tuple[Path, ...] = ()  # files and folders
    corpus: Path | None = None
    waiting: int = 0  # undecided drafts, which are not asked

    @property
    def digest(self) -> str:
        """A digest of the questions file: a comparison of different sets says so."""
        return hashlib.sha256(self.file.read_bytes()).hexdigest()[:16]

    @property
    def answers_known(self) -> bool:
        """Whether answers can be judged: retrieval sets have none."""
        return any(q.answers or not q.answerable or q.asks_back for q in self.questions)


def read_set(path: Path) -> QuestionSet:
    """Of a folder, or of a file of questions alone. Raises BadQuestionSet."""
    file = _questions_file(path)
    everything = read_questions(file)
    kept = tuple(question for question in everything if question.state == "kept")
    if not kept:
        raise BadQuestionSet(f"{file} holds no question that is kept.")
    _unique(kept, file)
    folder = file.parent.resolve()
    corpus = folder / "corpus.jsonl"
    waiting = sum(question.state == "draft" for question in everything)
    return QuestionSet(
        folder.name, file, kept, _documents(folder, kept),
        corpus if corpus.is_file() else None, waiting,
    )  # fmt: skip


def sample(questions: Sequence[Question], limit: int | None, seed: int) -> list[Question]:
    """So many questions, always the same for a seed, in the order of the set."""
    if limit is None or limit >= len(questions):
        return list(questions)
    chosen = random.Random(seed).sample(sorted(question.id for question in questions), limit)
    return [question for question in questions if question.id in set(chosen)]


def passages_as_files(corpus: Path, folder: Path) -> tuple[list[Path], dict[str, str]]:
    """Write each passage of a corpus as a page of HTML named by its id, a sentence a line.

    A library then reads them as it reads any file. What is there already is left alone. A passage
    that repeats another one is left out, and its id stands in the second result with that one's:
    a library holds the same file once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known: dict[str, str] = {}
    same: dict[str, str] = {}
    for number, row in enumerate(read_rows(corpus), start=1):
        id, page = _id(row, f"{corpus}:{number}"), _page(row)
        if page in known:
            same[id] = known[page]
            continue
        known[page] = id
        if not (folder / f"{id}.html").exists():
            (folder / f"{id}.html").write_text(page, "utf-8")
    return [folder / f"{id}.html" for id in known.values()], same


def _questions_file(path: Path) -> Path:
    if path.is_file():
        return path
    if not path.is_dir():
        raise BadQuestionSet(f"There is no file or folder {path}.")
    named = [path / name for name in _NAMES if (path / name).is_file()]
    found = named or sorted(path.glob("queries*.jsonl"))
    if not found:
        raise BadQuestionSet(f"{path} holds no questions: it needs a questions.jsonl.")
    return found[0]


def _unique(questions: Sequence[Question], file: Path) -> None:
    seen: set[str] = set()
    for question in questions:
        if question.id in seen:
            raise BadQuestionSet(f"{file}: two questions have the id {question.id!r}.")
        seen.add(question.id)


def _documents(folder: Path, questions: Sequence[Question]) -> tuple[Path, ...]:
    for name in _FOLDERS:
        if (folder / name).is_dir():
            return (folder / name,)
    cited = {Path(name).suffix.lower() for question in questions for name in question.documents}
    suffixes = cited - {""} or _USUAL
    return tuple(sorted(p for p in folder.iterdir() if p.suffix.lower() in suffixes))


def _id(row: dict[str, Any], where: str) -> str:
    id = str(row.get("_id", ""))
    if not id or "/" in id or "\\" in id or not isinstance(row.get("text"), str):
        raise BadQuestionSet(f'{where}: a passage needs an "_id" without a slash, and a "text"')
    return id


def _page(row: dict[str, Any]) -> str:
    title = html.escape(str(row.get("title") or ""))
    lines = "<br>\n".join(html.escape(sentence) for sentence in split(row["text"]))
    head = f'<meta charset="utf-8"><title>{title}</title>'
    return f"<html><head>{head}</head><body><h1>{title}</h1><p>{lines}</p></body></html>\n"
