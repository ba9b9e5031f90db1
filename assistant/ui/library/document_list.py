"""Lists the documents of a library, to be found, selected, opened and removed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from assistant.conversation.suggestions import offered
from assistant.i18n.translation import N_, _, ngettext, number, told
from assistant.ui import resources, session, widgets
from assistant.ui.session import Shown
from assistant.ui.widgets import Component, as_html, ask_before, button, choose_several, plain
from ingest.chunking import PageLedger
from ingest.document.source import readable
from ingest.media.ffmpeg import clock
from vectorstore.catalog.rows import Coverage, DocumentInfo
from vectorstore.catalog.tags import Filter, Sort, State, chosen, kinds, worth_a_look
from vectorstore.errors import WrongDate
from vectorstore.library import Library

# -- Fields that choose documents by their tags and dates


def draw_filter_fields(documents: Sequence[DocumentInfo], key: str, **how: Any) -> None:
    """Draw them; `filter_of_fields` reads what is chosen. It is kept while other pages are shown,
    unless `how`, which goes to each field, says something else."""
    tags, *dates = _filter_keys(key)
    if counts := _counted(documents):
        choose_several(
            _("Tags"), list(counts), tags, placeholder=_("Any tag"),
            format_func=lambda tag: f"{tag} ({number(counts[tag])})" if tag in counts else tag,
            **how,
        )  # fmt: skip
    else:
        st.caption(
            _("No document has a tag yet: choose documents on the Library page to give them some.")
        )
    years = sorted({d.dated[:4] for d in documents if d.dated}, reverse=True)
    for column, label, date in zip(st.columns(2), (_("Since"), _("Before")), dates, strict=True):
        typed = st.session_state.get(date)
        column.selectbox(
            label, list(dict.fromkeys([*years, *([typed] if typed else [])])), index=None, key=date,
            placeholder=_("Any"), accept_new_options=True, **{"persist_state": "session", **how},
        )  # fmt: skip
    _read, wrong = _typed(documents, key)
    if wrong:
        st.caption(plain(told(wrong)))


def filter_of_fields(documents: Sequence[DocumentInfo], key: str) -> Filter:
    """What fields say, which need not be drawn now; no dates where one is wrong."""
    return _typed(documents, key)[0]


def _typed(documents: Sequence[DocumentInfo], key: str) -> tuple[Filter, str]:
    """The same, and what is wrong with a date."""
    chosen, *dates = (st.session_state.get(one) for one in _filter_keys(key))
    there = _counted(documents) if chosen else {}  # a tag may have gone since
    tags = tuple(tag for tag in chosen or () if tag in there)
    after, before = (str(date or "").strip() for date in dates)
    try:
        return Filter(tags, after, before), ""
    except WrongDate as error:
        return Filter(tags), str(error)


def _filter_keys(key: str) -> tuple[str, ...]:
    """The keys of the fields in the session's state: tags, after, before."""
    return tuple(f"{key}-{field}" for field in ("tags", "after", "before"))


def clear_filter_fields(key: str) -> None:
    """Empty the fields of a filter, so that all documents are chosen again."""
    nothing: tuple[Any, ...] = ([], None, None)
    for field, empty in zip(_filter_keys(key), nothing, strict=True):
        if field in st.session_state:
            st.session_state[field] = empty


def _counted(documents: Sequence[DocumentInfo]) -> dict[str, int]:
    """The number of documents with each tag, by tag."""
    counts = Counter(tag for document in documents for tag in document.tags)
    return dict(sorted(counts.items(), key=lambda row: row[0].casefold()))


# -- The dialog that gives tags to documents, and takes them away

_GIVE, _TAKE = "tags-to-give", "tags-to-take"  # in the session's state: the fields


def _tags_dialog(library: Library, names: Sequence[str]) -> None:
    documents = library.documents()
    there = _counted([document for document in documents if document.document in set(names)])
    st.multiselect(
        _("Tags to give"), list(_counted(documents)), accept_new_options=True, key=_GIVE,
        placeholder=_("Choose one, or type one and press Enter"),
    )  # fmt: skip
    if there:
        st.multiselect(_("Tags to take away"), list(there), key=_TAKE, placeholder=_("None"))
    with st.container(horizontal=True):
        saved = button(_("Save"), "save-tags", _save_tags, library, names, type="primary")
        left = st.button(_("Cancel"), key="cancel-tags")
    if saved or left:
        st.rerun()


