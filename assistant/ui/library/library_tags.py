"""Fields that choose documents by their tags and dates."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import streamlit as st

from assistant.i18n.translation import _, ngettext, number, told
from assistant.ui import resources
from assistant.ui.widgets import button, choose_several, plain
from vectorstore.catalog.rows import DocumentInfo
from vectorstore.catalog.tags import Filter
from vectorstore.errors import WrongDate
from vectorstore.library import Library


def draw_filter_fields(documents: Sequence[DocumentInfo], key: str, **how: Any) -> None:
    """Draw them; `filter_of_fields` reads what is chosen. It is kept while other pages are shown,
    unless `how`, which goes to each field, says something else."""
    tags, *dates = filter_field_keys(key)
    if counts := counted(documents):
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
    chosen, *dates = (st.session_state.get(one) for one in filter_field_keys(key))
    there = counted(documents) if chosen else {}  # a tag may have gone since
    tags = tuple(tag for tag in chosen or () if tag in there)
    after, before = (str(date or "").strip() for date in dates)
    try:
        return Filter(tags, after, before), ""
    except WrongDate as error:
        return Filter(tags), str(error)


def filter_field_keys(key: str) -> tuple[str, ...]:
    """The keys of the fields in the session's state: tags, after, before."""
    return tuple(f"{key}-{field}" for field in ("tags", "after", "before"))


def clear_filter_fields(key: str) -> None:
    """Empty the fields of a filter, so that all documents are chosen again."""
    nothing: tuple[Any, ...] = ([], None, None)
    for field, empty in zip(filter_field_keys(key), nothing, strict=True):
        if field in st.session_state:
            st.session_state[field] = empty


def counted(documents: Sequence[DocumentInfo]) -> dict[str, int]:
    """The number of documents with each tag, by tag."""
    counts = Counter(tag for document in documents for tag in document.tags)
    return dict(sorted(counts.items(), key=lambda row: row[0].casefold()))


# -- The dialog that gives tags to documents, and takes them away

_GIVE, _TAKE = "tags-to-give", "tags-to-take"  # in the session's state: the fields


def open_tags_dialog(library: Library, names: Sequence[str]) -> None:
    """Draw it for these documents."""
    # At each call, for the title in the language of the visitor.
    title = ngettext("Tags of {count} document", "Tags of {count} documents", len(names))
    st.dialog(title, on_dismiss="rerun")(_dialog)(library, names)


def _dialog(library: Library, names: Sequence[str]) -> None:
    documents = library.documents()
    there = counted([document for document in documents if document.document in set(names)])
    st.multiselect(
        _("Tags to give"), list(counted(documents)), accept_new_options=True, key=_GIVE,
        placeholder=_("Choose one, or type one and press Enter"),
    )  # fmt: skip
    if there:
        st.multiselect(_("Tags to take away"), list(there), key=_TAKE, placeholder=_("None"))
    with st.container(horizontal=True):
        saved = button(_("Save"), "save-tags", _save, library, names, type="primary")
        left = st.button(_("Cancel"), key="cancel-tags")
    if saved or left:
        st.rerun()


def _save(library: Library, names: Sequence[str]) -> None:
    add, remove = st.session_state.get(_GIVE, []), st.session_state.get(_TAKE, [])
    there = {document.document for document in library.documents()}
    wanted = [name for name in names if name in there]
    resources.to_change(library, "tagged", ", ".join(wanted)).tags.change(wanted, add, remove)
