"""The dialog of all tools: the needs of each, and a button that starts it as a turn of the chat."""

import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import streamlit as st

from assistant import attachments
from assistant.attachments import AttachmentKind
from assistant.contract import intents
from assistant.contract.facts import Offer
from assistant.contract.intents import Intent
from assistant.errors import AssistantError
from assistant.i18n.translation import N_, _, size, told
from assistant.models.catalogue import missing_extra
from assistant.ui import drawing, resources, session
from assistant.ui import session as conversation
from assistant.ui.background import Fetch, RunningAnswer
from assistant.ui.library_queue import let_go
from assistant.ui.widgets import as_html, plain
from assistant.wiring import chosen_models
from assistant.wiring.chosen_models import missing_defaults
from ingest.errors import PinciteError

# -- Offers a model that is not installed, with a button that fetches it


def draw_model_offers(answer: Mapping[str, Any], again: Callable[[], None]) -> None:
    """Draw the offer under an answer that needs a model; `again` repeats the request once it is
    here."""
    for offer in answer.get("offers", ()):
        with st.container(key=f"offer-{answer['id']}-{offer['name']}", border=True):
            st.markdown(plain(describe_offer(offer)))
            fetch = resources.fetches().of(offer["name"])
            if fetch and not fetch.ended:
                _progress(offer["name"])
            elif fetch and not fetch.error:
                key = f"again-{answer['id']}-{offer['name']}"
                st.button(_("Try again"), key=key, on_click=again, type="primary")
            else:
                _button(answer["id"], offer["name"], fetch)


def describe_offer(offer: Mapping[str, Any]) -> str:
    """Its name, size, licence and cost here."""
    weighs = size(offer["bytes"]) if offer["bytes"] else _("size unknown")
    extra = missing_extra(offer["role"])
    needs = _("needs {extra}", extra=extra) if extra else ""
    notes = [note for note in (told(offer["note"]), needs) if note]
    return " · ".join([offer["name"], weighs, offer["licence"], *notes])


def _button(identity: str, name: str, before: Fetch | None) -> None:
    if before and before.error:
        st.error(plain(told(before.error)))
    if resources.is_owner() and st.button(
        _("Fetch it"), key=f"fetch-{identity}-{name}", icon=":material/download:"
    ):
        resources.fetches().start(name)
        st.rerun()


@st.fragment(run_every=0.5)
def _progress(name: str) -> None:
    fetch = resources.fetches().of(name)
    if fetch is None or fetch.ended:
        st.rerun()
    else:
        st.progress(fetch.share, text=plain(told(fetch.doing)))


# -- Offers the default models where Pincite is opened without them


def draw_first_models() -> None:
    """Draw an offer for each; nothing for visitors, who cannot fetch."""
    if not resources.is_owner():
        return
    if missing := missing_defaults(resources.settings()):
        _offer(missing)


def _offer(missing: Sequence[Offer]) -> None:
    if any(offer.role == "chat" for offer in missing):
        st.caption(_("No chat model is installed; `pincite models pull` gets one."))
    if any(offer.role == "embedding" for offer in missing):
        st.caption(
            _("One model searches documents in English, another one those in other languages.")
        )
    rows = {"id": "first", "offers": [vars(offer) for offer in missing]}
    draw_model_offers(rows, resources.renew_answering)


# -- Takes spoken questions: transcribes the microphone in the background, shows the words as they
# come, then asks.

_KEY = "spoken"  # in the session's state: what is being heard
NOTHING = N_("The recording contains no speech.")

AskWithFiles = Callable[[str, Sequence[Path]], None]  # words, and files that came with them


class Recorded(Protocol):
    """A recording from the browser."""

    name: str

    def getbuffer(self) -> memoryview: ...


