"""A sheet: the same questions to many documents, each cell with the line that states it."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from assistant.contract.asked_in import NothingChosen
from assistant.errors import AssistantError
from assistant.i18n.translation import N_, _, ngettext, number, told
from assistant.sheet import sheet_store
from assistant.sheet.cell import Cell, columns, written
from assistant.sheet.fill import documents
from assistant.ui import page_frame, resources, session, widgets
from assistant.ui.background import RunningSheet
from assistant.ui.library import document_list
from assistant.ui.viewer import page_panel
from assistant.ui.widgets import Component, as_html, button, own, plain
from assistant.wiring import composition
from ingest.document.source import readable
from vectorstore.catalog.tags import Filter
from vectorstore.library import Library

_ASKED, _ROWS, _CHOSEN, _WITHIN = "sheet-asked", "sheet-rows", "sheet-cell", "sheet-within"
_EXAMPLE = N_("supplier\ntotal\nnotice period\nsigned?")
_OPEN_XML = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def page() -> None:
    """Draw the page from top to bottom."""
    with page_frame.page(_("Sheet")):
        library = resources.library()
        if not library.documents():
            st.info(_("This library has no documents yet. Add some on the Library page."))
            return
        running = resources.sheets().of(library.name)
        if own(library, _ASKED) not in st.session_state:  # a reload has forgotten what was asked
            lines = list(map(written, running.columns if running else ()))
            if not lines and (kept := _last_columns()):
                lines = kept.columns(resources.person().id, library.name)
            st.session_state[own(library, _ASKED)] = "\n".join(lines)
        _form(library, running is not None and not running.ended)
        if running and running.ended:
            _filled(library, running)
        elif running:
            _live(running, session.shown())
        page_panel.draw_panel(library)


def _form(library: Library, busy: bool) -> None:
    st.caption(
        _("A row for each document, a column for each line below. Each cell is answered from its "
          "document alone.")
    )  # fmt: skip
    asked = st.text_area(
        _("Columns: a few words or a whole question on each line"), key=own(library, _ASKED),
        placeholder=_(_EXAMPLE), height=130, disabled=busy, persist_state="session",
    )  # fmt: skip
    is_chosen = bool(_within(library))
    with st.expander(_("By tag and date"), expanded=is_chosen, key="sheet-by-tag-and-date"):
        document_list.draw_filter_fields(library.documents(), f"{_WITHIN}-{library.name}")
    names = _listed(library)
    widgets.choose_several(
        _("Documents"), names, _ROWS, disabled=busy, format_func=readable,
        placeholder=ngettext("All {count} documents", "All {count} documents", len(names)),
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center"):
        button(
            _("Fill the sheet"), "fill", _start, icon="table", type="primary",
            disabled=busy or not asked.strip() or not names,
        )  # fmt: skip
        if resources.sheets().of(library.name) and not busy:
            button(_("Ask everything again"), "fill-anew", _start, True, icon="refresh")


def _within(library: Library) -> Filter:
    """What is chosen by tag and date."""
    return document_list.filter_of_fields(library.documents(), f"{_WITHIN}-{library.name}")


def _listed(library: Library) -> list[str]:
    """The documents that can be chosen; that there are none is said."""
    try:
        return [info.document for info in documents(library, within=_within(library))]
    except NothingChosen as error:
        widgets.show_error(error)
        return []


def _start(anew: bool = False) -> None:
    library = resources.library()
    lines = st.session_state.get(own(library, _ASKED), "").splitlines()
    asked = columns([line.strip() for line in lines if line.strip()])
    if not asked:
        raise AssistantError(_("Write at least one column."))
    rows = documents(library, st.session_state.get(_ROWS) or None, _within(library))
    filler = resources.sheet()
    resources.count_questions(len(asked) * len(rows))
    resources.note("asked", library.name)
    resources.sheets().start(library.name, filler, asked, rows, anew)
    if kept := _last_columns():
        kept.put_columns(resources.person().id, library.name, asked)


@st.fragment(run_every=1.0)
def _live(running: RunningSheet, opened: session.Shown | None) -> None:
    """Draw the sheet while it is filled; then the whole page with it. `opened` is what the page
    shows beside it: another one draws the page, too."""
    if running.ended or session.shown() != opened:
        st.rerun()
    done = len(running.cells)
    count = _("{done} of {total}", done=number(done), total=number(running.total))
    st.progress(done / max(running.total, 1), text=plain(f"{count} · {running.now}"))
    widgets.draw_stop(running.cancel.is_set(), "stop", running.stop, icon="stop_circle")
    _draw_table(running, "sheet-live")


def _filled(library: Library, running: RunningSheet) -> None:
    if running.error:
        widgets.show_error(running.error)
    missing = running.total - len(running.cells)
    if missing:
        st.caption(
            ngettext("{count} cell is not asked yet: fill the sheet again, and only it is asked.",
                     "{count} cells are not asked yet: fill the sheet again, and only they are "
                     "asked.", missing)
        )  # fmt: skip
    _draw_table(running, "sheet-filled")
    st.caption(_("A yellow cell is doubtful. Click on a cell to see where it stands."))
    if len(running.rows) > _MOST_ROWS:
        st.caption(
            _("The first {count} rows are shown; the files have all of them.",
              count=number(_MOST_ROWS))
        )  # fmt: skip
    _downloads(library, running)


def _open(cell: Cell) -> None:
    st.session_state[_CHOSEN] = cell
    boxes = tuple(tuple(box) for box in cell.boxes)
    source = f"sheet/{cell.document}/{cell.head}"
    shown = session.Shown(
        cell.document, cell.page, cell.page, cell.quote, boxes, source, cell.seconds
    )  # fmt: skip
    session.show(shown if cell.page else None)


def _chosen(running: RunningSheet) -> None:
    """What is known of the cell that was clicked, if it is one of this sheet. Above the table:
    below a long one nobody sees it, and of a cell without a page it is all there is."""
    cell: Cell | None = st.session_state.get(_CHOSEN)
    if cell is None or running.cell(cell.document, cell.head) != cell:
        return
    where = ", ".join(filter(None, [readable(cell.document), cell.place]))
    parts = [f"<b>{as_html(cell.question)}</b>", as_html(cell.answer or cell.value)]
    parts += [as_html(told(cell.why)), f'<span class="quiet">{as_html(where)}</span>']
    st.html(f'<div class="cell-note" role="status">{"<br>".join(filter(None, parts))}</div>')


def _downloads(library: Library, running: RunningSheet) -> None:
    # Links to files are for their owner: others do not have them.
    known = library.documents() if resources.is_owner() else []
    cells = running.cells
    forms = {
        "xlsx": (_OPEN_XML, lambda: sheet_store.as_workbook(cells, known)),
        "csv": ("text/csv", lambda: sheet_store.as_csv(cells).encode("utf-8-sig")),
    }
    with st.container(horizontal=True):
        for ending, (mime, make) in forms.items():
            name = f"sheet-{library.name}.{ending}"
            key = f"sheet-{ending}"
            widgets.draw_download(ending.upper(), key, make, name, mime, disabled=not cells)


def _last_columns() -> sheet_store.SheetStore | None:
    """The columns that a person asked last in a library, so that another day begins with them; None
    for visitors, who are not told apart."""
    return composition.sheet_store(resources.settings()) if resources.is_told_apart() else None


_MOST_ROWS = 500  # rows that are drawn

_table = Component(
    "sheet_table",
    '<div class="sheet"></div>',
    words={
        "sheet": N_("The sheet"), "document": N_("Document"), "waiting": N_("not asked yet"),
        "doubtful": N_("doubtful"), "empty": N_("The document does not say"),
    },
)  # fmt: skip


def _draw_table(running: RunningSheet, key: str) -> None:
    """Doubtful cells are marked, and a click on a cell shows where it stands."""
    _chosen(running)
    heads = [column.head for column in running.columns]
    rows = [info.document for info in running.rows[:_MOST_ROWS]]

    def clicked(given: Sequence[Any]) -> None:
        if len(given) == 2 and (cell := running.cell(*map(str, given))):
            _open(cell)

    data = {
        "heads": heads,
        "rows": [
            {"document": name, "name": readable(name),
             "cells": [_drawn(running.cell(name, head)) for head in heads]}
            for name in rows
        ],
    }  # fmt: skip
    with st.container(key="sheet"):  # the first part of the source of what a cell opens
        _table.draw(key, data, {"open": clicked})


def _drawn(cell: Cell | None) -> dict[str, Any] | None:
    """None where it is not filled yet."""
    if cell is None:
        return None
    texts = {"empty": "–", "failed": _("failed"), "doubtful": f"{cell.value} (?)"}
    text = texts.get(cell.state, cell.value)
    return {"text": text, "state": cell.state, "place": cell.place}
