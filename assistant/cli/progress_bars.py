"""Progress of long commands on standard error: a bar on a terminal, lines in a file."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.evaluation.running import EvaluationStep
    from vectorstore.indexing.pipeline import AddProgress

_WIDTH = 60  # characters of what is being done

Adding = Callable[["AddProgress"], None]
Asking = Callable[["EvaluationStep"], None]
Show = Callable[[str, int, int | None], None]  # the step, the number done, the total


@contextmanager
def adding() -> Iterator[Adding]:
    """Progress while files are added."""
    with measuring() as (show, _):
        yield show


@contextmanager
def measuring() -> Iterator[tuple[Adding, Asking]]:
    """Progress while files are added, and then questions are asked."""
    if not sys.stderr.isatty():
        yield _file_in_lines(), _question_in_lines
        return
    with _bar() as show:
        yield (
            lambda step: show(f"{step.stage} {step.file}", step.done, step.total),
            lambda step: show(step.question, step.done, step.total),
        )


@contextmanager
def counting() -> Iterator[Show]:
    """Progress while questions are asked one by one."""
    if not sys.stderr.isatty():
        yield _count_in_lines
        return
    with _bar() as show:
        yield show


def _count_in_lines(words: str, done: int, total: int | None) -> None:
    if words:  # else all is done
        print(f"{done + 1}/{total} {words}", file=sys.stderr, flush=True)


@contextmanager
def _bar() -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("looking for documents", total=None)
        yield lambda words, done, total: bar.update(
            task, description=words[:_WIDTH], completed=done, total=total
        )


def _file_in_lines() -> Adding:
    """One line for each file, for logs."""
    seen: set[str] = set()

    def show(step: "AddProgress") -> None:
        if step.file and step.file not in seen:
            seen.add(step.file)
            begun = min(step.done + 1, step.total)  # the index tells what it has done, not begun
            print(f"{begun}/{step.total} {step.file}", file=sys.stderr, flush=True)

    return show


def _question_in_lines(step: "EvaluationStep") -> None:
    if step.question:
        print(f"{step.done + 1}/{step.total} {step.question}", file=sys.stderr, flush=True)
