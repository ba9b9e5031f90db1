"""Runs in SQLite: the set, the library, the model and the settings, and a row for each question."""

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.answering import verifier
from assistant.answering.retrieve import reranked
from assistant.contract.answer_document import reads
from assistant.conversation.assistant import Assistant, turns_from_messages
from assistant.errors import AssistantError, BadQuestionSet
from assistant.evaluation import sets
from assistant.evaluation.metrics import Question, to_row
from assistant.evaluation.sets import QuestionSet, QuestionSource
from assistant.models.catalogue import BY_CHOICE
from assistant.settings import Settings
from assistant.storage.learned import lessons
from assistant.storage.part import Kept
from assistant.wiring import chosen_models, composition
from ingest.errors import PinciteError
from vectorstore.add_report import AddProgress
from vectorstore.database.schema import Schema
from vectorstore.library import Library
from vectorstore.retrieval.rerank import Reranker

_RUNS = Schema("runs", "runs", """
CREATE TABLE IF NOT EXISTS run (
    number   INTEGER PRIMARY KEY,
    started  TEXT NOT NULL,
    finished TEXT,                      -- NULL while it runs, and when it was interrupted
    about    TEXT NOT NULL,             -- JSON: set, library, model, settings, options
    note     TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS asked (
    run      INTEGER NOT NULL REFERENCES run,
    question TEXT NOT NULL,             -- its id
    row      TEXT NOT NULL,             -- JSON, see scoring.py
    PRIMARY KEY (run, question)
);
""")  # fmt: skip

About = dict[str, Any]
Row = dict[str, Any]


@dataclass(frozen=True)
class EvaluationRun:
    """A run of an evaluation, without the rows of its questions."""

    number: int
    started: str  # ISO time, UTC
    finished: str  # empty when unfinished
    about: About
    note: str
    asked: int  # questions that have been asked

    @property
    def title(self) -> str:
        return f"run {self.number}: {self.about['set']}, {self.started[:16].replace('T', ' ')}"


class EvaluationRuns(Kept):
    """One SQLite file for all runs of a home."""

    def __init__(self, path: Path) -> None:
        """Each use raises AssistantError when the file cannot be used."""
        super().__init__(path, _RUNS)

    def begin(self, about: About, note: str = "", fresh: bool = False) -> int:
        """The number of a new run, or of an interrupted run of the same. Whoever measures the same
        meanwhile works on the same run: a question has one row, whoever asks it."""
        text = json.dumps(about, sort_keys=True)
        with self._connected() as connection:
            left = connection.execute(
                "SELECT max(number) FROM run WHERE about = ? AND note = ? AND finished IS NULL",
                (text, note),
            ).fetchone()[0]
            if left and not fresh:
                return int(left)
            (made,) = connection.execute(
                "INSERT INTO run (started, about, note) VALUES (?, ?, ?) RETURNING number",
                (_now(), text, note),
            ).fetchone()
            return int(made)

    def put(self, run: int, row: Row) -> None:
        """Save the result of a question, replacing an earlier one."""
        with self._connected() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO asked (run, question, row) VALUES (?, ?, ?)",
                (run, row["id"], json.dumps(row)),
            )

    def finish(self, run: int) -> None:
        """Mark a run as finished, now."""
        with self._connected() as connection:
            connection.execute("UPDATE run SET finished = ? WHERE number = ?", (_now(), run))

    def get(self, number: int) -> EvaluationRun:
        """Raises AssistantError when there is none of that number."""
        found = self._select("WHERE number = ?", number)
        if not found:
            known = ", ".join(str(run.number) for run in self.recent()) or "none"
            raise AssistantError(f"There is no run {number}. The latest are: {known}.")
        return found[0]

    def recent(self, limit: int = 20) -> list[EvaluationRun]:
        """The latest runs, the newest first, at most `limit`."""
        return self._select("ORDER BY number DESC LIMIT ?", limit)

    def rows(self, number: int) -> list[Row]:
        """The rows of a run, one for each question, in the order of asking."""
        rows = self._rows("SELECT row FROM asked WHERE run = ? ORDER BY rowid", number)
        return [json.loads(row[0]) for row in rows]

    def forget(self, library: str, document: str) -> int:
        """Delete the answers of all runs that read a document of a library, and count them.

        Their questions and the pages that were found stay: only searches count for these.
        """
        with self._connected() as connection:
            rows = connection.execute(
                "SELECT run, question, row FROM asked JOIN run ON run.number = run"
                " WHERE json_extract(about, '$.library') = ?", (library,)
            ).fetchall()  # fmt: skip
            changed = [
                (json.dumps(_without(row, document)), run, question)
                for run, question, text in rows if reads(row := json.loads(text), document)
            ]  # fmt: skip
            connection.executemany(
                "UPDATE asked SET row = ? WHERE run = ? AND question = ?", changed
            )
        if changed:
            self._write_anew()
        return len(changed)

    def _select(self, condition: str, value: int) -> list[EvaluationRun]:
        rows = self._rows(
            "SELECT number, started, COALESCE(finished, ''), about, note,"
            f" (SELECT count(*) FROM asked WHERE run = number) FROM run {condition}", value
        )  # fmt: skip
        return [
            EvaluationRun(number, started, finished, json.loads(about), note, asked)
            for number, started, finished, about, note, asked in rows
        ]


