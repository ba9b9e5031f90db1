"""The command that measures: `eval DIR`, `eval runs`, `eval show N`, `eval compare A B`."""

import argparse
import json
import threading
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import (
    DONE,
    FAILED,
    IN_PART,
    JSON,
    adding,
    count,
    counted,
    done,
    notice,
    opened,
    progress,
)

if TYPE_CHECKING:
    from assistant.evaluation.runs import EvaluationRun, EvaluationRuns
    from assistant.settings import Settings


# -- The words of `eval` for feedback: `eval rate ID up|down|none` and `eval learn [--reset]`

_THUMBS = {"up": True, "down": False, "none": None}


def rate(args: argparse.Namespace, settings: "Settings", words: Sequence[str]) -> int:
    """The answer is known by its id, as in `replay`."""
    from assistant.feedback.ratings import feedback
    from assistant.wiring import composition

    id, thumb = words
    if thumb not in _THUMBS:
        args.misused(f"a thumb is up, down or none, not {thumb!r}")
    receipt = composition.receipts(settings).get(id)
    kept = feedback(settings, receipt.library or settings.library)
    kept.rate(receipt.answer, _THUMBS[thumb])
    if args.json:
        print(json.dumps({"id": receipt.id, "rating": thumb, "file": str(kept.mine.file)}))
    else:
        notice(f"{receipt.answer['question']} ({thumb})")
    return DONE


def learn(args: argparse.Namespace, settings: "Settings", _: Sequence[str]) -> int:
    """Learns and prints the result; with --reset discards it."""
    from assistant.feedback.learning import learning_of
    from assistant.storage.learned import to_row

    with opened(settings) as library, progress() as show:
        found = learning_of(settings, library)
        if args.reset:
            found.reset()
        else:
            found.learn(show, threading.Event())
        told, lesson, figures = found.summarise(), found.lessons.last(), found.figures()
    if args.json:
        about = {"library": settings.library, "told": told}
        print(json.dumps(about | {"lesson": lesson and to_row(lesson)}))
    else:
        print(
            *told,
            *(f"  {name}, of {n}: {figure.summarise()}" for name, figure, n in figures),
            sep="\n",
        )
    return DONE


_HELP = """\
Measure answers and searches on questions with known answers.

pincite eval DIR          ask the questions of DIR/questions.jsonl (or of a file) and measure
pincite eval make -n N    draft N questions from the library; you keep or drop each in the app
pincite eval own          ask the questions about the library that you have kept
pincite eval runs         list the saved runs
pincite eval show N       print the figures of run N
pincite eval compare A B  list the questions that got better or worse from run A to run B
pincite eval rate ID up   rate an answer: up, down, or none to withdraw the rating
pincite eval learn        learn how to rank and when to refuse from your questions and
                          ratings; used only where measurement shows a gain

A question is a row {"id", "question", "answers": [...], "answerable": true,
"evidence": [{"doc", "page"}]}; "id" and "question" are required, and "history" and "passages"
are optional, as in `pincite ask --batch`. Retrieval sets (corpus.jsonl and queries.jsonl) and
tasks.jsonl of conversations work, too.

The questions go to --library NAME. Without it, they go to the default library when it holds all
documents of the evidence; else to the documents beside the questions (DIR/documents,
DIR/pdfs, DIR/corpus.jsonl, or files in DIR), which get a library of their own below
<home>/evaluation. It stays for the next run, and may be deleted. Questions about documents
that are not there are skipped, counted and named.

An interrupted run continues when the same command runs again, unless --fresh is given.
"""


