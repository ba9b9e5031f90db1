"""Fields that choose documents by their tags and dates."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import streamlit as st

from assistant.i18n.numbers import number
from assistant.i18n.told import told
from assistant.i18n.translation import _
from assistant.ui.components.escaping import plain
from vectorstore.catalog.choosing import EVERYTHING, Filter
from vectorstore.catalog.records import DocumentInfo
from vectorstore.errors import WrongDate


def draw(
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


def now(documents: Sequence[DocumentInfo], key: str) -> Filter:
    """What fields say that need not be drawn now."""
    tags, after, before = (st.session_state.get(one) for one in keys(key))
    there = counted(documents) if tags else {}  # a tag may have gone since
    mine = tuple(tag for tag in tags or () if tag in there)
    try:
        return Filter(mine, str(after or "").strip(), str(before or "").strip())
    except WrongDate:
        return Filter(mine)


def keys(key: str) -> tuple[str, ...]:
    """Of the fields, in the session's state: tags, since, before."""
    return tuple(f"{key}-{field}" for field in ("tags", "after", "before"))


def clear(key: str) -> None:
    """Choose all documents again."""
    nothing: tuple[Any, ...] = ([], None, None)
    for field, empty in zip(keys(key), nothing, strict=True):
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
