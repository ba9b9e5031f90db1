"""Lists the libraries, and makes, renames, describes and deletes them; a deleted one can be brought
back for a day. Only owners get here.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import streamlit as st

from assistant.i18n.translation import N_, _, ngettext, number, told
from assistant.libraries.libraries import (
    Named,
    check_there,
    delete,
    describe,
    listed,
    make,
    rename,
    undo,
)
from assistant.libraries.waiting import Deleted, clear, deleted
from assistant.ui import resources, session, widgets
from assistant.ui.widgets import as_html, folded, plain
from ingest.chunking.coverage_ledger import PageLedger
from ingest.errors import PinciteError
from vectorstore.catalog.stored import Coverage

_NAME, _ABOUT = "library-name-", "library-about-"  # of fields, followed by whose they are
_MADE = "libraries-made"  # in the session's state: how many
PAGE_PART = "library-part"  # in the session's state: which part of the page is shown


def draw_library_list() -> None:
    """Draw a row for each, the deleted ones last."""
    now = resources.chosen_one()
    for one in listed(resources.settings(), resources.names()):
        _row(one, one.library == now)
    _new()
    for gone in deleted(resources.settings()):
        _gone(gone)


def _row(one: Named, is_open: bool) -> None:
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", key=f"row-lib-{one.library}"
    ):
        mark = f' <span class="in-use">{as_html(_("open"))}</span>' if is_open else ""
        st.html(
            f'<div class="document-name">{as_html(one.library)}{mark}</div>'
            f'<div class="document-facts">{as_html(_facts(one))}</div>'
        )
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.button(_("Open"), key=f"open-lib-{one.library}", on_click=_open, args=(one.library,))
            if st.button(_("Edit"), key=f"edit-lib-{one.library}"):
                st.dialog(_("Name and description"))(_ask_change)(one)
            if st.button(_("Delete"), key=f"delete-lib-{one.library}", type="tertiary"):
                st.dialog(_("Delete this library?"))(_confirm_deletion)(one)


def _facts(one: Named) -> str:
    documents = ngettext("{count} document", "{count} documents", one.documents)
    pages = ngettext("{count} page", "{count} pages", one.pages)
    return " · ".join(filter(None, (documents, pages, one.description)))


def _gone(gone: Deleted) -> None:
    with st.container(
        border=True, horizontal=True, vertical_alignment="center",
        key=f"row-gone-{gone.folder.name}",
    ):  # fmt: skip
        until = f"{gone.until.astimezone():%Y-%m-%d %H:%M}"
        st.html(
            f'<div class="document-name">{as_html(gone.library)}</div><div class="document-facts">'
            f"{as_html(_('Deleted; it can be brought back until {time}', time=until))}</div>"
        )
        st.button(
            _("Undo"), key=f"undo-{gone.folder.name}", icon=":material/undo:", on_click=_undo,
            args=(gone,),
        )  # fmt: skip


def _open(name: str) -> None:
    st.session_state[PAGE_PART] = "documents"
    session.open_library(name)


def _fields(name: str, about: str, of: str) -> None:
    """`of`: whose they are. Two forms never have the same field: what was typed in one would be
    saved by the other."""
    st.text_input(
        _("Name"), value=name, key=_NAME + of, max_chars=64,
        help=_("Letters, digits, hyphens and underscores, without spaces."),
    )  # fmt: skip
    st.text_input(_("Description"), value=about, key=_ABOUT + of, max_chars=300)


def _typed(of: str) -> tuple[str, str]:
    return st.session_state[_NAME + of].strip(), st.session_state[_ABOUT + of]


def _new() -> None:
    """Folded, not a dialog: Esc, or a click beside, would lose what was typed."""
    of = str(st.session_state.setdefault(_MADE, 0))  # the next one begins closed and empty
    with folded(_("New library"), f"new-library-{of}") as part:
        if part.is_filled:
            with st.form(f"make-{of}", border=False):
                _fields("", "", of)
                st.form_submit_button(_("Make"), type="primary", on_click=_make, args=(of,))


def _make(of: str) -> None:
    name, about = _typed(of)
    if _do(lambda: make(resources.settings(), name, about), "made", name):
        st.session_state[_MADE] += 1
        _open(name)


def _ask_change(one: Named) -> None:
    of = f":{one.library}"
    with st.form(f"change{of}", border=False):
        _fields(one.library, one.description, of)
        saved = st.form_submit_button(_("Save"), type="primary", on_click=_change, args=(one, of))
    if saved:
        st.rerun()


def _change(one: Named, of: str) -> None:
    name, about = _typed(of)

    def change() -> None:
        settings = resources.settings()
        if about != one.description:
            describe(settings, one.library, about)
        if name != one.library:
            check_there(settings, one.library)
            was_open = resources.chosen_one() == one.library
            resources.release(one.library)
            rename(settings, one.library, name)
            if was_open:
                session.pick_library(name)

    _do(change, "changed", one.library)


def _confirm_deletion(one: Named) -> None:
    st.markdown(
        plain(
            _("{library} leaves Pincite with {facts}. Your own files stay where they are. For a "
              "day it can be brought back.", library=one.library, facts=_facts(one))
        )
    )  # fmt: skip
    if widgets.confirm_buttons(_("Delete"), _delete, one.library, key="delete"):
        st.rerun()


def _delete(name: str) -> None:
    def gone() -> None:
        check_there(resources.settings(), name)
        resources.release(name)
        delete(resources.settings(), name)

    _do(gone, "deleted", name)


def _undo(gone: Deleted) -> None:
    _do(lambda: undo(resources.settings(), gone), "brought back", gone.library)


def _do(work: Callable[[], object], did: str, name: str) -> bool:
    """Whether it could be done; why not is shown at the next drawing."""
    try:
        resources.check_owner()
        resources.note(did, name)
        work()
        clear(resources.settings())
    except PinciteError as error:
        session.keep_error(error)
        return False
    return True


# -- Shows a document's coverage: a bar, a phrase, and the pages to check

_PARTS = {
    "text": N_("{characters} read as text"),
    "ocr": N_("{characters} recognised in pictures"),
    "dropped": N_("{characters} left out, such as repeated headers"),
    "unread": N_("{characters} could not be read (estimate)"),
}


@dataclass(frozen=True)
class CoverageRemark:
    """A page to check, and why."""

    page: int
    words: str


def coverage_bar(coverage: Coverage) -> list[tuple[str, int]]:
    """Parts of a bar, with their characters: text, recognised text, omitted text, unreadable
    text."""
    parts = (
        ("text", coverage.extracted - coverage.dropped),
        ("ocr", coverage.ocr),
        ("dropped", coverage.dropped),
        ("unread", coverage.unread),
    )
    return [(kind, size) for kind, size in parts if size > 0]


def coverage_sizes(coverage: Coverage) -> str:
    """The bar in words."""
    return ", ".join(
        _(_PARTS[kind]).format(characters=_characters(size))
        for kind, size in coverage_bar(coverage)
    )


def _characters(size: int) -> str:
    return ngettext("{count} character", "{count} characters", size)


def coverage_phrase(coverage: Coverage) -> str:
    """How much of the text was read. Text left out, such as repeated headers, counts as read."""
    read = coverage.extracted + coverage.ocr
    if not read + coverage.unread:
        return _("no text")
    # Rounded down: "100 %" of a document with an unreadable page would be false.
    share = _("{share} % of its text read", share=100 * read // (read + coverage.unread))
    part = share if coverage.unread else _("all of its text read")
    if not coverage.ocr:
        return part
    if coverage.extracted:
        return _("{part}, partly recognised in pictures", part=part)
    return _("{part}, recognised in pictures", part=part)


def coverage_remarks(ledger: Sequence[PageLedger]) -> list[CoverageRemark]:
    """The pages that were not read completely, in order."""
    return [
        CoverageRemark(row.page, words) for row in ledger if (words := ", ".join(_reasons(row)))
    ]


def missing(note: str, read: int, unread: int) -> str:
    """The problem of a page, from its note and its characters; empty without one."""
    if not note and not unread:
        return ""
    why = told(note) or _("not read")
    if not unread:
        return why
    sizes = {"read": number(read), "all": number(read + unread)}
    return _("{why}, {read} of an estimated {all} characters", why=why, **sizes)


def _reasons(row: PageLedger) -> Iterator[str]:
    if wrong := missing(row.note, row.extracted + row.ocr, row.unread):
        yield wrong
    if row.hidden:
        yield ngettext(
            "{count} character that a reader does not see",
            "{count} characters that a reader does not see",
            row.hidden,
        )
    if row.ocr and row.confidence is not None:
        yield _("recognised in a picture, {share} % sure", share=number(100 * row.confidence))
