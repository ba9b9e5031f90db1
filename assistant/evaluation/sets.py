"""Finds the library for the questions of a set, and maps its document names.

A library that is named; else, when passages come with each question, no other than these; else the
default library when it holds what the questions are about; else one that is made of the documents
beside the questions, below `<home>/evaluation`, and stored there for the next time.
"""

import hashlib
import html
import json
import os
import random
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError, BadQuestionSet
from assistant.evaluation.metrics import Question, State, read_questions, read_rows, to_row
from assistant.settings import Settings
from assistant.wiring import composition
from ingest.language.sentences import split
from vectorstore.add_report import AddProgress
from vectorstore.indexing import jobs
from vectorstore.library import Library

# -- What a folder of a question set holds: questions, and the documents or passages they are about
# DIR/questions.jsonl also tasks.jsonl, or queries*.jsonl of a retrieval set DIR/pdfs/ documents/
# documents; else files beside the questions, of the kinds that are cited DIR/corpus.jsonl or
# passages: rows {"_id", "title", "text"}

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
    """The set in a folder, or in a file of questions alone. Raises BadQuestionSet."""
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
        id, page = _row_id(row, f"{corpus}:{number}"), _page(row)
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


def _row_id(row: dict[str, Any], where: str) -> str:
    id = str(row.get("_id", ""))
    if not id or "/" in id or "\\" in id or not isinstance(row.get("text"), str):
        raise BadQuestionSet(f'{where}: a passage needs an "_id" without a slash, and a "text"')
    return id


def _page(row: dict[str, Any]) -> str:
    title = html.escape(str(row.get("title") or ""))
    lines = "<br>\n".join(html.escape(sentence) for sentence in split(row["text"]))
    head = f'<meta charset="utf-8"><title>{title}</title>'
    return f"<html><head>{head}</head><body><h1>{title}</h1><p>{lines}</p></body></html>\n"


# -- A user's own questions about a library: drafted, kept or dropped, and measured like any set

_changing = threading.Lock()  # the app's visitors are threads of one process
# Seconds for another process, which takes milliseconds. Then it is changed anyway: a file
# system may know no locks.
_WAIT = 5.0


class OwnQuestions:
    """A user's own questions about one library, in a JSONL file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def all(self) -> list[Question]:
        """All questions, including drafts and dropped ones. Raises BadQuestionSet."""
        return read_questions(self.file) if self.file.exists() else []

    def of(self, state: State) -> list[Question]:
        """The questions in a state, in the order in which they were added."""
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
    """A library's own questions; with accounts, those of the person with this id."""
    folder = settings.home / "evaluation" / "own" / library
    return OwnQuestions((folder / "people" / person if person else folder) / "questions.jsonl")


def people(settings: Settings, library: str) -> list[str]:
    """The ids of those who have questions or ratings of their own, and the empty one."""
    folders = (settings.home / "evaluation" / "own" / library / "people").glob("*")
    return ["", *(folder.name for folder in folders)]


def _words(text: str) -> str:
    return " ".join(text.lower().split()).rstrip("?.! ")


Show = Callable[[AddProgress], None]


@dataclass(frozen=True)
class QuestionSource:
    """A library with the document names of a question set."""

    library: Library
    questions: tuple[Question, ...]  # of the set
    corpus: bool = False  # its documents are passages of a corpus

    @cached_property
    def cited(self) -> frozenset[str]:
        """The names that the questions use."""
        return frozenset().union(*(question.documents for question in self.questions))

    @cached_property
    def holds(self) -> frozenset[str]:
        """What is in the library, named so."""
        return frozenset(self.named(info.document) for info in self.library.documents())

    def named(self, document: str) -> str:
        """The set's name of a document: with its folder, without, or by its id."""
        if document in self.cited:
            return document
        last = document.rpartition("/")[2]
        return last.removesuffix(".html") if self.corpus else last

    def missing(self, question: Question) -> frozenset[str]:
        """Documents of the question's evidence that the library lacks."""
        if question.passages is not None:
            return frozenset()
        return question.documents - self.holds

    def identity(self) -> dict[str, Any]:
        """The identity of the library, for comparing runs."""
        documents = self.library.documents()
        digests = "".join(sorted(info.sha256 for info in documents))
        return {
            "library": self.library.name,
            "documents": len(documents),
            "sha256": hashlib.sha256(digests.encode()).hexdigest()[:16],
            "embedder": self.library.embedder().identity,
        }


@contextmanager
def opened_source(
    questions: QuestionSet, settings: Settings, named: bool, show: Show, tell: Callable[[str], None]
) -> Iterator[QuestionSource]:
    """`named`: the person named the library of the settings. `tell` gets what was not read.

    Raises BadQuestionSet when nothing is beside the questions and no library holds their documents.
    """
    if named or not _needs_own(questions, settings):
        with composition.library_to_read(settings) as library:
            yield QuestionSource(library, questions.questions)
        return
    # One of its own, named by the place of the set.
    place = hashlib.sha256(str(questions.file.resolve().parent).encode()).hexdigest()[:8]
    folder = settings.home / "evaluation" / f"{questions.name}-{place}"
    with composition.library_in(settings, folder, questions.name) as library:
        yield _filled(library, questions, show, tell)


def _needs_own(questions: QuestionSet, settings: Settings) -> bool:
    if all(question.passages is not None for question in questions.questions):
        return False
    cited = holds = frozenset[str]()
    if settings.library in composition.libraries(settings):  # opening it would make it
        with composition.library_to_read(settings) as library:
            default = QuestionSource(library, questions.questions)
            cited, holds = default.cited, default.holds
    if cited and cited <= holds:
        return False
    if questions.corpus or questions.documents:
        return True
    if holds:  # some of the questions can be asked, or they cite nothing
        return False
    raise BadQuestionSet(
        f"The library {settings.library!r} is empty, and beside {questions.file} there are no "
        "documents. `pincite add PATH` adds some; `--library NAME` chooses another library."
    )


def _filled(
    library: Library, questions: QuestionSet, show: Show, tell: Callable[[str], None]
) -> QuestionSource:
    """The source, after the library holds the files beside the questions."""
    if not questions.corpus:
        summary = library.add(questions.documents, show, prune=True)
        for failed in summary.failed:
            tell(failed.error)
        return QuestionSource(library, questions.questions)
    paths, same = passages_as_files(questions.corpus, library.folder / "passages")
    if len(library.documents()) < len(paths):
        library.add(paths, show)
    renamed = tuple(_renamed(question, same) for question in questions.questions)
    return QuestionSource(library, renamed, corpus=True)


def _renamed(question: Question, same: Mapping[str, str]) -> Question:
    """The question, with the id of the stored passage in place of its repetitions'."""
    places = tuple(
        replace(place, doc=same.get(place.doc, place.doc)) for place in question.evidence
    )
    return replace(question, evidence=places)
