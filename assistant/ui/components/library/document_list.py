"""Lists the documents of a library, with coverage and buttons to open or remove each."""

import streamlit as st

from assistant.i18n.numbers import number
from assistant.i18n.told import told
from assistant.i18n.translation import N_, _, ngettext
from assistant.ui import resources, session
from assistant.ui.components import confirm
from assistant.ui.components.escaping import as_html, plain
from assistant.ui.components.library import coverage, many
from assistant.ui.components.tags import fields, give
from assistant.ui.session import Shown
from ingest.document.source import readable
from ingest.errors import PinciteError
from ingest.media.ffmpeg import clock
from vectorstore.catalog.catalog import DocumentInfo
from vectorstore.catalog.choosing import Sort, State, chosen, kinds, worth_a_look
from vectorstore.library import Library

_PAGE = 10  # documents at once
_TOOLS_FROM = 10  # documents from which they are searched and sorted
_REMARKS = 30  # pages named at once
_STATES: dict[State, str] = {
    "": N_("Any state"), "look": N_("Not all was read"), "old": N_("Older versions"),
}  # fmt: skip
_SORTS: dict[Sort, str] = {  # what has just been added is seen without turning pages
    "newest": N_("Newest first"), "name": N_("By name"), "oldest": N_("Oldest first"),
    "largest": N_("Most pages first"), "kind": N_("By type"), "dated": N_("Latest date first"),
}  # fmt: skip


def draw(library: Library) -> None:
    """Draw ten of them, with a search box and an order where there are more."""
    documents = library.documents()
    _totals(documents)
    wanted = documents
    if len(documents) > _TOOLS_FROM:
        with st.container(key="list-filter"):
            wanted = _wanted(documents)
    if resources.may_change() and len(documents) > 1:
        many.draw(library, [document.document for document in wanted])
    first = _first(len(wanted))
    for document in wanted[first : first + _PAGE]:
        _row(library, document, several=len(documents) > 1)
    _pager(first, len(wanted))


def _totals(documents: list[DocumentInfo]) -> None:
    pages = sum(document.pages for document in documents)
    sizes = ngettext("{count} document", "{count} documents", len(documents))
    leaves = ngettext("{count} page", "{count} pages", pages)
    st.html(f'<p class="section">{as_html(f"{sizes}, {leaves}")}</p>')


def _wanted(documents: list[DocumentInfo]) -> list[DocumentInfo]:
    found = kinds(documents)
    names = {"": _("Any type")} | {
        kind: f"{kind or '–'} ({number(n)})" for kind, n in found.items()
    }
    first, *rest = st.columns([2.2, 1, 1, 1.2], vertical_alignment="bottom")
    part = first.text_input(
        _("Find a document by its name"), key="part", placeholder=_("Part of a name")
    )
    kind = rest[0].selectbox(_("Type"), list(names), format_func=lambda one: names.get(one, one),
                             key="of-kind")  # fmt: skip
    state = rest[1].selectbox(_("State"), list(_STATES), format_func=lambda one: _(_STATES[one]),
                              key="in-state")  # fmt: skip
    sort = rest[2].selectbox(_("Order"), list(_SORTS), format_func=lambda one: _(_SORTS[one]),
                             key="in-order")  # fmt: skip
    within = fields.draw(documents, "list", wide=True)
    how = (part, kind, state, sort, within)
    if st.session_state.get("listed-how") != how:  # another list begins with its first page
        st.session_state.update({"listed-how": how, "listed-from": 0})
    return chosen(documents, *how)


