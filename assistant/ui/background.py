"""A measurement, drafting questions or learning, in the background: one at a time in a server.

Knows no Streamlit.
"""

import contextlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.contract.reply import Reply
from assistant.errors import AssistantError
from assistant.evaluation.drafting import Drafting
from assistant.evaluation.runs import MeasuringOptions, MeasuringWatch, measure
from assistant.evaluation.sets import OwnQuestions
from assistant.feedback.learning import Learning
from assistant.i18n.translation import N_, _, carried, told
from assistant.models.hub import Progress
from assistant.settings import Settings
from assistant.sheet.cell import Cell, Column
from assistant.sheet.fill import Sheet
from assistant.studio.spoken_text import pieces
from assistant.studio.voices import Voice
from assistant.wiring.models import calibration
from ingest.errors import PinciteError, Stopped
from vectorstore.catalog.stored import DocumentInfo

# -- Runs answers in threads of their own, so that a rerun or a reload of the page does not end
# them. Knows no Streamlit.

_KEPT_SECONDS = 600.0  # seconds in which a page may still ask for an answer that has ended

log = logging.getLogger(__name__)


class RunningAnswer:
    """A reply that is written in the background."""

    def __init__(self, reply: Reply, after: int | None = None) -> None:
        """`after` a turn of the conversation it begins a branch."""
        self.reply, self.after = reply, after
        self.error = ""
        self.started = time.monotonic()
        self.ended: float | None = None
        self._thread = threading.Thread(
            target=carried(self._run), name=f"answer-{reply.id}", daemon=True
        )
        self._thread.start()

    @property
    def done(self) -> bool:
        return self.ended is not None

    def stop(self) -> None:
        """End this answer and no other."""
        self.reply.stop()

    def wait(self, seconds: float) -> bool:
        """Wait, and return whether it is done."""
        self._thread.join(seconds)
        return self.done

    def _run(self) -> None:
        try:
            for _ in self.reply:
                pass
        except PinciteError as error:
            self.error = str(error)
        except Exception:
            log.exception("the answer to a question failed")
            self.error = N_("The answer failed unexpectedly. The log has the details.")
        finally:
            self.ended = time.monotonic()


class Answers:
    """The running answer of each conversation. Conversations do not see each other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, RunningAnswer] = {}

    def start(self, conversation: str, reply: Reply, after: int | None = None) -> RunningAnswer:
        """At most one at a time in a conversation, which may be open in two tabs.

        Raises AssistantError while another one is in work.
        """
        with self._lock:
            self._drop_old()
            before = self._running.get(conversation)
            if before is not None and not before.done:
                raise AssistantError(
                    _("Another question of this conversation is being answered. "
                      "Ask again when it is done.")
                )  # fmt: skip
            self._running[conversation] = RunningAnswer(reply, after)
            return self._running[conversation]

    def of(self, conversation: str) -> RunningAnswer | None:
        """The conversation's running answer, or the last one if it failed."""
        with self._lock:
            return self._running.get(conversation)

    def forget(self, conversation: str) -> None:
        """Once its turn is in the conversation, or its error was read."""
        with self._lock:
            self._running.pop(conversation, None)

    def _drop_old(self) -> None:
        oldest = time.monotonic() - _KEPT_SECONDS
        for conversation, running in list(self._running.items()):
            if running.ended is not None and running.ended < oldest:
                del self._running[conversation]


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
    path: Path,
    settings: Settings,
    named: bool,
    options: MeasuringOptions,
    assistant: Callable[..., Any],
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


# -- Fits the refusal gate to the chosen chat model, in the background. Knows no Streamlit


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


# -- Fetches a missing model in the background. Knows no Streamlit

Pull = Callable[[str, Progress], object]


class FetchStopped(PinciteError):
    """A person has stopped it."""


