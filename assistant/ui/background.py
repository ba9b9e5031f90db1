"""Work that goes on behind the pages: a rerun or a reload does not end it.

Knows no Streamlit.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence

from assistant.background import Background
from assistant.contract.reply import Reply
from assistant.errors import AssistantError
from assistant.i18n.translation import N_, _
from assistant.models.hub import Progress
from assistant.sheet.cell import Cell, Column
from assistant.sheet.fill import Sheet
from ingest.errors import PinciteError, Stopped
from vectorstore.catalog.rows import DocumentInfo

log = logging.getLogger(__name__)

# -- The answers of conversations

_KEPT_SECONDS = 600.0  # seconds in which a page may still ask for an answer that has ended


class RunningAnswer(Background):
    """A reply that is written in the background."""

    unexpected = N_("The answer failed unexpectedly. The log has the details.")

    def __init__(self, reply: Reply, after: int | None = None) -> None:
        """`after` a turn of the conversation it begins a branch."""
        self.reply, self.after = reply, after
        self.started = time.monotonic()
        self.until = self.started  # when it ended
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
        finally:
            self.until = time.monotonic()


class Answers:
    """The running answer of each conversation. Conversations do not see each other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, RunningAnswer] = {}

    def start(self, conversation: str, reply: Reply, after: int | None = None) -> RunningAnswer:
        """At most one at a time in a conversation, which may be open in two tabs.

        Raises AssistantError while another one is being made.
        """
        with self._lock:
            self._drop_old()
            before = self._running.get(conversation)
            if before is not None and not before.ended:
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
        """Drop an answer once its turn is stored, or its error was shown."""
        with self._lock:
            self._running.pop(conversation, None)

    def _drop_old(self) -> None:
        oldest = time.monotonic() - _KEPT_SECONDS
        for conversation, running in list(self._running.items()):
            if running.ended and running.until < oldest:
                del self._running[conversation]


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

    @property
    def succeeded(self) -> bool:
        """Whether it came to its end."""
        return self.ended and not self.error and not self.cancel.is_set()

    def note(self, now: str, done: int, total: int) -> None:
        """Record what is being done, and how many of `total` steps are done."""
        self.now, self.done, self.total = now, done, total

    def tell(self, text: str) -> None:
        """Record a message for people; an empty one is ignored."""
        if text:
            self.notices.append(text)


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
        """Drop the last task once it has ended: its end was shown."""
        with self._lock:
            if self._last is not None and self._last.ended:
                self._last = None


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
        """The downloads that were completed."""
        with self._lock:
            every = list(self._all.values())
        return [one for one in every if one.ended and not one.error and not one.was_stopped]

    def going(self) -> list[Fetch]:
        """The downloads that are running."""
        with self._lock:
            return [one for one in self._all.values() if not one.ended]

    def of(self, name: str) -> Fetch | None:
        return self._all.get(name)


# -- Questions that the documents answer, to go on with

_KEPT_ANSWERS = 256  # answers


class NextQuestions:
    """The questions to ask next, by answer; they are looked for once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[Hashable, list[str] | None] = OrderedDict()

    def of(self, answer: Hashable, look: Callable[[], list[str]]) -> list[str] | None:
        """The questions; None while `look`, which the first call starts, is running."""
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


class Sheets:
    """The running sheet of each library, or the last one, of one person."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[str, RunningSheet] = {}

    def of(self, library: str) -> RunningSheet | None:
        """The last sheet of a library, running or not; None before the first one."""
        return self._last.get(library)

    def start(
        self, library: str, sheet: Sheet, columns: Sequence[Column],
        rows: Sequence[DocumentInfo], anew: bool = False,
    ) -> RunningSheet:  # fmt: skip
        """Start to fill a sheet, stopping the last one of the library."""
        with self._lock:
            if before := self._last.get(library):
                before.stop()
            self._last[library] = RunningSheet(sheet, columns, rows, anew)
            return self._last[library]
