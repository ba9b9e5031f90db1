"""The chat: questions, answers as they are written, and the page a mark points to."""

import time

import streamlit as st

from assistant.chat import Assistant
from assistant.ui import (
    answer_view,
    choices,
    conversation,
    pack_button,
    page_view,
    resources,
    sidebar,
    style,
    thumbs,
    trouble,
    welcome,
)
from assistant.ui.plain import as_html
from assistant.ui.running import Running
from ingest.errors import PinciteError


def page() -> None:
    """All of it, from top to bottom."""
    style.apply()
    try:
        assistant = resources.assistant()
        _chat(assistant)
    except PinciteError as error:
        trouble.say(error)


def _chat(assistant: Assistant) -> None:
    trouble.draw()
    sidebar.draw(assistant)
    identity = conversation.current()
    running = resources.answers().of(identity)
    turns = assistant.conversations.turns(identity) if identity else []
    for turn in thumbs.told_apart(turns):
        _question(turn["question"])
        answer_view.draw(turn, page_view.shown())
        with st.container(horizontal=True, vertical_alignment="center", key=f"below-{turn['id']}"):
            thumbs.draw(turn)
            pack_button.draw(assistant, turn)
    if running:
        _in_work(identity, running)
    elif turns:
        choices.draw(turns[-1], _ask)
    else:
        welcome.draw(assistant, _ask)
    _input(assistant, busy=running is not None and not running.done)
    page_view.panel(assistant.library)


def _question(text: str) -> None:
    st.html(f'<div class="question"><span>{as_html(text)}</span></div>')


def _in_work(identity: str, running: Running) -> None:
    _question(running.reply.question)
    if running.error:
        trouble.say(running.error)
    else:
        _live(identity, running)


@st.fragment(run_every=0.25)
def _live(identity: str, running: Running) -> None:
    """The answer as it is written. Once it is kept, the whole page is drawn with it."""
    if running.done:
        if not running.error:
            resources.answers().forget(identity)
        st.rerun()
    answer_view.draw_running(running.reply, time.monotonic() - running.started)
    if running.reply.cancel.is_set():
        st.caption("Stopping…")
    else:
        st.button("Stop", icon=":material/stop_circle:", key="stop", on_click=running.stop)


def _input(assistant: Assistant, busy: bool) -> None:
    empty = not assistant.library.documents()
    hint = "Add documents to the library first" if empty else "Ask about your documents"
    question = st.chat_input(hint, disabled=busy or empty, key="question")
    if question and question.strip():
        _ask(question.strip())
        st.rerun()


def _ask(question: str) -> None:
    assistant = resources.assistant()
    identity = conversation.current() or assistant.conversations.start()
    conversation.enter(identity, keep_page=True)
    try:
        reply = assistant.ask(
            question,
            conversation=identity,
            documents=sidebar.scope(),
            threshold=sidebar.threshold(),
        )
        resources.answers().start(identity, reply)
    except PinciteError as error:
        trouble.keep(error)


page()
