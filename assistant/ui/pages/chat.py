"""The chat: questions, answers as they are written, and the page a mark points to."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from assistant.attachments import attached_files
from assistant.contract import intents
from assistant.contract.reply import Reply
from assistant.conversation.assistant import Assistant
from assistant.conversation.branches import KeptTurn
from assistant.errors import AssistantError
from assistant.i18n.translation import _, ngettext
from assistant.ui import resources, session
from assistant.ui.background.answer_task import RunningAnswer
from assistant.ui.components import error_banner, sidebar, style, welcome
from assistant.ui.components.answer import cited_answer, clarification, outputs, stage_progress
from assistant.ui.components.answer.below import (
    after_refusal,
    after_stop,
    copy_button,
    export_button,
    follow_ups,
    read_aloud,
    thumbs,
)
from assistant.ui.components.conversations import versions
from assistant.ui.components.escaping import as_html
from assistant.ui.components.hood import dialog
from assistant.ui.components.keyboard import keyboard
from assistant.ui.components.scripts import tab
from assistant.ui.components.tags import asked_in
from assistant.ui.components.tools import microphone, model_offers, tool_choice, tools_dialog
from assistant.ui.components.viewer import cited_page
from ingest.errors import PinciteError
from vectorstore.catalog.choosing import EVERYTHING

_TURNS = 20  # of a conversation that are drawn, the last ones
_MORE = 100  # that one click draws in addition


def page() -> None:
    """Draw the page from top to bottom."""
    style.apply()
    try:
        assistant = resources.assistant()
        _chat(assistant)
    except PinciteError as error:
        error_banner.say(error)


def _chat(assistant: Assistant) -> None:
    error_banner.draw()
    sidebar.draw(assistant)
    identity = session.current()
    running = resources.answers().of(identity)
    branch = _branch(assistant, identity, running)
    turns = [turn.answer for turn in branch]
    busy = running is not None and not running.done
    tab.draw(busy, greets=not turns and not running)  # early: a greeting is read from its beginning
    drawn = list(zip(branch, thumbs.told_apart(turns), strict=True))
    for turn, answer in drawn[_left_out(identity, len(branch)) :]:
        _turn(assistant, answer, turn, busy)
    if running:
        kept = any(turn["id"] == running.reply.id for turn in turns)
        _in_work(identity, running, kept)
    if microphone.busy():
        microphone.draw(_ask)
    elif turns and not running:
        clarification.draw(turns[-1], _ask)
        follow_ups.draw(assistant, turns, _ask)
    elif not running:
        welcome.draw(assistant, _ask)
    _input(assistant, busy=microphone.busy() or busy)
    cited_page.panel(assistant.library)
    keyboard.listen()


def _left_out(identity: str, turns: int) -> int:
    """How many turns at the beginning are not drawn; a button draws more of them. Each turn takes
    about 10 ms with every drawing of the page."""
    key = f"earlier-{identity}"
    more: int = st.session_state.setdefault(key, 0)
    left = max(turns - _TURNS - more, 0)
    if left:
        told = ngettext("Show {count} earlier question", "Show {count} earlier questions", left)
        if st.button(told, icon=":material/expand_less:", key=f"show-{key}", type="tertiary"):
            st.session_state[key] = more + _MORE
            st.rerun()
    return left


def _branch(
    assistant: Assistant, identity: str, running: RunningAnswer | None
) -> list[KeptTurn]:  # fmt: skip
    """The turns that are shown: of a new branch, while it is answered, those before it."""
    shown = assistant.conversations.branch(identity) if identity else []
    if running is None or running.after is None or running.error:
        return shown
    if any(turn.answer["id"] == running.reply.id for turn in shown):
        return shown
    return assistant.conversations.branch(identity, running.after)


def _turn(assistant: Assistant, turn: Mapping[str, Any], kept: KeptTurn, busy: bool) -> None:
    """Draw a question with its attachments, its answer, output and buttons."""
    _question(turn["question"], turn.get("attached", []), turn["id"])
    instead = partial(_ask_instead, turn, kept.parent)
    if not busy:
        versions.draw(kept, instead, partial(_show, assistant))
    cited_answer.draw(turn, session.shown())
    outputs.draw(turn, _ask_for)
    files = [Path(path) for path in turn.get("attached", ())]
    again = _intent_of(turn)
    model_offers.draw(turn, partial(_ask, turn["question"], files, again))
    after_refusal.draw(turn, _ask_again)
    after_stop.draw(turn, partial(instead, None))
    tool_choice.draw(turn, partial(_ask, turn["question"], files, intents.Answer()))
    if after_stop.is_empty(turn):
        return
    with st.container(
        horizontal=True, vertical_alignment="center", gap="xxsmall", key=f"below-{turn['id']}"
    ):
        _icons(assistant, turn)


def _icons(assistant: Assistant, turn: Mapping[str, Any]) -> None:
    if "wish" not in turn:
        thumbs.draw(turn)
        copy_button.draw(turn)
        export_button.draw(assistant, turn)
        read_aloud.draw(turn)
        return
    copy_button.draw(turn)
    if not turn["images"] and not turn["audio"]:  # else its output has buttons of its own
        dialog.button_of(turn)
        read_aloud.draw(turn)


def _intent_of(turn: Mapping[str, Any]) -> intents.Intent | None:
    """None also for a row that another version wrote and this one cannot read."""
    with suppress(AssistantError):
        return intents.from_row(turn["wish"]) if "wish" in turn else None
    return None


def _question(text: str, attached: Sequence[str], turn: str) -> None:
    outputs.attached(list(attached), turn)
    st.html(f'<div class="question"><span>{as_html(text)}</span></div>')


def _in_work(identity: str, running: RunningAnswer, kept: bool) -> None:
    """`kept`: whether its turn is drawn already, and what failed came after it."""
    if kept and running.error:
        error_banner.say(running.error)
        return
    attached = [str(path) for path in running.reply.attached]
    _question(running.reply.question, attached, f"running-{running.reply.id}")
    if running.error:
        error_banner.say(running.error)
    else:
        _live(running, partial(resources.answers().forget, identity))


@st.fragment(run_every=0.25)
def _live(running: RunningAnswer, forget: Callable[[], None]) -> None:
    """Draw the running answer; once it is saved, draw the whole page with it. `forget` was made by
    the page: between its drawings its visitor may have signed out."""
    if running.done:
        if not running.error:
            forget()
        st.rerun()
    cited_answer.draw_running(running.reply, time.monotonic() - running.started)
    stage_progress.draw(running.reply)
    if running.reply.cancel.is_set():
        st.caption(_("Stopping…"))
    else:
        st.button(_("Stop"), icon=":material/stop_circle:", key="stop", on_click=running.stop)


def _input(assistant: Assistant, busy: bool) -> None:
    """Read words, files, or a tool from the dialog."""
    empty = not assistant.library.documents()
    hint = (
        _("Ask for a picture, or add documents first") if empty else _("Ask about your documents")
    )
    asked_in.told_above_input(assistant)
    tools_dialog.button(busy, _ask_for)
    given = st.chat_input(
        hint, disabled=busy, key="question", accept_file="multiple",
        accept_audio=True,
        file_type=[suffix.lstrip(".") for suffix in attached_files.SUFFIXES],
    )  # fmt: skip
    if given and (given.text.strip() or given.files or given.audio):
        try:
            files = attached_files.keep(given.files, resources.settings().home / "attached")
            if given.audio:
                microphone.take(given.audio, given.text, files)
            else:
                _ask(given.text.strip(), files)
        except PinciteError as error:
            session.keep_error(error)
        st.rerun()


def _ask_for(words: str, intent: intents.Intent) -> None:
    _ask(words, intent=intent)


def _ask_again(question: str, *, anyway: bool = False, documents: list[str] | None = None) -> None:
    _ask(question, anyway=anyway, documents=documents)


def _ask_instead(turn: Mapping[str, Any], parent: int, question: str | None) -> None:
    """Ask in the place of a turn; None: the same once more, with the settings of now."""
    files = [Path(path) for path in turn.get("attached", ())]
    same = question is None
    _ask(turn["question"] if question is None else question, files,
         _intent_of(turn) if same else None, after=parent)  # fmt: skip


def _show(assistant: Assistant, turn: int) -> None:
    assistant.conversations.show(session.current(), turn)


def _ask(
    question: str, files: Sequence[Path] = (), intent: intents.Intent | None = None,
    anyway: bool = False, documents: list[str] | None = None, after: int | None = None,
) -> None:  # fmt: skip
    """Ask in the sidebar's documents where none are given; `after` a turn it begins a branch."""
    assistant = resources.assistant()
    identity = session.current() or assistant.conversations.start()
    session.enter(identity, keep_page=True)
    try:
        resources.count_questions(count=False)
        resources.note("asked", assistant.library.name)
        reply = assistant.ask(
            question,
            conversation=identity,
            documents=sidebar.scope() if documents is None else documents,
            threshold=sidebar.threshold(),
            files=files,
            intent=intent,
            anyway=anyway,
            after=after,
            within=asked_in.now(assistant) if documents is None else EVERYTHING,
        )
        resources.count_questions()  # last: what fails before is not counted
    except PinciteError as error:
        reply = _failed(question, files, error)
    try:
        resources.answers().start(identity, reply, after)
    except PinciteError as error:
        session.keep_error(error)


def _failed(question: str, files: Sequence[Path], error: PinciteError) -> Reply:
    """A reply that only says why there is none: the question stays above it, to be read again."""

    def work(reply: Reply) -> Iterator[str]:
        raise error
        yield ""

    return Reply(question, work, attached=tuple(files))


page()
