"""A sheet: the same questions to many documents, each cell with the line that states it."""

from functools import partial

import streamlit as st

from assistant.contract.asked_in import NothingChosen
from assistant.errors import AssistantError
from assistant.i18n.translation import N_, _, ngettext, number, told
from assistant.sheet import store
from assistant.sheet.cell import Cell, columns, written
from assistant.sheet.fill import documents
from assistant.ui import library_tags, resources, session, sheet, sidebar, viewer, widgets
from assistant.ui.background import RunningSheet
from assistant.ui.widgets import as_html, plain
from ingest.document.source import readable
from ingest.errors import PinciteError
from vectorstore.catalog.tags import EVERYTHING, Filter
from vectorstore.library import Library

# Kept apart from the widgets, which Streamlit forgets while another page is shown.
_ASKED, _ROWS, _CHOSEN, _WITHIN = "sheet-asked", "sheet-rows", "sheet-cell", "sheet-within"
_EXAMPLE = N_("supplier\ntotal\nnotice period\nsigned?")
_OPEN_XML = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def page() -> None:
    """Draw the page from top to bottom."""
    widgets.apply_style()
    st.title(_("Sheet"), anchor=False)
    try:
        sidebar.library()
        library = resources.library()
        widgets.draw_kept_error()
        if not library.documents():
            st.info(_("This library has no documents yet. Add some on the Library page."))
            return
        running = resources.sheets().of(library.name)
        if _asked(library) not in st.session_state:  # a reload has forgotten what was asked
            columns = running.columns if running else ()
            lines = list(map(written, columns)) or sheet.last_columns(library.name)
            st.session_state[_asked(library)] = "\n".join(lines)
        _form(library, running is not None and not running.ended)
        if running:
            _sheet(library, running)
        viewer.draw_panel(library)
    except PinciteError as error:
        widgets.show_error(error)


def _asked(library: Library) -> str:
    """Where the tab keeps its columns."""
    return f"{_ASKED}-{library.name}"


def _form(library: Library, busy: bool) -> None:
    st.caption(
        _("A row for each document, a column for each line below. Each cell is answered from its "
          "document alone.")
    )  # fmt: skip
    asked = st.text_area(
        _("Columns: a few words or a whole question on each line"),
        st.session_state.get(_asked(library), ""), placeholder=_(_EXAMPLE), height=130,
        disabled=busy,
    )  # fmt: skip
    within = _within(library)
    names = _listed(library, within)
    kept = [name for name in st.session_state.get(_ROWS, []) if name in names]
    rows = st.multiselect(
        _("Documents"), names, kept, disabled=busy, format_func=readable,
        placeholder=ngettext("All {count} documents", "All {count} documents", len(names)),
    )  # fmt: skip
    st.session_state.update({_asked(library): asked, _ROWS: rows, _WITHIN: within})
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            _("Fill the sheet"), type="primary", icon=":material/table:", key="fill",
            disabled=busy or not asked.strip() or not names, on_click=_start,
        )  # fmt: skip
        if resources.sheets().of(library.name) and not busy:
            st.button(
                _("Ask everything again"), type="tertiary", key="fill-anew",
                icon=":material/refresh:", on_click=partial(_start, anew=True),
            )  # fmt: skip


def _within(library: Library) -> Filter:
    """Draw the fields that choose by tag and date."""
    kept: Filter = st.session_state.get(_WITHIN, EVERYTHING)
    with st.expander(_("By tag and date"), expanded=bool(kept), key="sheet-by-tag-and-date"):
        return library_tags.draw_filter_fields(
            library.documents(), f"{_WITHIN}-{library.name}", kept
        )


def _listed(library: Library, within: Filter) -> list[str]:
    """The documents that can be chosen; that there are none is said."""
    try:
        return [info.document for info in documents(library, within=within)]
    except NothingChosen as error:
        widgets.show_error(error)
        return []


def _start(anew: bool = False) -> None:
    try:
        library = resources.library()
        lines = st.session_state.get(_asked(library), "").splitlines()
        asked = columns([line.strip() for line in lines if line.strip()])
        if not asked:
            raise AssistantError(_("Write at least one column."))
        within = st.session_state.get(_WITHIN, EVERYTHING)
        rows = documents(library, st.session_state.get(_ROWS) or None, within)
        filler = resources.sheet()
        resources.count_questions(len(asked) * len(rows))
        resources.note("asked", library.name)
        resources.sheets().start(library.name, filler, asked, rows, anew)
        sheet.keep_last_columns(library.name, asked)
    except PinciteError as error:
        session.keep_error(error)


def _sheet(library: Library, running: RunningSheet) -> None:
    if running.ended:
        _filled(library, running)
    else:
        _live(running, session.shown())


@st.fragment(run_every=1.0)
def _live(running: RunningSheet, opened: session.Shown | None) -> None:
    """Draw the sheet while it is filled; then the whole page with it. `opened` is what the page
    shows beside it: another one draws the page, too."""
    if running.ended or session.shown() != opened:
        st.rerun()
    done = len(running.cells)
    count = _("{done} of {total}", done=number(done), total=number(running.total))
    st.progress(done / max(running.total, 1), text=plain(f"{count} · {running.now}"))
    if running.cancel.is_set():
        st.caption(_("Stopping…"))
    else:
        st.button(_("Stop"), icon=":material/stop_circle:", key="stop", on_click=running.stop)
    _chosen(running)
    sheet.draw_sheet_table(running, "sheet-live", _open)


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
    _chosen(running)
    sheet.draw_sheet_table(running, "sheet-filled", _open)
    st.caption(_("A yellow cell is doubtful. Click on a cell to see where it stands."))
    if len(running.rows) > sheet.MOST_ROWS:
        st.caption(
            _("The first {count} rows are shown; the files have all of them.",
              count=number(sheet.MOST_ROWS))
        )  # fmt: skip
    _downloads(library, running)


def _open(cell: Cell) -> None:
    """Show where a cell stands."""
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
        "xlsx": (_OPEN_XML, lambda: store.as_workbook(cells, known)),
        "csv": ("text/csv", lambda: store.as_csv(cells).encode("utf-8-sig")),
    }
    with st.container(horizontal=True):
        for ending, (mime, make) in forms.items():
            st.download_button(
                ending.upper(), data=make, file_name=f"sheet-{library.name}.{ending}", mime=mime,
                key=f"sheet-{ending}", on_click="ignore", type="tertiary",
                icon=":material/download:", disabled=not cells,
            )  # fmt: skip


page()