def _save_tags(library: Library, names: Sequence[str]) -> None:
    add, remove = st.session_state.get(_GIVE, []), st.session_state.get(_TAKE, [])
    there = {document.document for document in library.documents()}
    wanted = [name for name in names if name in there]
    resources.to_change(library, "tagged", ", ".join(wanted)).tags.change(wanted, add, remove)


# -- Searches and sorts the documents of a list. The fields that are used less are in a menu, and
# are drawn only while it is open.

_STATES: dict[State, str] = {
    "": N_("Any state"), "look": N_("Not all was read"), "old": N_("Older versions"),
}  # fmt: skip
_SORTS: dict[Sort, str] = {  # what has just been added is seen without turning pages
    "newest": N_("Newest first"), "name": N_("By name"), "oldest": N_("Oldest first"),
    "largest": N_("Most pages first"), "kind": N_("By type"), "dated": N_("Latest date first"),
}  # fmt: skip
_KIND, _STATE, _FIELDS = "of-kind", "in-state", "list"  # keys of fields in the menu
_How = tuple[str, str, State, Sort, Filter]


def _draw_document_filter(documents: list[DocumentInfo]) -> _How:
    """Draw the fields, and return what they say, in the order of `tags.chosen`."""
    if st.session_state.get(_KIND) not in ("", *kinds(documents)):  # the last of its type has gone
        st.session_state[_KIND] = ""
    first, second, third = st.columns([2.2, 1.2, 1], vertical_alignment="bottom")
    part = first.text_input(
        _("Find a document by its name"), key="part", placeholder=_("Part of a name")
    )
    sort = second.selectbox(_("Order"), list(_SORTS), format_func=lambda one: _(_SORTS[one]),
                            key="in-order")  # fmt: skip
    fields = (_KIND, _STATE, *_filter_keys(_FIELDS))
    # With the number of fields that leave something out: they are folded away.
    count = sum(bool(st.session_state.get(key)) for key in fields)
    menu = third.popover(
        _("Filter ({count})", count=count) if count else _("Filter"), width="stretch", key="filter",
        icon=":material/filter_alt:", on_change="rerun",
    )  # fmt: skip
    if menu.open:
        with menu:
            _menu(documents)
    kind, state = (st.session_state.get(key, "") for key in (_KIND, _STATE))
    return part, kind, state, sort, filter_of_fields(documents, _FIELDS)


def _menu(documents: list[DocumentInfo]) -> None:
    kept: dict[str, Any] = {"persist_state": "page"}  # while the menu is closed
    names = {"": _("Any type")} | {
        kind: f"{kind or '–'} ({number(n)})" for kind, n in kinds(documents).items()
    }
    st.selectbox(_("Type"), list(names), format_func=lambda one: names.get(one, one), key=_KIND,
                 **kept)  # fmt: skip
    st.selectbox(_("State"), list(_STATES), format_func=lambda one: _(_STATES[one]), key=_STATE,
                 **kept)  # fmt: skip
    draw_filter_fields(documents, _FIELDS, **kept)


# -- Shows a document's coverage: a bar, a phrase, and the pages to check

_PARTS = {
    "text": N_("{characters} read as text"),
    "ocr": N_("{characters} recognised in pictures"),
    "dropped": N_("{characters} left out, such as repeated headers"),
    "unread": N_("{characters} could not be read (estimate)"),
}


Remark = tuple[int, str]  # a page to check, and why


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
    """The parts of the coverage bar in words, with their numbers of characters."""
    sizes = [
        (kind, ngettext("{count} character", "{count} characters", size))
        for kind, size in coverage_bar(coverage)
    ]
    return ", ".join(_(_PARTS[kind], characters=size) for kind, size in sizes)


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


def coverage_remarks(ledger: Sequence[PageLedger]) -> list[Remark]:
    """The pages that were not read completely, in order."""
    remarks = []
    for row in ledger:
        wrong = [missing(row.note, row.extracted + row.ocr, row.unread)]
        if row.hidden:
            wrong.append(
                ngettext("{count} character that a reader does not see",
                         "{count} characters that a reader does not see", row.hidden)
            )  # fmt: skip
        if row.ocr and row.confidence is not None:
            sure = number(100 * row.confidence)
            wrong.append(_("recognised in a picture, {share} % sure", share=sure))
        if words := ", ".join(filter(None, wrong)):
            remarks.append((row.page, words))
    return remarks


