"""Fills a sheet in a thread of its own, so that a reload of the page does not end it. Knows no
Streamlit."""

import logging
import threading
from collections.abc import Sequence

from assistant.i18n.language import carried
from assistant.i18n.translation import N_
from assistant.sheet.cell import Cell
from assistant.sheet.column import Column
from assistant.sheet.fill import Sheet
from ingest.errors import PinciteError
from vectorstore.catalog.catalog import DocumentInfo

log = logging.getLogger(__name__)


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
