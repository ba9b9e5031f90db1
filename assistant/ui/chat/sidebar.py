"""The sidebar of the chat: the conversations, and the documents to ask."""

from collections.abc import Callable

import streamlit as st

from assistant.answering.verifier import OPERATING_POINTS, OperatingPoint
from assistant.conversation.assistant import Assistant
from assistant.i18n.translation import N_, _, ngettext, number, told
from assistant.ui import resources, session
from assistant.ui.chat import answer_actions, conversations, first_steps
from assistant.ui.library import library_tags
from assistant.ui.widgets import as_html, plain, with_commands
from ingest.document.source import readable
from vectorstore.federation import Federated, is_joined, joined

_LEARNED = "learned"  # a choice beside POINTS
_SEVERAL = "several,libraries"  # a choice beside names, which have no comma
_POINTS = {
    "strict": N_("Strict"), "balanced": N_("Balanced"), "helpful": N_("Helpful"),
    _LEARNED: N_("Learned"),
}  # fmt: skip
_EFFECTS = {
    "strict": N_("Says nothing rather than something doubtful."),
    "balanced": N_("Answers where the documents probably do."),
    "helpful": N_("Also answers where it is unsure: look at the marks."),
}


def draw_sidebar(assistant: Assistant) -> None:
    """The choice of documents is read with `scope`."""
    _libraries()
    with st.sidebar:
        st.button(
            _("New conversation"),
            icon=":material/edit_square:",
            width="stretch",
            on_click=session.leave,
        )
        # Visitors without an account must not read what others asked.
        own = resources.is_owner() or bool(resources.person().id)
        if own:
            conversations.draw_list(assistant)
        _scope(assistant)
        library_tags.draw_question_filter(assistant)
        _refusal(assistant)
        answer_actions.draw_conversation_export(assistant, session.current())
        _about(assistant)
        _account()
    if own:
        conversations.draw_dialog(assistant)


def _libraries() -> None:
    """Draw the choice of the library that is asked, or of several at once."""
    names, now = resources.names(), resources.chosen()
    there = session.libraries_left(now, names)
    if len(names) < 2 or not there:
        return
    several = is_joined(now) or st.session_state.get(_SEVERAL) == now
    picked = st.sidebar.selectbox(
        _("Library"), [*names, _SEVERAL], index=len(names) if several else names.index(now),
        format_func=lambda name: _("Several at once…") if name == _SEVERAL else name,
    )  # fmt: skip
    if picked != _SEVERAL:
        st.session_state.pop(_SEVERAL, None)
        if picked != now:
            _pick(picked)
        return
    st.session_state[_SEVERAL] = now
    asked = st.sidebar.multiselect(_("Libraries to ask at once"), names, default=there)
    if asked and sorted(asked) != sorted(there):
        _pick(joined(asked) if len(asked) > 1 else asked[0], several=True)


def _pick(name: str, several: bool = False) -> None:
    """The next question begins a conversation about it. `several`: others may come to it."""
    if several:
        st.session_state[_SEVERAL] = name
    session.open_library(name)
    st.rerun()


def scope() -> list[str] | None:
    """The documents to ask; None for all."""
    return st.session_state.get("scope") or None


def threshold() -> float | None:
    """How sure the assistant must be of an answer; None: as was learned, or as the
    settings say."""
    point = OPERATING_POINTS.get(st.session_state.get("refusal", ""))
    return point.threshold if point else None


def _refusal(assistant: Assistant) -> None:
    """Draw the choice from strict to helpful, with measured effects, and the learned one."""
    learned = assistant.learned_threshold()
    set_so = resources.settings().refusal_threshold
    now = next(
        (name for name, point in OPERATING_POINTS.items() if point.threshold == set_so), None
    )
    names, usual = list(OPERATING_POINTS), now
    if learned is not None:
        names, usual = [*OPERATING_POINTS, _LEARNED], _LEARNED
    # Kept apart from the widget, as in _scope.
    chosen = st.session_state.get("refusal", usual)
    if chosen in (now, _LEARNED):  # no other one was chosen
        chosen = usual if st.session_state.get("refusal-usual") != usual else chosen
    st.session_state["refusal-usual"] = usual
    with st.container(key="when-unsure"):
        picked = st.segmented_control(
            _("When unsure"), names, default=chosen or None,
            format_func=lambda name: _(_POINTS[name]), width="stretch",
        )  # fmt: skip
    st.session_state["refusal"] = picked or ""
    if picked in OPERATING_POINTS:
        quotes = assistant.model_name == "extractive"  # then the figures are others
        point = OPERATING_POINTS[picked]
        st.caption(_(_EFFECTS[picked]) if quotes else when_unsure(picked, point))
    elif picked:
        st.caption(_("As learned from your feedback; the Measure page has the figures."))