def missing(note: str, read: int, unread: int) -> str:
    """The problem of a page, from its note and its characters; empty without one."""
    if not note and not unread:
        return ""
    why = told(note) or _("not read")
    if not unread:
        return why
    sizes = {"read": number(read), "all": number(read + unread)}
    return _("{why}, {read} of an estimated {all} characters", why=why, **sizes)


# -- Draws the rows of documents as one element of the page: to Streamlit's browser side each button
# of its own costs about a millisecond with every drawing.

_REMARKS = 30  # pages named at once

_component = Component(
    "document_rows",
    '<ul class="document-rows"></ul>',
    words={
        "documents": N_("Documents"), "select": N_("Select {document}"), "tags": N_("Tags"),
        "look": N_("Coverage"), "open": N_("Open"), "remove": N_("Remove"),
    },
    isolate_styles=False,  # rows of other lists look the same
)  # fmt: skip

Row = dict[str, Any]


def _document_row(
    document: DocumentInfo, picked: bool, looked: Sequence[Remark] | None = None
) -> Row:
    """What the browser draws of a document. `looked`: the pages to check, where somebody looks at
    them."""
    warnings = [] if document.status == "ready" else [told(document.status)]
    if document.superseded_by:
        warnings.append(_("older version of {document}", document=document.superseded_by))
    return {
        "document": document.document, "name": readable(document.document), "picked": picked,
        "facts": facts(document), "warnings": warnings, "tags": list(document.tags),
        "bar": coverage_bar(document.coverage),
        "read": coverage_sizes(document.coverage),
        "checked": worth_a_look(document), "looked": None if looked is None else _pages(looked),
    }  # fmt: skip


def facts(document: DocumentInfo) -> list[str]:
    """A document's sizes, coverage and dates, each as a phrase for people."""
    sizes = [
        ngettext("{count} page", "{count} pages", document.pages)
        if document.seconds is None
        else _("{time} long", time=clock(document.seconds)),
        ngettext("{count} passage", "{count} passages", document.chunks),
        coverage_phrase(document.coverage),
    ]
    if document.dated:
        sizes.append(_("dated {date}", date=document.dated[:10]))
    if document.added:
        sizes.append(_("added {date}", date=document.added[:10]))
    return sizes


def _pages(remarks: Sequence[Remark]) -> Row:
    left = len(remarks) - _REMARKS
    note = ngettext("and {count} more page", "and {count} more pages", left) if left > 0 else ""
    told = [
        (page, _("Page {page}: {remark}", page=page, remark=words))
        for page, words in remarks[:_REMARKS]
    ]
    return {"pages": told, "note": note if remarks else _("Every page was read as it stands.")}


# -- Lets a person select documents, also on other pages of the list, and tag or remove them

_SHOWN = 5  # names in the question
DIALOG_OPEN = "asked"  # in the session's state: a dialog is open


def _draw_selected(library: Library, listed: Sequence[str]) -> None:
    """Draw what can be done with the selected ones; `listed` are those of the list."""
    chosen = _selected_documents(library).intersection(d.document for d in library.documents())
    if not chosen:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="many"):
        st.markdown(ngettext("{count} selected", "{count} selected", len(chosen)), width="content")
        if len(chosen) < len(listed):
            label = ngettext("Select all {count}", "Select all {count}", len(listed))
            button(label, "pick-all", _pick_all, library, tuple(listed), type="secondary")
        button(_("Select none"), "pick-none", _pick_all, library, (), type="secondary")
        if st.button(_("Tags"), key="tag-many"):
            st.session_state[DIALOG_OPEN] = True
            # At each call, for the title in the language of the visitor.
            title = ngettext("Tags of {count} document", "Tags of {count} documents", len(chosen))
            st.dialog(title, on_dismiss=_closed)(_tags_dialog)(library, sorted(chosen))
        if st.button(_("Remove"), key="remove-many", type="tertiary"):
            names = sorted(chosen)
            shown = ", ".join(readable(name) for name in names[:_SHOWN])
            if (more := len(names) - _SHOWN) > 0:
                shown += " " + _("and {count} more", count=number(more))
            leave = _("They and everything that was read from them leave the library. Your own "
                      "files stay.")  # fmt: skip
            _ask_removal(library, _("Remove these documents?"), f"{shown}. {leave}", names, "many")


def _selected_documents(library: Library) -> set[str]:
    """The names of the selected documents, stored for all pages of the list."""
    found: set[str] = st.session_state.setdefault(f"picked-{library.name}", set())
    return found


def _pick_all(library: Library, documents: Sequence[str]) -> None:
    st.session_state[f"picked-{library.name}"] = set(documents)