class Fetch:
    """One model on its way."""

    def __init__(self, name: str, pull: Pull) -> None:
        """Start at once."""
        self.name = name
        self.doing, self.have, self.total = N_("Starting"), 0, 0
        self.error = ""
        self.stopped = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(pull,), name=name, daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set() and not self.ended

    def stop(self) -> None:
        """Stop it; what has come stays, and the next start goes on from there."""
        self._stop.set()

    @property
    def share(self) -> float:
        """From 0 to 1; 0 while the total is unknown."""
        return min(self.have / self.total, 1.0) if self.total else 0.0

    def wait(self, seconds: float) -> bool:
        """Wait, and return whether it has ended."""
        self._thread.join(seconds)
        return self.ended

    def _run(self, pull: Pull) -> None:
        try:
            pull(self.name, self._note)
        except FetchStopped:
            self.stopped = True
        except PinciteError as error:
            self.error = str(error)
        except Exception:
            log.exception("fetching %s failed", self.name)
            self.error = N_("It failed unexpectedly. The log has the details.")

    def _note(self, doing: str, have: int, total: int | None) -> None:
        if self._stop.is_set():
            raise FetchStopped("Stopped.")
        self.doing, self.have, self.total = doing, have, total or 0


class Fetches:
    """The downloads of a server by model name: each model is fetched once."""

    def __init__(self, pull: Pull) -> None:
        self._pull = pull
        self._lock = threading.Lock()
        self._all: dict[str, Fetch] = {}

    def start(self, name: str) -> Fetch:
        """Start a download, or join a running one."""
        with self._lock:
            before = self._all.get(name)
            if before is None or before.ended:
                self._all[name] = Fetch(name, self._pull)
            return self._all[name]

    def done(self) -> list[Fetch]:
        """Those that have come whole."""
        with self._lock:
            every = list(self._all.values())
        return [one for one in every if one.ended and not one.error and not one.stopped]

    def going(self) -> list[Fetch]:
        """Those that are under way."""
        with self._lock:
            return [one for one in self._all.values() if not one.ended]

    def of(self, name: str) -> Fetch | None:
        return self._all.get(name)


# -- Looks in the background for questions that the documents answer. Knows no Streamlit

_KEPT_ANSWERS = 256  # answers