def _without(row: Row, document: str) -> Row:
    """Without the answer that read the document, and the expected ones, which may repeat it."""
    question = row["question"]
    if reads(question, document):
        question = question | {"answers": []}
    return row | {"question": question, "answer": None}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


# -- Asks the questions of a set, and saves each result at once

HITS = 25  # pages that are requested; the first five or ten count


@dataclass(frozen=True)
class EvaluationStep:
    """How far a run is: questions done and in total, and the present one."""

    done: int
    total: int
    question: str


def _silent(_: Any) -> None:
    """A watcher that does nothing."""


@dataclass(frozen=True)
class MeasuringWatch:
    """Watches a run, and may end it."""

    adding: Callable[[AddProgress], None] = _silent
    asking: Callable[[EvaluationStep], None] = _silent
    notice: Callable[[str], None] = _silent
    cancel: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class RunningEvaluation:
    """Asks a set. The watch ends it within half a second; the current question is asked again next
    time."""

    runs: EvaluationRuns
    source: QuestionSource
    assistant: Assistant | None  # None: only searches
    reranker: Reranker | None  # orders what a search finds, as for answers
    watch: MeasuringWatch

    def run(self, number: int, questions: Sequence[Question]) -> None:
        """Ask all questions that were not answered before; failed ones are asked again."""
        done = {row["id"] for row in self.runs.rows(number) if not row["error"]}
        left, many = [one for one in questions if one.id not in done], len(questions)
        if left and left[0].passages is None:
            self.source.library.search(left[0].question, 1)  # loads the model first
        for at, question in enumerate(left, start=many - len(left)):
            self.watch.asking(EvaluationStep(at, many, question.question))
            row = self._row(question)
            if self.watch.cancel.is_set():
                return
            self.runs.put(number, row)
        self.watch.asking(EvaluationStep(many, many, ""))
        self.runs.finish(number)

    def _row(self, question: Question) -> Row:
        row: Row = {"id": question.id, "question": to_row(question), "hits": None, "error": ""}
        try:
            if question.passages is None and not question.history:
                row |= self._searched(question)
            if self.assistant is not None:
                row["answer"] = self._ask(self.assistant, question)
        except PinciteError as error:
            row["error"] = str(error)
        return row

    def _searched(self, question: Question) -> Row:
        started = time.perf_counter()
        found = self.source.library.search(question.question, HITS)
        hits = reranked(self.reranker, question.question, found)
        seconds = round(time.perf_counter() - started, 4)
        pages = [[self.source.named(hit.document), hit.page] for hit in hits]
        return {"hits": pages, "search_seconds": seconds}

    def _ask(self, assistant: Assistant, question: Question) -> Row:
        """The answer document, with document names as in the set."""
        history = turns_from_messages(question.history)
        if question.passages is None:
            reply = assistant.ask(question.question, history=history)
        else:
            reply = assistant.ask_given(question.question, question.passages, history)
        reply.cancel = self.watch.cancel
        answer = reply.to_json()
        for cited in (*answer["citations"], *answer["passages"]):
            cited["document"] = self.source.named(cited["document"])
        return answer


# -- Measures a question set: reads it, finds its library, asks, and saves the run