def _ask_removal(
    library: Library, title: str, question: str, names: Sequence[str], key: str
) -> None:
    st.session_state[DIALOG_OPEN] = True
    ask_before(title, question, _("Remove"), _remove, library, names, key=key, closed=_closed)


def _closed() -> None:
    """The list alone is drawn after X and Escape."""
    st.session_state.pop(DIALOG_OPEN, None)


def _remove(library: Library, names: Sequence[str]) -> None:
    there = {document.document for document in library.documents()}
    wanted = [name for name in names if name in there]
    shelf = resources.to_change(library, "removed", ", ".join(wanted))
    shelf.remove(wanted)
    offered(shelf)  # without the questions that were written from them
    _selected_documents(library).difference_update(wanted)
    opened = session.shown()
    if opened and opened.document in names:
        session.show(None)


_PAGE = 10  # documents at once
_TOOLS_FROM = 10  # documents from which they are searched and sorted
# In the session's state: the document whose coverage is looked at, the one that somebody wants to
# remove, and that one was opened.
_LOOKED, _LEAVES, _OPENED = "coverage-of", "document-to-remove", "document-opened"


@st.fragment
def draw_document_list(library: Library) -> None:
    """Draw ten of them, with a search box and an order where there are more. A click in the list
    draws the list alone."""
    if st.session_state.pop(_OPENED, False):
        st.rerun()  # its page stands beside the list
    with widgets.errors_shown():
        resources.check_seen(library)
        _list(library, library.documents())


def _list(library: Library, documents: list[DocumentInfo]) -> None:
    pages = sum(document.pages for document in documents)
    sizes = ngettext("{count} document", "{count} documents", len(documents))
    leaves = ngettext("{count} page", "{count} pages", pages)
    st.html(f'<p class="section">{as_html(f"{sizes}, {leaves}")}</p>')
    wanted, several = documents, len(documents) > 1
    if len(documents) > _TOOLS_FROM:
        with st.container(key="list-filter"):
            how = _draw_document_filter(documents)
        if st.session_state.get("listed-how") != how:  # another list begins with its first page
            st.session_state.update({"listed-how": how, "listed-from": 0})
        wanted = chosen(documents, *how)
    changes = resources.may_change()
    if changes and several:
        _draw_selected(library, [document.document for document in wanted])
    last = max(0, (len(wanted) - 1) // _PAGE * _PAGE)  # page, where the list has become shorter
    first = min(st.session_state.get("listed-from", 0), last)
    _rows(library, wanted[first : first + _PAGE], changes, several)
    _pager(first, len(wanted))
    if changes and (name := st.session_state.pop(_LEAVES, "")):
        leaves = _("{document} and everything that was read from it leave the library. Your own "
                   "file stays where it is.", document=readable(name))  # fmt: skip
        _ask_removal(library, _("Remove this document?"), leaves, [name], "remove")


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
    turn = partial(st.session_state.update, {"listed-from": to})
    button(label, f"turn-{label}", turn, disabled=disabled, type="secondary")


# -- the rows, and what is done with one


def _rows(library: Library, shown: list[DocumentInfo], changes: bool, several: bool) -> None:
    """`changes`: they can be removed; `several`: and selected."""
    picked, looked = _selected_documents(library), st.session_state.get(_LOOKED)
    here = {one.document for one in shown}

    def act(given: Mapping[str, Any]) -> None:
        picks = given.get("picks") or {}  # which are selected from now on, and which no longer
        for one in here.intersection(picks) if changes else ():
            (set.add if picks[one] is True else set.discard)(_selected_documents(library), one)
        does, name, page = (given.get(part) for part in ("do", "document", "page"))
        if name in here:  # a browser can name any: only one of this library is opened
            _act(str(does), str(name), page if isinstance(page, int) and page > 0 else 1)

    rows = [
        _document_row(
            one, one.document in picked,
            coverage_remarks(library.ledger(looked)) if looked == one.document else None,
        )
        for one in shown
    ]  # fmt: skip
    data = {"rows": rows, "changes": changes, "several": changes and several}
    _component.draw("documents", data, {"act": act})


def _act(does: str, document: str, page: int) -> None:
    state = st.session_state
    match does:
        case "look":
            state[_LOOKED] = None if state.get(_LOOKED) == document else document
        case "open":
            state.update({_OPENED: True, _LOOKED: None})  # folded away, above the page
            session.show(Shown(document, page, source=f"documents/open {document}"))
        case "remove":
            state[_LEAVES] = document
