"""A measurement, drafting questions or learning, in the background: one at a time in a server.

Knows no Streamlit.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from assistant.evaluation.measuring import MeasuringWatch, Options, measure
from assistant.evaluation.sets.drafting import Drafting
from assistant.evaluation.sets.own import OwnQuestions
from assistant.feedback.learning import Learning
from assistant.i18n.language import carried
from assistant.i18n.told import told
from assistant.i18n.translation import N_, _
from assistant.settings import Settings
from ingest.errors import PinciteError

log = logging.getLogger(__name__)

Work = Callable[["Task"], None]
GATE = "gate"  # the kind of a task that fits the refusal gate
DRAFTS = "drafts"  # of one that drafts questions


class Task:
    """A long task. Its thread writes its fields, and the page reads them."""

    def __init__(self, title: str, work: Work, kind: str = "") -> None:
        """Start at once; `title` is in the language of who starts it, and `kind` is not."""
        self.title, self.kind = title, kind
        self.done, self.total = 0, 0
        self.now = ""  # what is being done
        self.notices: list[str] = []
        self.error = ""
        self.run = 0  # the number of a run that was finished
        self.made = 0  # drafts
        self.learned = False
        self.stopped = N_("Finished work stays; start again to continue from there.")
        self.cancel = threading.Event()
        self._thread = threading.Thread(
            target=carried(self._run), args=(work,), name=title, daemon=True
        )
        self._thread.start()

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()

    @property
    def succeeded(self) -> bool:
        """Whether it came to its end."""
        return self.ended and not self.error and not self.cancel.is_set()

    def stop(self) -> None:
        """Stop; finished work stays, and a new start continues from there."""
        self.cancel.set()

    def wait(self, seconds: float) -> bool:
        """Wait, and return whether it has ended."""
        self._thread.join(seconds)
        return self.ended

    def note(self, now: str, done: int, total: int) -> None:
        """Record progress."""
        self.now, self.done, self.total = now, done, total

    def tell(self, text: str) -> None:
        """Record a message for people."""
        if text:
            self.notices.append(text)

    def _run(self, work: Work) -> None:
        try:
            work(self)
        except PinciteError as error:
            self.error = str(error)
        except Exception:
            log.exception("%s failed", self.title)
            self.error = N_("It failed unexpectedly. The log has the details.")


class Tasks:
    """The running task, or the last one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: Task | None = None

    @property
    def last(self) -> Task | None:
        return self._last

    def start(self, title: str, work: Work, kind: str = "") -> Task:
        """Start a task. Raises AssistantError while another runs: they would slow each other
        down."""
        with self._lock:
            if self._last is not None and not self._last.ended:
                raise AssistantError(
                    _("“{title}” was not started: “{other}” is running, for this or another "
                      "visitor. Start it when that is done.", title=title, other=self._last.title)
                )  # fmt: skip
            self._last = Task(title, work, kind)
            return self._last

    def forget(self) -> None:
        """Once its end was read."""
        with self._lock:
            if self._last is not None and self._last.ended:
                self._last = None


def measuring(
    path: Path, settings: Settings, named: bool, options: Options, assistant: Callable[..., Any]
) -> Work:
    """Measures a set of questions."""

    def work(task: Task) -> None:
        watch = MeasuringWatch(
            adding=lambda step: task.note(f"{told(step.stage)} {step.file}", step.done, step.total),
            asking=lambda step: task.note(step.question, step.done, step.total),
            notice=task.tell,
            cancel=task.cancel,
        )
        task.run = measure(path, settings, named, options, watch, assistant)

    return work


def drafting(how: Drafting, mine: OwnQuestions, number: int, seed: int) -> Work:
    """Drafts questions from so many passages; each is kept as soon as it is there."""

    def work(task: Task) -> None:
        how.cancel = task.cancel
        how.show = lambda done, total: task.note(_("Writing questions"), done, total)
        for question in how.drafts(number, seed):
            task.made += mine.add([question])

    return work


def learning_from(found: Learning) -> Work:
    """Learns from a person's feedback."""

    def work(task: Task) -> None:
        task.stopped = N_("Nothing was learned; earlier results are unchanged.")
        task.learned = found.learn(task.note, task.cancel)

    return work
