"""The chat: questions, answers as they are written, and the page a mark points to."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from assistant.contract import intents
from assistant.contract.reply import Reply
from assistant.conversation.assistant import Assistant
from assistant.conversation.history import KeptTurn
from assistant.errors import AssistantError
from assistant.i18n.translation import N_, _, ngettext, told
from assistant.ui import page_frame, resources, session, widgets
from assistant.ui.background import RunningAnswer
from assistant.ui.chat import answer as answers
from assistant.ui.chat import answer_actions, composer, sidebar, tool_dialog
from assistant.ui.chat.composer import Spoken, Where, chosen
from assistant.ui.viewer import page_panel
from assistant.ui.widgets import Component, as_html, button, draw_stop, draw_until_end, plain
from ingest.errors import PinciteError
from vectorstore.catalog.tags import EVERYTHING

_TURNS = 20  # of a conversation that are drawn, the last ones
_MORE = 100  # that one click draws in addition


def page() -> None:
    """Draw the page from top to bottom."""
    page_frame.apply_style()
    with widgets.errors_shown():
        _chat(resources.assistant())


def _chat(assistant: Assistant) -> None:
    widgets.draw_kept_error()
    sidebar.draw_sidebar(assistant)
    identity = session.current()
    running = resources.answers().of(identity)
    if running and running.ended and not running.error:  # it is saved
        resources.answers().forget(identity)
        running = None
    busy = running is not None and not running.ended
    # One that has failed is not forgotten: what is in line would fail like it, and waits.
    if not (running or composer.microphone_busy()) and composer.ask_next():
        st.rerun()
    branch = _branch(assistant, identity, running)
    turns = [turn.answer for turn in branch]
    page_frame.draw_tab(busy)
    for turn in branch[_left_out(identity, len(branch)) :]:
        _turn(assistant, turn, busy)
    if running:
        kept = any(turn["id"] == running.reply.id for turn in turns)
        _in_work(running, kept)
    if composer.microphone_busy():
        _draw_transcript()
    elif turns and not running:
        answer_actions.draw_follow_ups(assistant, turns, _ask)
    elif not running:
        sidebar.draw_welcome(assistant, _ask)
    tool_dialog.draw_tools(busy, _ask)
    composer.draw(assistant, _ask_composed)
    page_panel.draw_panel(assistant.library)
    page_frame.listen_to_keyboard()


def _left_out(identity: str, turns: int) -> int:
    """How many turns at the beginning are not drawn; a button draws more of them. Each turn takes
    about 10 ms with every drawing of the page."""
    key = f"earlier-{identity}"
    more: int = st.session_state.setdefault(key, 0)
    left = max(turns - _TURNS - more, 0)
    if left:
        label = ngettext("Show {count} earlier question", "Show {count} earlier questions", left)
        show = partial(st.session_state.update, {key: more + _MORE})
        button(label, f"show-{key}", show, icon="expand_less")
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


def _turn(assistant: Assistant, kept: KeptTurn, busy: bool) -> None:
    turn = kept.answer
    _question(turn["question"], turn.get("attached", []), turn["id"])
    instead = partial(_ask_instead, turn, kept.parent)
    show = partial(assistant.conversations.show, session.current())
    if not busy:
        _draw_versions(kept, instead, show)
    answers.draw_answer(turn, session.shown())
    answers.draw_outputs(turn, _ask)
    files = [Path(path) for path in turn.get("attached", ())]
    again = partial(_ask, turn["question"], _intent_of(turn), files)
    answer_actions.draw_model_offers(turn, again)
    ask_here = partial(_ask, turn["question"], files=files, after=kept.parent)
    answer_actions.draw_after_refusal(turn, ask_here)
    if turn["stopped"]:
        button(_("Try again"), f"retry-{turn['id']}", instead, None, icon="refresh")
    answer_actions.draw_tool_choice(turn, partial(_ask, turn["question"], intents.Answer(), files))
    answer_actions.draw_foot(assistant, turn)


def _intent_of(turn: Mapping[str, Any]) -> intents.Intent | None:
    """None also for a row that another version wrote and this one cannot read."""
    with suppress(AssistantError):
        return intents.from_row(turn["wish"]) if "wish" in turn else None
    return None


def _question(text: str, attached: Sequence[str], turn: str) -> None:
    answers.draw_attachments(list(attached), turn)
    st.html(f'<div class="question"><span>{as_html(text)}</span></div>')


def _in_work(running: RunningAnswer, kept: bool) -> None:
    """`kept`: whether its turn is drawn already, and what failed came after it."""
    if not (kept and running.error):
        attached = [str(path) for path in running.reply.attached]
        _question(running.reply.question, attached, f"running-{running.reply.id}")
    if running.error:
        widgets.show_error(running.error)
    else:
        draw_until_end(running, 0.25, answers.draw_running_answer)


def _ask_instead(turn: Mapping[str, Any], parent: int, question: str | None) -> None:
    """Ask in the place of a turn; None: the same once more, with the settings of now."""
    files = [Path(path) for path in turn.get("attached", ())]
    intent = _intent_of(turn) if question is None else None
    _ask(turn["question"] if question is None else question, intent, files, after=parent)


def _ask_composed(question: str, files: Sequence[Path], where: Where | None = None) -> None:
    """What was typed or spoken and cannot be asked is in the field again."""
    try:
        _ask(question, files=files, where=where)
    except PinciteError as error:
        session.keep_error(error)
        composer.give_back(question, files)


def _ask(
    question: str, intent: intents.Intent | None = None, files: Sequence[Path] = (),
    anyway: bool = False, documents: list[str] | None = None, after: int | None = None,
    where: Where | None = None,
) -> None:  # fmt: skip
    """Ask as the chips say now, where `where` or the `documents` are not given; `after` a turn it
    begins a branch. Raises PinciteError, also while another question is being answered."""
    assistant = resources.assistant()
    asked = where or chosen(assistant)
    identity = session.current() or assistant.conversations.start()
    if not session.current():
        composer.begun(identity)
    session.enter(identity, keep_page=True)
    try:
        resources.count_questions(count=False)
        resources.note("asked", assistant.library.name)
        reply = assistant.ask(
            question,
            conversation=identity,
            documents=asked.documents if documents is None else documents,
            threshold=asked.threshold,
            files=files,
            intent=intent,
            anyway=anyway,
            after=after,
            within=asked.within if documents is None else EVERYTHING,
        )
        resources.count_questions()  # last: what fails before is not counted
    except PinciteError as error:
        reply = _failed(question, files, error)
    resources.answers().start(identity, reply, after)


def _failed(question: str, files: Sequence[Path], error: PinciteError) -> Reply:
    """A reply that only says why there is none: the question stays above it, to be read again."""

    def work(reply: Reply) -> Iterator[str]:
        raise error
        yield ""

    return Reply(question, work, attached=tuple(files))


# -- A question that is spoken, in the place of the next one: its words are shown as they come, and
# asked

NOTHING = N_("The recording contains no speech.")


def _draw_transcript() -> None:
    spoken: Spoken | None = st.session_state.get(composer.HEARD)
    if spoken is None:
        return
    outcome = spoken.running.reply.outcome
    if not spoken.running.ended:
        draw_until_end(spoken.running, 0.25, lambda _running: _live(spoken))
    elif outcome and outcome.offers:
        st.info(plain(told(outcome.text)), icon=":material/mic_off:")
        missing = [vars(offer) for offer in outcome.offers]
        answer_actions.draw_model_offers({"id": "spoken", "offers": missing}, spoken.listen)
        discard = _("Discard the recording")
        button(discard, "forget-spoken", composer.discard_recording, type="secondary")
    else:  # ask the words, or say why there are none
        if spoken.running.reply.so_far.strip() and not spoken.running.error:
            composer.forget_recording()
            _ask_composed(spoken.words, spoken.files)
        else:
            session.keep_error(spoken.running.error or NOTHING)
            composer.discard_recording()
        st.rerun()


def _live(spoken: Spoken) -> None:
    _question(spoken.words or "…", (), "spoken")
    with st.container(horizontal=True, vertical_alignment="center", key="listening"):
        st.caption(plain(f"{told(spoken.running.reply.activity.stage) or _('Listening')}…"))
        draw_stop(False, "stop-listening", composer.discard_recording, icon="stop_circle")


# -- Below a question: edit it, ask it again, and go from one of its versions to another

_versions = Component(
    "versions",
    '<div class="versions"></div>',
    words={
        "edit": N_("Edit the question"), "again": N_("Ask it again"),
        "before": N_("The version before"), "behind": N_("The next version"),
        "version": N_("Version {number} of {total}"), "send": N_("Send"), "cancel": N_("Cancel"),
    },
)  # fmt: skip


def _draw_versions(
    turn: KeptTurn, ask: Callable[[str | None], None], show: Callable[[int], object]
) -> None:
    """`ask` asks in the place of the turn; None: the same question. `show` shows the branch with
    another version, by its number."""
    key = f"versions-{turn.number}"
    # The words of a tool's request stand in a dialog.
    editable = "wish" not in turn.answer
    data = {
        "question": turn.answer["question"] if editable else "", "number": turn.number,
        "versions": list(turn.versions),
    }  # fmt: skip

    def act(given: Mapping[str, Any]) -> None:
        if given.get("do") == "show" and given.get("turn") in turn.versions:
            show(int(given["turn"]))
        elif given.get("do") == "again":
            ask(None)
        elif given.get("do") == "ask" and (text := str(given["text"]).strip()):
            ask(text)

    _versions.draw(key, data, {"act": act})
