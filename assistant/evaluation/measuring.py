"""Measures a question set: reads it, finds its library, asks, and saves the run."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from assistant.answering.gate import answerability
from assistant.build import classifiers, composition
from assistant.conversation.assistant import Assistant
from assistant.errors import BadQuestionSet
from assistant.evaluation.running import EvaluationStep, RunningEvaluation
from assistant.evaluation.runs import EvaluationRun, EvaluationRuns
from assistant.evaluation.sets import folders, sources
from assistant.evaluation.sets.folders import QuestionSet
from assistant.evaluation.sets.sources import QuestionSource
from assistant.models.roles import BY_CHOICE
from assistant.settings import Settings
from assistant.storage.learned import lessons
from vectorstore.add_report import AddProgress
from vectorstore.library import Library

_COMPARED = (
    "set", "digest", "library", "sha256", "embedder", "model", "gate", "learned", *BY_CHOICE,
)  # fmt: skip


@dataclass(frozen=True)
class Options:
    """Options of a measurement."""

    retrieval: bool = False  # only search
    limit: int | None = None
    seed: int = 0
    passages: int = 0  # see RunningEvaluation
    note: str = ""
    fresh: bool = False  # do not continue an interrupted run


def _assistant(settings: Settings, library: Library) -> Assistant:
    return composition.assistant(settings, library, recorded=False)


def _silent(_: Any) -> None:
    """A watcher that does nothing."""


@dataclass(frozen=True)
class MeasuringWatch:
    """Watches a run, and may end it."""

    adding: Callable[[AddProgress], None] = _silent
    asking: Callable[[EvaluationStep], None] = _silent
    notice: Callable[[str], None] = _silent
    cancel: threading.Event = field(default_factory=threading.Event)


def runs(settings: Settings) -> EvaluationRuns:
    """All runs of the home."""
    return EvaluationRuns(settings.home / "evaluation" / "runs.sqlite")


def measure(
    path: Path,
    settings: Settings,
    named: bool,
    options: Options,
    watch: MeasuringWatch,
    assistant: Callable[[Settings, Library], Assistant] = _assistant,
) -> int:
    """Measure, and return the number of the run. `named`: the library was named explicitly.

    Raises BadQuestionSet, also when no question is about documents that are there; LibraryError.
    """
    questions = folders.read_set(path)
    with sources.opened(questions, settings, named, watch.adding, watch.notice) as source:
        known = [question for question in source.questions if not source.missing(question)]
        if not known:
            raise _unknown(source, questions.file)
        asked = folders.sample(known, options.limit, options.seed)
        who = None
        if _answers(questions, options, watch):
            who = assistant(settings, source.library)
            watch.notice(who.notice)
        about = _about(settings, questions, source, options, who) | _skipped(source)
        kept = runs(settings)
        with kept.at_work(about, options.note, options.fresh) as number:
            running = RunningEvaluation(
                kept, source, who, classifiers.reranker(settings), options.passages,
                watch.asking, watch.cancel,
            )  # fmt: skip
            running.run(number, asked)
    return number


def differences(first: EvaluationRun, second: EvaluationRun) -> list[str]:
    """The differences of two runs as words: "model", "settings: refusal_threshold"."""
    names = [n for n in _COMPARED if _told(first, n) != _told(second, n)]
    settings = _changed(_settings(first), _settings(second))
    options = _changed(first.about["options"], second.about["options"])
    return [*names, *(f"settings: {n}" for n in settings), *(f"options: {n}" for n in options)]


def _told(run: EvaluationRun, name: str) -> Any:
    return run.about.get(name, "")


def _changed(first: dict[str, Any], second: dict[str, Any]) -> list[str]:
    return [n for n in sorted({*first, *second}) if first.get(n) != second.get(n)]


def _settings(run: EvaluationRun) -> dict[str, Any]:
    """As this version spells them; one that the version of the run did not have is the default."""
    kept = run.about["settings"]
    known = {name: value for name, value in kept.items() if name in Settings.model_fields}
    with suppress(ValidationError):  # of a version with other values
        return {**kept, **_dumped(Settings.model_validate(known))}
    return {**_dumped(Settings.model_validate({})), **kept}


def _dumped(settings: Settings) -> dict[str, Any]:
    return settings.model_dump(mode="json", exclude={"home", "library", "port"})


def _answers(questions: QuestionSet, options: Options, watch: MeasuringWatch) -> bool:
    if questions.waiting:
        watch.notice(f"Undecided drafts are not asked: {questions.waiting}.")
    if not options.retrieval and not questions.answers_known:
        watch.notice("These questions have no known answers: only searches are measured.")
    return questions.answers_known and not options.retrieval


def _about(
    settings: Settings,
    questions: QuestionSet,
    source: QuestionSource,
    options: Options,
    who: Assistant | None,
) -> dict[str, Any]:
    return {
        "set": questions.name,
        "file": str(questions.file.resolve()),
        "digest": questions.digest,
        **source.identity(),
        "model": who.model_name if who else "",
        "gate": answerability.identity() if who else "",
        "learned": _learned(source.library),
        **classifiers.identities(settings),
        "settings": _dumped(settings),
        "options": {
            "retrieval": who is None,
            "limit": options.limit,
            "seed": options.seed,
            "passages": options.passages,
        },
    }


def _learned(library: Library) -> str:
    """When the active learning was learned; empty when none is active."""
    lesson = lessons(library.folder).last()
    on = lesson and (lesson.ranking or lesson.threshold is not None)
    return lesson.made if lesson and on else ""


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
