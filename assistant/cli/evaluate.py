"""Runs `pincite eval`: measures, drafts questions, compares runs, learns from feedback."""

import argparse
import json
import threading
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from assistant.cli.shared import (
    DONE,
    FAILED,
    IN_PART,
    adding,
    counted,
    done,
    notice,
    opened,
    progress,
)
from assistant.evaluation import comparing
from assistant.evaluation.comparing import about, report, report_lines
from assistant.evaluation.drafting import Drafting
from assistant.evaluation.metrics import to_row
from assistant.evaluation.runs import (
    EvaluationRun,
    MeasuringOptions,
    MeasuringWatch,
    all_runs,
    differences,
    measure,
)
from assistant.evaluation.scoring import caution, scored, sentences
from assistant.evaluation.sets import own
from assistant.feedback.learning import learning_of
from assistant.feedback.ratings import feedback
from assistant.models.catalogue import BY_CHOICE
from assistant.settings import Settings
from assistant.storage import learned
from assistant.wiring import composition

_THUMBS = {"up": True, "down": False, "none": None}


def _rate(args: argparse.Namespace, settings: Settings, words: Sequence[str]) -> int:
    """The answer is known by its id, as in `replay`."""
    id, thumb = words
    if thumb not in _THUMBS:
        args.misused(f"a thumb is up, down or none, not {thumb!r}")
    receipt = composition.receipts(settings).get(id)
    kept = feedback(settings, receipt.library or settings.library)
    kept.rate(receipt.answer, _THUMBS[thumb], receipt.alone)
    if args.json:
        print(json.dumps({"id": receipt.id, "rating": thumb, "file": str(kept.mine.file)}))
    else:
        notice(f"{receipt.answer['question']} ({thumb})")
    return DONE


def _learn(args: argparse.Namespace, settings: Settings, _: Sequence[str]) -> int:
    """Learns and prints the result; with --reset discards it."""
    with opened(settings) as library, progress() as show:
        found = learning_of(settings, library)
        if args.reset:
            found.reset()
        else:
            found.learn(show, threading.Event())
        told, lesson, figures = found.summarise(), found.lessons.last(), found.figures()
    lesson_row = lesson and learned.to_row(lesson)
    row = {"library": settings.library, "told": told, "lesson": lesson_row}
    lines = [f"  {name}, of {n}: {figure.summarise()}" for name, figure, n in figures]
    return done(args, row, "\n".join([*told, *lines]))


def _eval(args: argparse.Namespace, settings: Settings) -> int:
    first, *rest = args.words
    actions = {
        "make": (_make, 0), "own": (_own, 0), "runs": (_list, 0), "show": (_show, 1),
        "compare": (_compare, 2), "rate": (_rate, 2), "learn": (_learn, 0),
    }  # fmt: skip

    action, wanted = actions.get(first, (None, 0))
    if len(rest) != wanted:
        args.misused(f"{first!r} takes {wanted} more words, not {len(rest)}")
    if action is None:
        return _measured(args, settings, Path(first), args.library is not None)
    return action(args, settings, rest)


def _own(args: argparse.Namespace, settings: Settings, _: Sequence[str]) -> int:
    return _measured(args, settings, own(settings, settings.library).file, True)


def _measured(args: argparse.Namespace, settings: Settings, path: Path, named: bool) -> int:
    options = MeasuringOptions(args.retrieval, args.limit, args.seed, args.note, args.fresh)
    with progress() as show:
        watch = MeasuringWatch(
            adding(show), lambda step: show(step.question, step.done, step.total), notice
        )
        number = measure(path, settings, named, options, watch)
    return _print(args, settings, number)


def _make(args: argparse.Namespace, settings: Settings, _: Sequence[str]) -> int:
    how = composition.answering(settings)
    if how.model is None:
        notice(f"Drafts are written by a chat model. {how.notice}")
        return FAILED
    mine = own(settings, settings.library)
    with opened(settings) as library, progress() as show:
        assistant = composition.assistant_of(settings, library, how, recorded=False)
        drafting = Drafting(
            library, assistant, how.model, lambda number, n: show(f"draft {number + 1}", number, n)
        )
        new = (one for one in drafting.drafts(args.n, args.seed) if mine.add([one]))
        made = list(islice(new, args.n))
    row = {"file": str(mine.file), "drafts": [to_row(question) for question in made]}
    words = f"{counted(len(made), 'draft')} in {mine.file}; keep or drop them in the app: Measure"
    return done(args, row, words)


# -- printing


def _print(args: argparse.Namespace, settings: Settings, number: int) -> int:
    runs = all_runs(settings)
    run, rows = runs.get(number), runs.rows(number)
    found = report(rows)
    said = [*sentences(found), *filter(None, [caution(found)])]
    lines = [_head(run), "", *report_lines(found), "", *said]
    done(args, _document(run, found, rows), "\n".join(lines))
    skipped = run.about["skipped"]
    if skipped["questions"]:
        names = ", ".join(skipped["documents"])
        notice(f"Questions skipped: {skipped['questions']}. Not in the library: {names}")
    for row in rows:
        if row["error"]:
            notice(f"question {row['id']} failed: {row['error']}")
    if not found["failed"]:
        return DONE
    return IN_PART if found["failed"] < found["questions"] else FAILED


def _document(
    run: EvaluationRun, found: dict[str, Any], rows: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    each = [
        {"id": row["id"], "label": one.label, "error": row["error"], **one.means}
        for row, one in ((row, scored(row)) for row in rows)
    ]
    return {"run": run.number, "started": run.started, "finished": run.finished,
            "note": run.note, **run.about, **found, "rows": each}  # fmt: skip


def _head(run: EvaluationRun) -> str:
    end = "" if run.finished else ", interrupted"
    return f"{run.title}{end}; questions: {run.asked}; {about(run)}"


def _list(args: argparse.Namespace, settings: Settings, _: Sequence[str]) -> int:
    found = all_runs(settings).recent()
    lines = [f"{_head(run)}{f' ({run.note})' if run.note else ''}" for run in found]
    return done(args, [vars(run) for run in found], "\n".join(lines) or "There is no run yet.")


def _show(args: argparse.Namespace, settings: Settings, words: Sequence[str]) -> int:
    return _print(args, settings, _number(args, words[0]))


def _compare(args: argparse.Namespace, settings: Settings, words: Sequence[str]) -> int:
    runs = all_runs(settings)
    first, second = (runs.get(_number(args, word)) for word in words)
    found = comparing.compare(runs.rows(first.number), runs.rows(second.number))
    differ = differences(first, second)
    told = [comparing.verdict(found, role) for role in BY_CHOICE if role in differ]
    lines = [f"before: {_head(first)}", f"after:  {_head(second)}", ""]
    lines += comparing.comparison_lines(found)
    if differ:
        lines += ["", f"The runs differ in {', '.join(differ)}.", *told]
    row = {"before": vars(first), "after": vars(second), "verdicts": told, **found}
    return done(args, row, "\n".join(lines))


def _number(args: argparse.Namespace, word: str) -> int:
    if not word.isdecimal():
        args.misused(f"{word!r} is not the number of a run")
    return int(word)