class Spoken:
    """A recording in progress; its file is deleted once it is transcribed."""

    def __init__(
        self, recorded: Recorded, before: str, files: Sequence[Path], conversation: str = ""
    ) -> None:
        """`before` are words that were typed beside it, `files` were attached; empty is a
        conversation that has not begun.

        Raises AssistantError.
        """
        self.before = before
        self.files = files
        self.conversation = conversation
        folder = tempfile.mkdtemp(prefix="pincite-spoken-")
        # Also when the tab is closed meanwhile, and its session is dropped.
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._path = Path(folder) / "recording.wav"
        try:
            self._path.write_bytes(recorded.getbuffer())
        except OSError as error:
            raise AssistantError(
                f"The recording could not be saved in {folder}: {error.strerror}."
            ) from error
        self.listen()

    def listen(self) -> None:
        """Start to listen; also again, when a speech model has been fetched."""
        tool = chosen_models.transcribing(resources.settings())
        self.running = RunningAnswer(tool.transcription(self._path))

    @property
    def words(self) -> str:
        """The typed words and the transcript so far."""
        return " ".join([*self.before.split(), *self.running.reply.so_far.split()])

    def forget(self) -> None:
        """Stop listening, and remove the file."""
        self.running.stop()
        self._remove()


def take_recording(recorded: Recorded, before: str, files: Sequence[Path]) -> None:
    """Begin to listen. Raises PinciteError."""
    forget()
    st.session_state[_KEY] = Spoken(recorded, before, files, conversation.current())


def forget() -> None:
    """Discard the present recording, if there is one."""
    if spoken := st.session_state.pop(_KEY, None):
        spoken.forget()


def microphone_busy() -> bool:
    """Whether a recording of this conversation is in progress."""
    spoken: Spoken | None = st.session_state.get(_KEY)
    return spoken is not None and spoken.conversation == conversation.current()


def draw_transcript(ask: AskWithFiles) -> None:
    """Draw the transcript in the place of the next question; `ask` asks it."""
    spoken: Spoken | None = st.session_state.get(_KEY)
    if spoken is None:
        return
    outcome = spoken.running.reply.outcome
    if not spoken.running.done:
        _live(spoken)
    elif outcome and outcome.offers:
        st.info(plain(told(outcome.text)), icon=":material/mic_off:")
        missing = [vars(offer) for offer in outcome.offers]
        draw_model_offers({"id": "spoken", "offers": missing}, spoken.listen)
        st.button(_("Discard the recording"), key="forget-spoken", on_click=forget)
    else:
        _ask_spoken(spoken, ask)
        st.rerun()


@st.fragment(run_every=0.25)
def _live(spoken: Spoken) -> None:
    """Draw the transcript so far; at its end, draw the whole page with the question."""
    if spoken.running.done:
        st.rerun()
    words = spoken.words
    st.html(f'<div class="question"><span>{as_html(words or "…")}</span></div>')
    with st.container(horizontal=True, vertical_alignment="center", key="listening"):
        st.caption(plain(f"{told(spoken.running.reply.activity.stage) or _('Listening')}…"))
        st.button(_("Stop"), icon=":material/stop_circle:", key="stop-listening", on_click=forget)


def _ask_spoken(spoken: Spoken, ask: AskWithFiles) -> None:
    """At the end, ask the words, or say why there are none."""
    forget()
    if spoken.running.error:
        conversation.keep_error(spoken.running.error)
    elif not spoken.running.reply.so_far.strip():
        conversation.keep_error(NOTHING)
    else:
        ask(spoken.words, spoken.files)


# -- Shows the chosen tool and why; one click asks the documents instead

# What a tool has done, as people say it.
DONE = {
    "draw": N_("Drawn"), "edit": N_("Changed"), "vary": N_("Varied"), "enhance": N_("Enhanced"),
    "describe": N_("Described"), "clip": N_("Watched"), "transcribe": N_("Written down"),
    "speak": N_("Spoken"), "translate": N_("Translated"), "chart": N_("Charted"),
}  # fmt: skip


_FILES = ("draw", "edit", "vary", "enhance", "speak", "chart")  # tools whose result is a file


def has_worked(answer: Mapping[str, Any]) -> bool:
    """Whether the tool has done what its name says: not without the model that it needs, and not
    where the answer is a refusal."""
    if answer["tool"] in _FILES:
        return bool(answer.get("images") or answer.get("audio"))
    return bool(answer["answer"]) and not answer["refused"]


