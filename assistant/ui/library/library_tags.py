"""Fields that choose documents by their tags and dates."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from assistant.contract.asked_in import in_words
from assistant.conversation.assistant import Assistant
from assistant.i18n.translation import _, ngettext, number, told
from assistant.ui import resources, session
from assistant.ui.widgets import as_html, plain
from vectorstore.catalog.rows import DocumentInfo
from vectorstore.catalog.tags import EVERYTHING, Filter
from vectorstore.errors import WrongDate
from vectorstore.library import Library


def draw_filter_fields(
    documents: Sequence[DocumentInfo], key: str, kept: Filter = EVERYTHING, **how: Any
) -> Filter:
    """Draw them; `kept` is what was chosen when they were last drawn, `how` goes to each field."""
    counts = counted(documents)
    tags = _tags(counts, f"{key}-tags", kept, how) if counts else _no_tags()
    after, before = st.columns(2)
    dates = (
        _date(after, _("Since"), documents, f"{key}-after", kept.after, how),
        _date(before, _("Before"), documents, f"{key}-before", kept.before, how),
    )
    try:
        return Filter(tags, *dates)
    except WrongDate as error:
        st.caption(plain(told(str(error))))
        return Filter(tags)


def filter_of_fields(documents: Sequence[DocumentInfo], key: str) -> Filter:
    """What fields say that need not be drawn now."""
    tags, after, before = (st.session_state.get(one) for one in filter_field_keys(key))
    there = counted(documents) if tags else {}  # a tag may have gone since
    mine = tuple(tag for tag in tags or () if tag in there)
    try:
        return Filter(mine, str(after or "").strip(), str(before or "").strip())
    except WrongDate:
        return Filter(mine)


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


def _tags(counts: dict[str, int], key: str, kept: Filter, how: dict[str, Any]) -> tuple[str, ...]:
    _begin(key, list(kept.tags))
    # A tag may have gone since.
    there = [tag for tag in st.session_state[key] if tag in counts]
    if there != st.session_state[key]:
        st.session_state[key] = there
    picked = st.multiselect(
        _("Tags"), list(counts), key=key, placeholder=_("Any tag"),
        format_func=lambda tag: f"{tag} ({number(counts[tag])})" if tag in counts else tag,
        **how,
    )  # fmt: skip
    return tuple(picked)


def _no_tags() -> tuple[str, ...]:
    st.caption(
        _("No document has a tag yet: choose documents on the Library page to give them some.")
    )
    return ()


def _date(
    column: Any, label: str, documents: Sequence[DocumentInfo], key: str, kept: str,
    how: dict[str, Any],
) -> str:  # fmt: skip
    """A year of the documents, or a date that is typed."""
    years = sorted({d.dated[:4] for d in documents if d.dated}, reverse=True)
    _begin(key, kept or None)
    typed = st.session_state[key]
    picked = column.selectbox(
        label, list(dict.fromkeys([*years, *([typed] if typed else [])])), key=key,
        placeholder=_("Any"), accept_new_options=True, **how,
    )  # fmt: skip
    return str(picked or "").strip()


def _begin(key: str, value: Any) -> None:
    """Streamlit forgets a field while another page is shown."""
    if key not in st.session_state:
        st.session_state[key] = value


# -- The filter of the next questions: chosen in the sidebar, and told above the input

_FIELDS = "within"


def draw_question_filter(assistant: Assistant) -> None:
    """Draw the fields, where there are documents to choose from."""
    documents = assistant.library.documents()
    if len(documents) < 2:
        return
    within = question_filter(assistant)
    with st.expander(_("By tag and date"), expanded=bool(within), key="by-tag-and-date"):
        key = f"{_FIELDS}-{assistant.library.name}"
        st.session_state[f"{key}-kept"] = draw_filter_fields(documents, key, within)


def question_filter(assistant: Assistant) -> Filter:
    """The filter for questions to this library; EVERYTHING when none is chosen."""
    kept: Filter = st.session_state.get(f"{_FIELDS}-{assistant.library.name}-kept", EVERYTHING)
    return kept


def draw_chosen_filter(assistant: Assistant) -> None:
    """Draw what is chosen: on a phone the sidebar is closed."""
    if not (within := question_filter(assistant)):
        return
    with st.bottom, st.container(key="asked-in", horizontal=True, vertical_alignment="center"):
        told = _("Asked in: {filter}", filter=in_words(within))
        st.html(f'<p class="quiet">{as_html(told)}</p>', width="content")
        st.button(
            _("Ask all documents"), key="ask-all", type="tertiary",
            on_click=_clear, args=(assistant.library.name,),
        )  # fmt: skip


def _clear(library: str) -> None:
    key = f"{_FIELDS}-{library}"
    st.session_state[f"{key}-kept"] = EVERYTHING
    clear_filter_fields(key)


# -- The dialog that gives tags to documents, and takes them away

# In the session's state: the fields, and that they are done with.
_GIVE, _TAKE, _DONE = "tags-to-give", "tags-to-take", "tags-done"


def open_tags_dialog(library: Library, names: Sequence[str], closed: Callable[[], None]) -> None:
    """Draw it for these documents; `closed` is called when it is."""
    st.session_state.pop(_DONE, None)
    # At each call, for the title in the language of the visitor.
    title = ngettext("Tags of {count} document", "Tags of {count} documents", len(names))
    st.dialog(title, on_dismiss=closed)(_dialog)(library, names, closed)


def _dialog(library: Library, names: Sequence[str], closed: Callable[[], None]) -> None:
    if st.session_state.pop(_DONE, False):
        st.rerun()
    documents = library.documents()
    there = counted([document for document in documents if document.document in set(names)])
    st.multiselect(
        _("Tags to give"), list(counted(documents)), accept_new_options=True, key=_GIVE,
        placeholder=_("Choose one, or type one and press Enter"),
    )  # fmt: skip
    if there:
        st.multiselect(_("Tags to take away"), list(there), key=_TAKE, placeholder=_("None"))
    with st.container(horizontal=True):
        st.button(
            _("Save"), type="primary", key="save-tags",
            on_click=_save, args=(library, names, closed),
        )  # fmt: skip
        st.button(_("Cancel"), key="cancel-tags", on_click=_end, args=(closed,))


def _end(closed: Callable[[], None]) -> None:
    """The next drawing closes it."""
    st.session_state[_DONE] = True
    closed()


def _save(library: Library, names: Sequence[str], closed: Callable[[], None]) -> None:
    add, remove = st.session_state.get(_GIVE, []), st.session_state.get(_TAKE, [])
    _end(closed)
    with session.errors_kept():
        there = {document.document for document in library.documents()}
        wanted = [name for name in names if name in there]
        resources.to_change(library, "tagged", ", ".join(wanted)).tags.change(wanted, add, remove)