_COMPARED = (
    "set", "digest", "library", "sha256", "embedder", "model", "verifier", "learned", *BY_CHOICE,
)  # fmt: skip


@dataclass(frozen=True)
class MeasuringOptions:
    """What is measured, and on how many questions."""

    retrieval: bool = False  # only search
    limit: int | None = None
    seed: int = 0
    note: str = ""
    fresh: bool = False  # do not continue an interrupted run


def _assistant(settings: Settings, library: Library) -> Assistant:
    return composition.assistant_of(settings, library, recorded=False)


def all_runs(settings: Settings) -> EvaluationRuns:
    """The stored runs of the home, of all libraries."""
    return EvaluationRuns(settings.home / "evaluation" / "runs.sqlite")


def measure(
    path: Path,
    settings: Settings,
    named: bool,
    options: MeasuringOptions,
    watch: MeasuringWatch,
    assistant: Callable[[Settings, Library], Assistant] = _assistant,
) -> int:
    """Measure, and return the number of the run. `named`: the library was named explicitly.

    Raises BadQuestionSet, also when no question is about documents that are there; LibraryError.
    """
    questions = sets.read_set(path)
    with sets.opened_source(questions, settings, named, watch.adding, watch.notice) as source:
        known = [question for question in source.questions if not source.missing(question)]
        if not known:
            raise _unknown(source, questions.file)
        asked = sets.sample(known, options.limit, options.seed)
        who = None
        if _answers(questions, options, watch):
            who = assistant(settings, source.library)
            watch.notice(who.notice)
        about = _about(settings, questions, source, options, who) | _skipped(source)
        kept = all_runs(settings)
        number = kept.begin(about, options.note, options.fresh)
        reranker = chosen_models.reranker(settings)
        RunningEvaluation(kept, source, who, reranker, watch).run(number, asked)
    return number


def differences(first: EvaluationRun, second: EvaluationRun) -> list[str]:
    """The differences of two runs as words: "model", "settings: refusal_threshold"."""
    names = [n for n in _COMPARED if first.about.get(n, "") != second.about.get(n, "")]
    settings = _changed(first.about["settings"], second.about["settings"])
    options = _changed(first.about["options"], second.about["options"])
    return [*names, *(f"settings: {n}" for n in settings), *(f"options: {n}" for n in options)]


def _changed(first: dict[str, Any], second: dict[str, Any]) -> list[str]:
    return [n for n in sorted({*first, *second}) if first.get(n) != second.get(n)]


def _answers(questions: QuestionSet, options: MeasuringOptions, watch: MeasuringWatch) -> bool:
    if questions.waiting:
        watch.notice(f"Undecided drafts are not asked: {questions.waiting}.")
    if not options.retrieval and not questions.answers_known:
        watch.notice("These questions have no known answers: only searches are measured.")
    return questions.answers_known and not options.retrieval


def _about(
    settings: Settings,
    questions: QuestionSet,
    source: QuestionSource,
    options: MeasuringOptions,
    who: Assistant | None,
) -> dict[str, Any]:
    return {
        "set": questions.name,
        "file": str(questions.file.resolve()),
        "digest": questions.digest,
        **source.identity(),
        "model": who.model_name if who else "",
        "verifier": verifier.identity() if who else "",
        "learned": _learned(source.library),
        "reranker": chosen_models.reranker_identity(settings),
        "settings": settings.model_dump(mode="json", exclude={"home", "library", "port"}),
        "options": {
            "retrieval": who is None,
            "limit": options.limit,
            "seed": options.seed,
        },
    }


def _learned(library: Library) -> str:
    """When the active learning was learned; empty when none is active."""
    lesson = lessons(library.folder).last()
    return lesson.made if lesson and lesson.ranking else ""


def _skipped(source: QuestionSource) -> dict[str, Any]:
    missing = [source.missing(question) for question in source.questions]
    names = sorted(frozenset().union(*missing))
    return {"skipped": {"questions": sum(map(bool, missing)), "documents": names}}


def _unknown(source: QuestionSource, file: Path) -> BadQuestionSet:
    names = _skipped(source)["skipped"]["documents"]
    more = "…" if len(names) > 5 else ""
    return BadQuestionSet(
        f"The library {source.library.name!r} holds none of the documents that {file} "
        f"is about: {', '.join(names[:5])}{more}"
    )
