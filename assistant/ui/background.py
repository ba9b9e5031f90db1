"""Work that goes on behind the pages: a rerun or a reload does not end it.

Knows no Streamlit.
"""

import logging
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Generic, TypeVar

from assistant.background import Background
from assistant.contract.reply import Reply
from assistant.errors import AssistantError
from assistant.i18n.translation import N_, _
from assistant.models.hub import Progress
from assistant.sheet.cell import Cell, Column
from assistant.sheet.fill import Sheet
from ingest.errors import Stopped
from ingest.platform.hardware import on_battery
from vectorstore.catalog.rows import DocumentInfo

log = logging.getLogger(__name__)

Kind = TypeVar("Kind", bound=Background)
_KEPT = 256  # works that have ended
_CALM = 3.0  # seconds that nobody has asked
_LOOK_AGAIN = 0.1  # seconds
_RECENT = 60.0  # seconds since somebody typed


class Latest(Generic[Kind]):
    """The running work of each name, or its last one: of each conversation, library, model ..."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: dict[Hashable, Kind] = {}

    def of(self, name: Hashable) -> Kind | None:
        """The running one, or the last one; None before the first."""
        return self._all.get(name)

    def going(self) -> list[Kind]:
        """Those that are running."""
        with self._lock:
            return [one for one in self._all.values() if not one.ended]

    def forget(self, name: Hashable, running: bool = False) -> None:
        """Drop one that has ended: its end was shown, or is stored. With `running` in any case."""
        with self._lock:
            if (last := self._all.get(name)) is not None and (running or last.ended):
                del self._all[name]

    def begin(self, name: Hashable, make: Callable[[Kind | None], Kind], busy: str = "") -> Kind:
        """Begin what `make` makes, which gets the one before. With `busy` at most one runs at a
        time: raises AssistantError with it."""
        with self._lock:
            before = self._all.get(name)
            if busy and before is not None and not before.ended:
                raise AssistantError(busy)
            made = make(before)
            for old in [one for one, work in self._all.items() if work.ended][:-_KEPT]:
                del self._all[old]
            self._all[name] = made
            return made


# -- The answers of conversations


class RunningAnswer(Background):
    """A reply that is written in the background."""

    unexpected = N_("The answer failed unexpectedly. The log has the details.")

    def __init__(self, reply: Reply, after: int | None = None) -> None:
        """`after` a turn of the conversation it begins a branch."""
        self.reply, self.after = reply, after
        self.started = time.monotonic()
        super().__init__(f"answer-{reply.id}", self._write)

    def stop(self) -> None:
        """End this answer and no other."""
        self.reply.stop()

    def _write(self) -> None:
        try:
            for _word in self.reply:
                pass
        except Stopped as error:  # it has no turn to be shown in its place
            self.error = str(error)


class Answers(Latest[RunningAnswer]):
    """The running answer of each conversation. Conversations do not see each other."""

    def start(self, conversation: str, reply: Reply, after: int | None = None) -> RunningAnswer:
        """At most one at a time in a conversation, which may be open in two tabs.

        Raises AssistantError while another one is being made.
        """
        busy = _("Another question of this conversation is being answered. "
                 "Ask again when it is done.")  # fmt: skip
        return self.begin(conversation, lambda _before: RunningAnswer(reply, after), busy)


# -- Long tasks of which one at a time runs in a server: measuring, learning, drafting questions

Work = Callable[["Task"], None]
DRAFTS = "drafts"  # of one that drafts questions


class Task(Background):
    """A long task in a thread: its progress, its messages, and its end."""

    def __init__(self, title: str, work: Work, kind: str = "") -> None:
        """`title` is in the language of who starts it, and `kind` is not."""
        self.title, self.kind = title, kind
        self.done, self.total = 0, 0
        self.now = ""  # what is being done
        self.notices: list[str] = []
        self.run = 0  # the number of a run that was finished
        self.made = 0  # drafts
        self.learned = False
        self.left = N_("Finished work stays; start again to continue from there.")  # when stopped
        super().__init__(title, lambda: work(self))

    def note(self, now: str, done: int, total: int) -> None:
        """Record what is being done, and how many of `total` steps are done."""
        self.now, self.done, self.total = now, done, total

    def tell(self, text: str) -> None:
        """Record a message for people; an empty one is ignored."""
        if text:
            self.notices.append(text)


class Tasks(Latest[Task]):
    """The running task, or the last one."""

    @property
    def last(self) -> Task | None:
        return self.of("")

    def start(self, title: str, work: Work, kind: str = "") -> Task:
        """Start a task. Raises AssistantError while another runs: they would slow each other
        down."""
        other = self.last.title if self.last else title
        busy = _("“{title}” was not started: “{other}” is running, for this or another "
                 "visitor. Start it when that is done.", title=title, other=other)  # fmt: skip
        return self.begin("", lambda _before: Task(title, work, kind), busy)


# -- Models that are fetched

Pull = Callable[[str, Progress], object]


class Fetch(Background):
    """The download of one model; a new start continues from what has come."""

    def __init__(self, name: str, pull: Pull) -> None:
        self.name = name
        self.doing, self.have, self.total = N_("Starting"), 0, 0
        super().__init__(name, lambda: pull(name, self._note))

    @property
    def stopping(self) -> bool:
        return self.cancel.is_set() and not self.ended

    @property
    def share(self) -> float:
        """The share that has been downloaded, 0 to 1; 0 while the total is unknown."""
        return min(self.have / self.total, 1.0) if self.total else 0.0

    def _note(self, doing: str, have: int, total: int | None) -> None:
        if self.cancel.is_set():
            raise Stopped("Stopped.")
        self.doing, self.have, self.total = doing, have, total or 0


class Fetches(Latest[Fetch]):
    """The downloads of a server by model name: each model is fetched once."""

    def __init__(self, pull: Pull) -> None:
        super().__init__()
        self._pull = pull
        self._used: set[Fetch] = set()

    def start(self, name: str) -> Fetch:
        """Start a download, or join a running one."""
        return self.begin(
            name, lambda before: before if before and not before.ended else Fetch(name, self._pull)
        )

    def take_done(self) -> set[Fetch]:
        """The downloads that were completed since this was asked, whoever sees their page."""
        with self._lock:
            done = {one for one in self._all.values() if one.ended and not one.error}
            new = {one for one in done - self._used if not one.was_stopped}
            self._used |= done
            return new


# -- Questions that the documents answer, to begin and to go on with


class Busy(threading.Event):
    """An event that is set while something else says so, on battery power, and for some seconds
    after that and after its own beginning, which follows an answer."""

    def __init__(self, now: Callable[[], bool], calm: float = _CALM) -> None:
        super().__init__()
        self._now, self._calm = now, calm
        self._look, self._until = 0.0, time.monotonic() + calm

    def is_set(self) -> bool:
        if (now := time.monotonic()) >= self._look:  # a model that writes asks often
            self._look = now + _LOOK_AGAIN
            if self._now() or on_battery():
                self._until = now + self._calm
        return now < self._until


class Offers(Latest[Background]):
    """The writing of questions, by what they are about; each is done once, one after the other.
    Where it fails, questions are missing: the next one that is asked says what is wrong."""

    def __init__(self) -> None:
        super().__init__()
        self._one = threading.Lock()

    def start(self, about: Hashable, write: Callable[[], None]) -> Background:
        """What the first call has started."""

        def work() -> None:
            with self._one:
                write()

        return self.begin(about, lambda before: before or Background("offers", work))


# -- What the chat model reads while a question is typed


class Ahead:
    """One at a time in a server, and none while the machine runs on its battery."""

    def __init__(self) -> None:
        self._cancel = threading.Event()
        self._begun = float("-inf")
        self.last: Background | None = None

    @property
    def is_recent(self) -> bool:
        """Whether something was begun in the last minute."""
        return time.monotonic() - self._begun < _RECENT

    def begin(self, read: Callable[[threading.Event], object]) -> None:
        """Begin; what was begun before is stopped. `read` gets what stops it."""
        self._cancel.set()
        self._begun, self._cancel = time.monotonic(), threading.Event()
        self.last = None if on_battery() else Background("ahead", partial(read, self._cancel))


# -- Sheets that are filled


class RunningSheet(Background):
    """A sheet that is being filled, or was."""

    def __init__(
        self, sheet: Sheet, columns: Sequence[Column], rows: Sequence[DocumentInfo], anew: bool
    ) -> None:
        """With `anew`, cells that were filled before are filled again."""
        self.columns, self.rows = tuple(columns), tuple(rows)
        self.total = len(columns) * len(rows)
        self.now = ""  # what is asked: "Contract.pdf: supplier"
        self._cells: dict[tuple[str, str], Cell] = {}
        super().__init__("sheet", lambda: self._fill(sheet, anew))

    @property
    def cells(self) -> list[Cell]:
        """The cells filled so far, in the order of filling."""
        return list(self._cells.values())

    def cell(self, document: str, head: str) -> Cell | None:
        """The cell of a document and a column; None while it is not filled."""
        return self._cells.get((document, head))

    def _fill(self, sheet: Sheet, anew: bool) -> None:
        made = sheet.cells(self.columns, self.rows, cancel=self.cancel, show=self._show, anew=anew)
        for cell in made:
            self._cells[cell.document, cell.head] = cell

    def _show(self, what: str, done: int, total: int | None) -> None:
        self.now = what


class Sheets(Latest[RunningSheet]):
    """The running sheet of each library, or the last one, of one person."""

    def start(
        self, library: str, sheet: Sheet, columns: Sequence[Column],
        rows: Sequence[DocumentInfo], anew: bool = False,
    ) -> RunningSheet:  # fmt: skip
        """Start to fill a sheet, stopping the last one of the library."""

        def make(before: RunningSheet | None) -> RunningSheet:
            if before:
                before.stop()
            return RunningSheet(sheet, columns, rows, anew)

        return self.begin(library, make)