def _first(count: int) -> int:
    """Of the documents on this page; the last page where the list has become shorter."""
    first: int = st.session_state.get("listed-from", 0)
    return min(first, max(0, (count - 1) // _PAGE * _PAGE))


def _pager(first: int, count: int) -> None:
    if count <= _PAGE:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="pager"):
        _turn(_("Previous"), first - _PAGE, disabled=first == 0)
        last = min(first + _PAGE, count)
        st.caption(
            _("{first} to {last} of {all}",
              first=number(first + 1), last=number(last), all=number(count)),
            width="content",
        )  # fmt: skip
        _turn(_("Next"), first + _PAGE, disabled=last == count)


def _turn(label: str, to: int, disabled: bool) -> None:
    st.button(
        label, key=f"turn-{label}", disabled=disabled,
        on_click=lambda: st.session_state.update({"listed-from": to}),
    )  # fmt: skip


def _row(library: Library, document: DocumentInfo, several: bool) -> None:
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", key=f"row-{document.sha256}"
    ):
        if several and resources.may_change():
            many.box(library, document.document, document.sha256)
        st.html(
            f'<div class="document-name">{as_html(readable(document.document))}</div>'
            f'<div class="document-facts">{facts(document)}</div>{give.chips(document)}'
            f"{coverage.bar(document.coverage)}"
        )
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            _buttons(library, document)


def _buttons(library: Library, document: DocumentInfo) -> None:
    if worth_a_look(document):
        _pages(library, document)
    st.button(
        _("Open"),
        key=f"open-{document.sha256}",
        on_click=session.show,
        args=(Shown(document.document, 1),),
    )
    if resources.may_change() and st.button(
        _("Remove"), key=f"remove-{document.sha256}", type="tertiary"
    ):
        st.session_state[many.ASKED] = True
        # At each call, for the title in the language of the visitor.
        title = _("Remove this document?")
        st.dialog(title, on_dismiss=many.answered)(_confirm)(library, document.document)


def _pages(library: Library, document: DocumentInfo) -> None:
    """Draw the pages that were not read completely; a click opens one."""
    key = f"coverage-{document.sha256}"
    popover = st.popover(_("Coverage"), key=key, on_change="rerun")
    if not popover.open:  # the page is drawn often while files are added
        return
    with popover, st.container(key=f"remarks-{document.sha256}"):
        remarks = coverage.remarks(library.ledger(document.document))
        for remark in remarks[:_REMARKS]:
            st.button(
                plain(_("Page {page}: {remark}", page=remark.page, remark=remark.words)),
                key=f"remark-{document.sha256}-{remark.page}",
                type="tertiary",
                on_click=_open_remark,
                args=(key, Shown(document.document, remark.page)),
            )
        if len(remarks) > _REMARKS:
            left = len(remarks) - _REMARKS
            st.caption(ngettext("and {count} more page", "and {count} more pages", left))
        if not remarks:
            st.caption(_("Every page was read as it stands."))


def _open_remark(popover: str, shown: Shown) -> None:
    st.session_state[popover] = False  # otherwise it would stay open above the page
    session.show(shown)


def _length(document: DocumentInfo) -> str:
    """Pages, or of a recording how long it is."""
    if document.seconds is None:
        return ngettext("{count} page", "{count} pages", document.pages)
    return _("{time} long", time=clock(document.seconds))


def facts(document: DocumentInfo) -> str:
    """Sizes, coverage and warnings, as HTML."""
    sizes: tuple[str, ...] = (
        _length(document),
        ngettext("{count} passage", "{count} passages", document.chunks),
        coverage.phrase(document.coverage),
    )
    warnings = [] if document.status == "ready" else [told(document.status)]
    if document.superseded_by:
        warnings.append(_("older version of {document}", document=document.superseded_by))
    if document.dated:
        sizes = (*sizes, _("dated {date}", date=document.dated[:10]))
    if document.added:
        sizes = (*sizes, _("added {date}", date=document.added[:10]))
    marked = (f'<span class="warning">{as_html(warning)}</span>' for warning in warnings)
    return " · ".join([*map(as_html, sizes), *marked])


def _confirm(library: Library, name: str) -> None:
    leaves = _(
        "{document} and everything that was read from it leave the library. Your own file stays "
        "where it is."
    )
    named = f"<b>{as_html(readable(name))}</b>"
    st.html(f"<p>{as_html(leaves).format(document=named)}</p>")
    if confirm.buttons(_("Remove"), _remove, library, name, key="remove"):
        many.answered()
        st.rerun()


def _remove(library: Library, name: str) -> None:
    try:
        resources.to_change(library, "removed", name).remove([name])
    except PinciteError as error:
        session.keep_error(error)
    opened = session.shown()
    if opened and opened.document == name:
        session.show(None)
