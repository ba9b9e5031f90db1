"""Fits the refusal gate to the chosen chat model, in the background. Knows no Streamlit."""

import contextlib

from assistant.build.calibrating import calibration
from assistant.settings import Settings
from assistant.ui.background.evaluation_task import Task, Work


class _Stopped(Exception):
    """A person has stopped it; what was asked is kept."""


def calibrating(settings: Settings) -> Work:
    """A second start goes on with the questions that were not asked yet."""

    def work(task: Task) -> None:
        def show(question: str, done: int, total: int) -> None:
            task.note(question, done, total)
            if task.cancel.is_set():
                raise _Stopped

        with contextlib.suppress(_Stopped):
            calibration(settings).run(show)

    return work