def add_parsers(commands: Any) -> None:
    """The command is set as `run`: (arguments, settings) -> exit status."""
    command = commands.add_parser(
        "eval", help="measure answers and searches on questions with known answers",
        description=_HELP, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    command.add_argument(
        "words", nargs="+", metavar="DIR", help="a folder, a file, or one of the words above"
    )
    command.add_argument("--library", metavar="NAME", help="the library to ask")
    command.add_argument("--json", action="store_true", help=JSON)
    command.add_argument("--retrieval", action="store_true", help="search only, without answers")
    command.add_argument("--limit", type=count, metavar="N", help="ask only N of the questions")
    command.add_argument("--seed", type=int, default=0, help="seed of the selection (0)")
    command.add_argument(
        "-n", type=count, default=10, metavar="N", help="make: draft at most N questions (10)"
    )
    command.add_argument("--note", default="", help="a note to recognise the run by")
    command.add_argument("--fresh", action="store_true", help="do not continue an earlier run")
    command.add_argument("--reset", action="store_true", help="learn: discard what was learned")
    command.set_defaults(run=_run, misused=command.error)


def _run(args: argparse.Namespace, settings: "Settings") -> int:
    first, *rest = args.words
    actions = {
        "make": (_make, 0), "own": (_own, 0), "runs": (_list, 0), "show": (_show, 1),
        "compare": (_compare, 2), "rate": (rate, 2), "learn": (learn, 0),
    }  # fmt: skip

    action, wanted = actions.get(first, (None, 0))
    if len(rest) != wanted:
        args.misused(f"{first!r} takes {wanted} more words, not {len(rest)}")
    if action is None:
        return _measured(args, settings, Path(first), args.library is not None)
    return action(args, settings, rest)


def _own(args: argparse.Namespace, settings: "Settings", _: Sequence[str]) -> int:
    from assistant.evaluation.sets import own

    return _measured(args, settings, own(settings, settings.library).file, True)


def _measured(args: argparse.Namespace, settings: "Settings", path: Path, named: bool) -> int:
    from assistant.evaluation.runs import MeasuringOptions, MeasuringWatch, all_runs, measure

    options = MeasuringOptions(args.retrieval, args.limit, args.seed, args.note, args.fresh)
    with progress() as show:
        watch = MeasuringWatch(
            adding(show), lambda step: show(step.question, step.done, step.total), notice
        )
        number = measure(path, settings, named, options, watch)
    return _print(all_runs(settings), number, args.json)


def _make(args: argparse.Namespace, settings: "Settings", _: Sequence[str]) -> int:
    from assistant.evaluation.drafting import Drafting
    from assistant.evaluation.metrics import to_row
    from assistant.evaluation.sets import own
    from assistant.wiring import composition

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


def _print(runs: "EvaluationRuns", number: int, as_json: bool) -> int:
    from assistant.evaluation.comparing import report, report_lines
    from assistant.evaluation.scoring import caution, sentences

    run, rows = runs.get(number), runs.rows(number)
    found = report(rows)
    if as_json:
        print(json.dumps(_document(run, found, rows)))
    else:
        said = [*sentences(found), caution(found)]
        print(f"{_head(run)}\n", *report_lines(found), "", *filter(None, said), sep="\n")
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
    run: "EvaluationRun", found: dict[str, Any], rows: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    from assistant.evaluation.scoring import scored

    each = [
        {"id": row["id"], "label": one.label, "error": row["error"], **one.means}
        for row, one in ((row, scored(row)) for row in rows)
    ]
    return {"run": run.number, "started": run.started, "finished": run.finished,
            "note": run.note, **run.about, **found, "rows": each}  # fmt: skip


def _head(run: "EvaluationRun") -> str:
    from assistant.evaluation.comparing import about

    end = "" if run.finished else ", interrupted"
    return f"{run.title}{end}; questions: {run.asked}; {about(run)}"


def _list(args: argparse.Namespace, settings: "Settings", _: Sequence[str]) -> int:
    from assistant.evaluation.runs import all_runs

    found = all_runs(settings).recent()
    if args.json:
        print(json.dumps([vars(run) for run in found]))
    for run in [] if args.json else found:
        print(f"{_head(run)}{f' ({run.note})' if run.note else ''}")
    return DONE


def _show(args: argparse.Namespace, settings: "Settings", words: Sequence[str]) -> int:
    from assistant.evaluation.runs import all_runs

    return _print(all_runs(settings), _number(args, words[0]), args.json)


def _compare(args: argparse.Namespace, settings: "Settings", words: Sequence[str]) -> int:
    from assistant.evaluation import comparing
    from assistant.evaluation.runs import all_runs, differences
    from assistant.models.catalogue import BY_CHOICE

    runs = all_runs(settings)
    first, second = (runs.get(_number(args, word)) for word in words)
    found = comparing.compare(runs.rows(first.number), runs.rows(second.number))
    differ = differences(first, second)
    told = [comparing.verdict(found, role) for role in BY_CHOICE if role in differ]
    if args.json:
        runs_told = {"before": vars(first), "after": vars(second), "verdicts": told}
        print(json.dumps(runs_told | found))
        return DONE
    print(
        f"before: {_head(first)}\nafter:  {_head(second)}\n",
        *comparing.comparison_lines(found),
        sep="\n",
    )
    if differ:
        print(f"\nThe runs differ in {', '.join(differ)}.", *told, sep="\n")
    return DONE


def _number(args: argparse.Namespace, word: str) -> int:
    if not word.isdecimal():
        args.misused(f"{word!r} is not the number of a run")
    return int(word)
