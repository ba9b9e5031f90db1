"""Where the next question is asked, as chips on the composer: libraries, documents, tags and dates,
and how strict an answer is."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from assistant.answering.verifier import OPERATING_POINTS
from assistant.contract.asked_in import in_words
from assistant.conversation.assistant import Assistant
from assistant.i18n.translation import N_, _, ngettext, number
from assistant.ui import resources, session, widgets
from assistant.ui.library import library_tags
from assistant.ui.widgets import button, plain
from ingest.document.source import readable
from vectorstore.catalog.rows import DocumentInfo
from vectorstore.catalog.tags import Filter
from vectorstore.federation import is_joined, joined

_SEVERAL = "several,libraries"  # a choice beside names, which have no comma
_POINTS = {"strict": N_("Strict"), "balanced": N_("Balanced"), "helpful": N_("Helpful")}
_EFFECTS = {
    "strict": N_("Says nothing rather than something doubtful."),
    "balanced": N_("Answers where the documents probably do."),
    "helpful": N_("Also answers where it is unsure: look at the marks."),
}
_SCOPE, _REFUSAL = "scope", "refusal"  # in the session's state: the documents, how strict


@dataclass(frozen=True)
class Where:
    """What a question is asked of, and how sure the assistant must be of an answer: None for all
    documents, and for what the settings say."""

    documents: list[str] | None
    within: Filter
    threshold: float | None


def chosen(assistant: Assistant) -> Where:
    """What the chips say."""
    documents = assistant.library.documents()
    point = OPERATING_POINTS.get(st.session_state.get(_REFUSAL, ""))
    within = library_tags.filter_of_fields(documents, _fields(assistant))
    there = {document.document for document in documents}  # one may have gone since
    named = [name for name in st.session_state.get(_SCOPE, ()) if name in there]
    return Where(named or None, within, point.threshold if point else None)


def _fields(assistant: Assistant) -> str:
    return f"within-{assistant.library.name}"


def draw(assistant: Assistant) -> None:
    """Draw the chips; each opens its fields, which are drawn only then."""
    documents, usual = assistant.library.documents(), _usual()
    names = resources.names()
    with st.container(horizontal=True, key="where"):
        if len(names) > 1 and session.libraries_left(resources.chosen(), names):
            label = ", ".join(session.libraries_left(resources.chosen(), names))
            _chip(label, "database", "where-library", lambda: _libraries(names))
        if len(documents) > 1:
            _chip(
                _of_documents(assistant, documents), "description", "where-documents",
                lambda: _documents(assistant, documents),
            )  # fmt: skip
        picked = st.session_state.get(_REFUSAL) or usual
        label = _(_POINTS[picked]) if picked else _("When unsure")
        _chip(label, "balance", "where-unsure", lambda: _unsure(assistant))


def _chip(label: str, icon: str, key: str, fill: Callable[[], None]) -> None:
    # To Streamlit 1.67 one with another label is another one, which begins closed: while it is open
    # and things are chosen in it, the label stays.
    is_open = st.session_state.get(key)
    shown = st.session_state.get(f"{key}-label", label) if is_open else label
    st.session_state[f"{key}-label"] = shown
    chip = st.popover(plain(shown), icon=f":material/{icon}:", key=key, on_change="rerun")
    if chip.open:
        with chip, st.container(key=f"{key}-fields"):
            fill()


# -- The libraries


def _libraries(names: list[str]) -> None:
    """Draw the choice of the library that is asked, or of several at once."""
    now = resources.chosen()
    there = session.libraries_left(now, names)
    several = is_joined(now) or st.session_state.get(_SEVERAL) == now
    picked = st.selectbox(
        _("Library"), [*names, _SEVERAL], index=len(names) if several else names.index(now),
        format_func=lambda name: _("Several at once…") if name == _SEVERAL else name,
    )  # fmt: skip
    if picked != _SEVERAL:
        st.session_state.pop(_SEVERAL, None)
        if picked != now:
            _pick(picked)
        return
    st.session_state[_SEVERAL] = now
    asked = st.multiselect(_("Libraries to ask at once"), names, default=there)
    if asked and sorted(asked) != sorted(there):
        _pick(joined(asked) if len(asked) > 1 else asked[0], several=True)


def _pick(name: str, several: bool = False) -> None:
    """The next question begins a conversation about it. `several`: others may come to it."""
    if several:
        st.session_state[_SEVERAL] = name
    session.open_library(name)
    st.rerun()


# -- The documents, by name, tag and date


def _of_documents(assistant: Assistant, documents: list[DocumentInfo]) -> str:
    where = chosen(assistant)
    parts = [in_words(where.within)] if where.within else []
    if where.documents:
        only = ngettext("{count} document", "{count} documents", len(where.documents))
        parts.append(readable(where.documents[0]) if len(where.documents) == 1 else only)
    every = ngettext("All {count} documents", "All {count} documents", len(documents))
    return " · ".join(parts) or every


def _documents(assistant: Assistant, documents: list[DocumentInfo]) -> None:
    names = [document.document for document in documents]
    every = ngettext("All {count} documents", "All {count} documents", len(names))
    widgets.choose_several(_("Ask only"), names, _SCOPE, placeholder=every, format_func=readable)
    library_tags.draw_filter_fields(documents, _fields(assistant))
    where = chosen(assistant)
    if where.documents or where.within:
        button(_("Ask all documents"), "ask-all", _ask_all, assistant)


def _ask_all(assistant: Assistant) -> None:
    st.session_state[_SCOPE] = []
    library_tags.clear_filter_fields(_fields(assistant))


# -- How strict: measured effects


def _usual() -> str | None:
    """What is chosen without a choice; None where the settings say another threshold."""
    set_so = resources.settings().refusal_threshold
    names = (name for name, point in OPERATING_POINTS.items() if point.threshold == set_so)
    usual = next(names, None)
    st.session_state.setdefault(_REFUSAL, usual)
    return usual


def _unsure(assistant: Assistant) -> None:
    picked = st.segmented_control(
        _("When unsure"), list(OPERATING_POINTS), format_func=lambda name: _(_POINTS[name]),
        key=_REFUSAL, persist_state="session", width="stretch",
    )  # fmt: skip
    if picked in OPERATING_POINTS:
        quotes = assistant.model_name == "extractive"  # then the figures are others
        point = OPERATING_POINTS[picked]
        often = _(
            "Of 10 questions without an answer in the documents it turns down about {rightly}; of "
            "10 right answers it keeps back about {wrongly}.",
            rightly=number(10 * point.unanswerable), wrongly=number(10 * point.answerable),
        )  # fmt: skip
        st.caption(_(_EFFECTS[picked]) if quotes else f"{_(_EFFECTS[picked])} {often}")