class NextQuestions:
    """By answer; each is looked for once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[Hashable, list[str] | None] = OrderedDict()

    def of(self, answer: Hashable, look: Callable[[], list[str]]) -> list[str] | None:
        """None while they are looked for, which begins with the first call."""
        with self._lock:
            if answer in self._found:
                return self._found[answer]
            self._found[answer] = None
            while len(self._found) > _KEPT_ANSWERS:
                self._found.popitem(last=False)
        work = threading.Thread(target=self._look, args=(answer, look), name="next", daemon=True)
        work.start()
        return None

    def _look(self, answer: Hashable, look: Callable[[], list[str]]) -> None:
        found: list[str] = []
        try:
            found = look()
        except PinciteError as error:  # a suggestion less: the next question says what is wrong
            log.info("no follow-ups: %s", error)
        except Exception:
            log.exception("looking for follow-ups failed")
        with self._lock:
            self._found[answer] = found


# -- Reads an answer aloud: synthesises its sentences a little ahead of the one being played. Knows
# no Streamlit.

AHEAD = 2  # pieces that are made before they are asked for
_PATIENCE = 60.0  # seconds without being asked, after which nobody listens any more


@dataclass(frozen=True)
class Piece:
    """What is said in one breath: a sentence, or a part of a long one."""

    sentence: int  # its number in the answer, from 0
    text: str


class Aloud:
    """Begins at once, in a thread of its own."""

    def __init__(
        self, sentences: Sequence[str], voice: Voice, language: str, patience: float = _PATIENCE
    ) -> None:
        self.pieces = [
            Piece(number, text)
            for number, sentence in enumerate(sentences)
            for text in pieces(sentence, language)
        ]
        self.error = ""
        self._patience = patience
        self._voice = voice
        self._made: dict[int, bytes] = {}
        self._wanted = 0
        self._changed = threading.Condition()
        self._cancel = threading.Event()
        self._thread = threading.Thread(target=self._run, name="aloud", daemon=True)
        self._thread.start()

    def clip(self, number: int, seconds: float) -> bytes | None:
        """A piece as a WAV file; None when it is not made within these seconds."""
        with self._changed:
            self._wanted = max(self._wanted, number)
            self._changed.notify_all()
            self._changed.wait_for(lambda: number in self._made or self.error, seconds)
            for old in [n for n in self._made if n < number]:
                del self._made[old]
            return self._made.get(number)

    def stop(self) -> None:
        """Stop within a tenth of a second, also in the middle of a sentence."""
        self._cancel.set()
        with self._changed:
            self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Whether the thread has ended by then."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            for number, piece in enumerate(self.pieces):
                if not self._listened_to(number):
                    return
                sound = self._voice.say(piece.text, self._cancel)
                with self._changed:
                    self._made[number] = sound.wav
                    self._changed.notify_all()
        except Stopped:
            pass
        except PinciteError as error:
            self._fail(str(error))
        except Exception:
            log.exception("reading an answer aloud failed")
            self._fail(N_("Reading aloud failed unexpectedly. The log has the details."))

    def _listened_to(self, number: int) -> bool:
        """Wait until it is the turn of a piece; False: nobody listens any more."""

        def due() -> bool:
            return self._cancel.is_set() or number <= self._wanted + AHEAD

        with self._changed:
            heard = self._changed.wait_for(due, self._patience)
        if not heard:  # a browser that comes back, from a machine that slept, would wait for ever
            self._fail(N_("Reading aloud ended because the page was closed."))
        return heard and not self._cancel.is_set()

    def _fail(self, error: str) -> None:
        with self._changed:
            self.error = error
            self._changed.notify_all()


# -- Fills a sheet in a thread of its own, so that a reload of the page does not end it. Knows no
# Streamlit.


class RunningSheet:
    """A sheet that is being filled, or was. Its thread writes its fields, and the page reads
    them."""

    def __init__(
        self, sheet: Sheet, columns: Sequence[Column], rows: Sequence[DocumentInfo], anew: bool
    ) -> None:
        """Start at once; with `anew` also what was filled before is asked."""
        self.columns, self.rows = tuple(columns), tuple(rows)
        self.total = len(columns) * len(rows)
        self.now = ""  # what is asked: "Contract.pdf: supplier"
        self.error = ""
        self.cancel = threading.Event()
        self._cells: dict[tuple[str, str], Cell] = {}
        self._thread = threading.Thread(
            target=carried(self._run), args=(sheet, anew), name="sheet", daemon=True
        )
        self._thread.start()

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()

    @property
    def cells(self) -> list[Cell]:
        """Those that are filled, in their order."""
        return list(self._cells.values())

    def cell(self, document: str, head: str) -> Cell | None:
        """None where it is not filled yet."""
        return self._cells.get((document, head))

    def stop(self) -> None:
        """End it within half a second; what is filled stays, and a new start goes on from there."""
        self.cancel.set()

    def wait(self, seconds: float) -> bool:
        """Wait, and return whether it has ended."""
        self._thread.join(seconds)
        return self.ended

    def _run(self, sheet: Sheet, anew: bool) -> None:
        try:
            made = sheet.cells(
                self.columns, self.rows, cancel=self.cancel, show=self._show, anew=anew
            )
            for cell in made:
                self._cells[cell.document, cell.head] = cell
        except PinciteError as error:
            self.error = str(error)
        except Exception:
            log.exception("a sheet failed")
            self.error = N_("It failed unexpectedly. The log has the details.")

    def _show(self, what: str, done: int, total: int | None) -> None:
        self.now = what


class Sheets:
    """The running sheet of each library, or the last one, of one person."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[str, RunningSheet] = {}

    def of(self, library: str) -> RunningSheet | None:
        """None before the first one."""
        return self._last.get(library)

    def start(
        self, library: str, sheet: Sheet, columns: Sequence[Column],
        rows: Sequence[DocumentInfo], anew: bool = False,
    ) -> RunningSheet:  # fmt: skip
        """In the place of the last one, which is stopped."""
        with self._lock:
            if before := self._last.get(library):
                before.stop()
            self._last[library] = RunningSheet(sheet, columns, rows, anew)
            return self._last[library]