def _sentence(done: str, why: str) -> str:
    return _("{done}, because of {why}.", done=done, why=why) if why else f"{done}."


def draw_tool_choice(answer: Mapping[str, Any], instead: Callable[[], None]) -> None:
    """Draw nothing for an answer. `instead` asks the documents the same question."""
    done = DONE.get(answer["tool"])
    if done is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key=f"tool-{answer['id']}"):
        if has_worked(answer):
            st.caption(plain(_sentence(_(done), answer.get("why", ""))))
        if answer.get("why"):  # a tool that was chosen by a command or a button
            st.button(
                _("Ask the documents instead"), key=f"instead-{answer['id']}", on_click=instead,
                type="tertiary", icon=":material/undo:",
            )  # fmt: skip


AskWithIntent = Callable[[str, Intent], None]

_OPEN = "tools-open"
_TOOLS = {
    "draw": N_("Draw"), "edit": N_("Edit a picture"), "enhance": N_("Enhance"),
    "describe": N_("Describe"), "translate": N_("Translate"), "transcribe": N_("Transcribe"),
    "clip": N_("Watch a clip"), "speak": N_("Read aloud"), "chart": N_("Chart"),
}  # fmt: skip


_CHARTS = {"": N_("What suits"), "bar": N_("Bar"), "line": N_("Line"), "pie": N_("Pie")}
_KINDS: dict[tuple[AttachmentKind, ...], str] = {
    ("picture",): N_("Picture"), ("video",): N_("Video"),
    ("recording", "video"): N_("Recording or video"),
}  # fmt: skip


def draw_tools_button(busy: bool, ask: AskWithIntent) -> None:
    """Draw the button above the input; `ask` receives words for the conversation, and the
    intent."""
    with st.bottom, st.container(key="tools", horizontal=True):
        st.button(
            _("Tools"), icon=":material/handyman:", disabled=busy, key="open-tools",
            on_click=_stay, args=(True,),
            type="tertiary",
        )  # fmt: skip
    if st.session_state.get(_OPEN) and not busy:
        # At each call, for the title in the language of the visitor.
        st.dialog(_("Tools"), width="medium", on_dismiss=lambda: _stay(False))(_dialog)(ask)


def _stay(open: bool) -> None:
    """Keep the dialog open when the page is drawn again under it."""
    st.session_state[_OPEN] = open


def _dialog(ask: AskWithIntent) -> None:
    picked = st.pills(
        _("What to do"), list(_TOOLS), format_func=lambda tool: _(_TOOLS[tool]), default="draw",
        required=True, key="tool", label_visibility="collapsed",
    )  # fmt: skip
    try:
        intent = _FORMS[picked or "draw"]()
        if intent is not None:
            _stay(False)
            ask(command_of(intent), intent)
            st.rerun()
    except PinciteError as error:
        st.error(plain(told(str(error))))


def command_of(intent: Intent) -> str:
    """The command that would have done it, for the conversation: "/draw a lighthouse"."""
    words = (getattr(intent, field, "") for field in ("prompt", "question", "text", "what"))
    return " ".join(filter(None, (f"/{intents.name(intent)}", *words)))


def _draw() -> Intent | None:
    prompt = st.text_area(
        _("What the picture shows"), key="draw-prompt", placeholder=_("A lighthouse…")
    )
    how = drawing.drawing_options("draw")
    size = drawing.picture_size("draw")
    if not _start(N_("Draw"), bool(prompt.strip())):
        return None
    return intents.Draw(prompt.strip(), size, **how, negative=drawing.negative_prompt("draw"))


def _edit() -> Intent | None:
    picture = _picture("edit")
    return drawing.edit_form(picture, _start) if picture else None


def _enhance() -> Intent | None:
    picture = _picture("enhance")
    scale = st.segmented_control(
        _("How much larger"), [1, 2, 4], default=4, required=True, key="enhance-scale",
        format_func=lambda scale: (
            _("Only sharper") if scale == 1 else _("{scale} times", scale=scale)
        ),
    )  # fmt: skip
    started = _start(N_("Enhance"), picture)
    return intents.Enhance(picture, scale or 4) if started and picture else None