def when_unsure(picked: str, point: OperatingPoint) -> str:
    """What a choice does, and how often in ten questions."""
    shares = {"rightly": number(10 * point.unanswerable), "wrongly": number(10 * point.answerable)}
    often = _(
        "Of 10 questions without an answer in the documents it turns down about {rightly}; of 10 "
        "right answers it keeps back about {wrongly}.", **shares,
    )  # fmt: skip
    return f"{_(_EFFECTS[picked])} {often}"


def _scope(assistant: Assistant) -> None:
    names = [document.document for document in assistant.library.documents()]
    if len(names) < 2:
        st.session_state["scope"] = []
        return
    # Streamlit forgets a widget while another page is shown, so that the choice is kept apart.
    kept = [name for name in st.session_state.get("scope", []) if name in names]
    st.session_state["scope"] = st.multiselect(
        _("Ask only"),
        names,
        default=kept,
        placeholder=ngettext("All {count} documents", "All {count} documents", len(names)),
        format_func=readable,
    )


def _account() -> None:
    """Draw who has signed in."""
    mine = resources.person()
    if mine.id:
        st.html(f'<p class="quiet">{as_html(mine.name)}, {mine.role}</p>')
        st.button(_("Sign out"), key="sign-out", type="tertiary", on_click=resources.sign_out)


def _about(assistant: Assistant) -> None:
    if assistant.notice:
        st.info(with_commands(told(assistant.notice)), icon=":material/info:")
    if assistant.about:
        st.html(f'<p class="quiet">{as_html(told(assistant.about))}</p>')


# -- The first screen of a conversation: the contents of the library, and starter questions


def draw_welcome(assistant: Assistant, ask: Callable[[str], None]) -> None:
    """Draw the screen; `ask` receives the clicked suggestion."""
    library, documents = assistant.library, assistant.library.documents()
    one = None if isinstance(library, Federated) else library
    with st.container(key="welcome"):
        if one and resources.may_change() and first_steps.steps_are_left(one):
            _greet(_("Welcome to Pincite"), _("Three steps, and your documents answer."))
            first_steps.draw_steps(one)
            _suggest(assistant.suggestions(4) if documents else [], ask)
        elif documents:
            pages = sum(document.pages for document in documents)
            _greet(_("Ask your documents"), describe_library(len(documents), pages))
            _suggest(assistant.suggestions(4), ask)
            answer_actions.draw_first_models()
            if one:
                first_steps.draw_background_work(one)
                first_steps.draw_own_documents(one)
        else:
            _greet(_("Welcome to Pincite"), _("There are no documents in this library yet."))
            if one and resources.may_change():
                first_steps.draw_background_work(one)
                first_steps.draw_document_choice(one)


def describe_library(documents: int, pages: int) -> str:
    """The contents of the library, as sentences."""
    return _(
        "{documents}, {pages}, all on this machine. "
        "Each sentence of an answer shows the line it comes from.",
        documents=ngettext("{count} document", "{count} documents", documents),
        pages=ngettext("{count} page", "{count} pages", pages),
    )


def _greet(title: str, text: str) -> None:
    st.html(f'<div class="greeting"><h1>{as_html(title)}</h1><p>{as_html(text)}</p></div>')


def _suggest(questions: list[str], ask: Callable[[str], None]) -> None:
    if not questions:
        return
    st.html(f'<p class="section">{as_html(_("Try one of these"))}</p>')
    with st.container(key="suggestions"):
        for start in range(0, len(questions), 2):
            columns = st.columns(2)
            for offset, question in enumerate(questions[start : start + 2]):
                columns[offset].button(
                    plain(question),
                    key=f"suggestion-{start + offset}",
                    on_click=ask,
                    args=(question,),
                    width="stretch",
                )
