"""Shows a download's progress on standard error: a bar on a terminal, lines in a file."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from assistant.models.verified_file import Progress

LINE_SECONDS = 5.0


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Shows a bar in a terminal, and a line now and then elsewhere."""
    if not sys.stderr.isatty():
        yield _lines()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    times = (TransferSpeedColumn(), TimeRemainingColumn())
    with Bars(*columns, *times, console=Console(stderr=True), transient=True) as bars:
        tasks = {}

        def show(doing: str, done: int, total: int | None) -> None:
            if doing not in tasks:
                tasks[doing] = bars.add_task(doing, total=total)
            bars.update(tasks[doing], completed=done, total=total)

        yield show


def _lines() -> Progress:
    """A line when something new begins, and every five seconds."""
    last = ("", 0.0)

    def show(doing: str, done: int, total: int | None) -> None:
        nonlocal last
        if doing != last[0] or time.monotonic() - last[1] >= LINE_SECONDS:
            last = (doing, time.monotonic())
            amount = f": {done / 1e6:,.0f} of {total / 1e6:,.0f} MB" if total else ""
            print(f"{doing}{amount}", file=sys.stderr, flush=True)

    return show