def _describe() -> Intent | None:
    picture = _picture("describe")
    question = st.text_input(_("A question about it, if you have one"), key="describe-question")
    if not _start(N_("Describe"), picture) or picture is None:
        return None
    return intents.Describe((picture,), question.strip())


def _translate() -> Intent | None:
    picture = _picture("translate")
    language = st.text_input(_("Target language"), key="translate-to", placeholder=_("English"))
    if not _start(N_("Translate"), picture) or picture is None:
        return None
    return intents.Translate(picture, language.strip())


def _transcribe() -> Intent | None:
    recording = _file("transcribe", ("recording", "video"))
    started = _start(N_("Transcribe"), recording)
    return intents.Transcribe(recording) if started and recording else None


def _clip() -> Intent | None:
    video = _file("clip", ("video",))
    question = st.text_input(_("A question about it, if you have one"), key="clip-question")
    started = _start(N_("Watch"), video)
    return intents.Clip(video, question.strip()) if started and video else None


def _speak() -> Intent | None:
    text = st.text_area(_("Text to read aloud"), key="speak-text")
    started = _start(N_("Read aloud"), bool(text.strip()))
    return intents.Speak(text.strip()) if started else None


def _chart() -> Intent | None:
    what = st.text_input(_("Numbers to plot"), key="chart-what",
                         placeholder=_("Employees by site in 2026"))  # fmt: skip
    kind = st.segmented_control(
        _("As"), list(_CHARTS), default="", key="chart-kind",
        format_func=lambda kind: _(_CHARTS[kind]),
    )  # fmt: skip
    started = _start(N_("Chart"), bool(what.strip()))
    return intents.Chart(what.strip(), kind or "") if started else None


_FORMS: dict[str, Callable[[], Intent | None]] = {
    "draw": _draw, "edit": _edit, "enhance": _enhance, "describe": _describe,
    "translate": _translate, "transcribe": _transcribe, "clip": _clip, "speak": _speak,
    "chart": _chart,
}  # fmt: skip


def _start(label: str, ready: Any) -> bool:
    """Whether it was pressed. Fields are read when they lose the focus, so it is never greyed
    out: a click that comes first would be lost."""
    pressed = st.button(_(label), type="primary", key=f"start-{label}")
    if pressed and not ready:
        st.warning(_("Fill in the fields above first."))
    return pressed and bool(ready)


def _picture(tool: str) -> Path | None:
    return _file(tool, ("picture",))


def _file(tool: str, kinds: Sequence[AttachmentKind]) -> Path | None:
    """One that is chosen now, else the last one of the conversation."""
    suffixes = [
        suffix
        for suffix in attachments.SUFFIXES
        if attachments.attachment_kind(Path(f"a{suffix}")) in kinds
    ]
    dropped = st.file_uploader(_(_KINDS[tuple(kinds)]), suffixes, key=f"{tool}-file")
    if dropped is not None:
        return _save_once(dropped)
    last = _last(kinds)
    if last is not None:
        st.caption(
            plain(_("Without a file, the last one of this conversation: {file}", file=last.name))
        )
    return last


def _save_once(dropped: Any) -> Path:
    """Saved once, although the dialog is drawn again with each click."""
    known: dict[str, Path] = st.session_state.setdefault("dropped", {})
    if dropped.file_id not in known:
        folder = resources.settings().home / "attached"
        known[dropped.file_id] = attachments.keep_files([dropped], folder)[0]
        let_go([dropped])
    return known[dropped.file_id]


def _last(kinds: Sequence[AttachmentKind]) -> Path | None:
    identity = session.current()
    turns = resources.assistant().conversations.history(identity) if identity else []
    files = [
        path for turn in turns for path in turn.files if attachments.attachment_kind(path) in kinds
    ]
    return next((path for path in reversed(files) if path.exists()), None)
