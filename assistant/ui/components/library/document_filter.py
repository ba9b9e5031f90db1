"""Searches and sorts the documents of a list. The fields that are used less are in a menu, and are
drawn only while it is open."""

from typing import Any

import streamlit as st

from assistant.i18n.numbers import number
from assistant.i18n.translation import N_, _
from assistant.ui.components.tags import fields
from vectorstore.catalog.choosing import Filter, Sort, State, chosen, kinds
from vectorstore.catalog.records import DocumentInfo

_STATES: dict[State, str] = {
    "": N_("Any state"), "look": N_("Not all was read"), "old": N_("Older versions"),
}  # fmt: skip
_SORTS: dict[Sort, str] = {  # what has just been added is seen without turning pages
    "newest": N_("Newest first"), "name": N_("By name"), "oldest": N_("Oldest first"),
    "largest": N_("Most pages first"), "kind": N_("By type"), "dated": N_("Latest date first"),
}  # fmt: skip
_KIND, _STATE, _FIELDS = "of-kind", "in-state", "list"  # keys of fields in the menu
How = tuple[str, str, State, Sort, Filter]


def draw(documents: list[DocumentInfo]) -> How:
    """Draw the fields, and return what they say, in the order of `choosing.chosen`."""
    if st.session_state.get(_KIND) not in ("", *kinds(documents)):  # the last of its type has gone
        st.session_state[_KIND] = ""
    first, second, third = st.columns([2.2, 1.2, 1], vertical_alignment="bottom")
    part = first.text_input(
        _("Find a document by its name"), key="part", placeholder=_("Part of a name")
    )
    sort = second.selectbox(_("Order"), list(_SORTS), format_func=lambda one: _(_SORTS[one]),
                            key="in-order")  # fmt: skip
    menu = third.popover(
        _label(), icon=":material/filter_alt:", width="stretch", key="filter", on_change="rerun"
    )
    if menu.open:
        with menu:
            _menu(documents)
    kind, state = (st.session_state.get(key, "") for key in (_KIND, _STATE))
    return part, kind, state, sort, fields.now(documents, _FIELDS)


def found(documents: list[DocumentInfo], how: How) -> list[DocumentInfo]:
    """Those that it says, in its order."""
    return chosen(documents, *how)


def _menu(documents: list[DocumentInfo]) -> None:
    kept: dict[str, Any] = {"persist_state": "page"}  # while the menu is closed
    names = {"": _("Any type")} | {
        kind: f"{kind or '–'} ({number(n)})" for kind, n in kinds(documents).items()
    }
    st.selectbox(_("Type"), list(names), format_func=lambda one: names.get(one, one), key=_KIND,
                 **kept)  # fmt: skip
    st.selectbox(_("State"), list(_STATES), format_func=lambda one: _(_STATES[one]), key=_STATE,
                 **kept)  # fmt: skip
    fields.draw(documents, _FIELDS, **kept)


def _label() -> str:
    """With the number of fields that leave something out: they are folded away."""
    count = sum(bool(st.session_state.get(key)) for key in (_KIND, _STATE, *fields.keys(_FIELDS)))
    return _("Filter ({count})", count=count) if count else _("Filter")
