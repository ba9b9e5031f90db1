"""The dialog of all tools: the needs of each, and a button that starts it as a turn of the chat."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from assistant.attachments import attached_files
from assistant.attachments.attached_files import Kind
from assistant.contract import intents
from assistant.contract.intents import Intent
from assistant.i18n.told import told
from assistant.i18n.translation import N_, _
from assistant.ui import resources, session
from assistant.ui.components.escaping import plain
from assistant.ui.components.tools import image_forms
from assistant.ui.uploaded import let_go
from ingest.errors import PinciteError

Ask = Callable[[str, Intent], None]

_OPEN = "tools-open"
_TOOLS = {
    "draw": N_("Draw"), "edit": N_("Edit a picture"), "enhance": N_("Enhance"),
    "describe": N_("Describe"), "translate": N_("Translate"), "transcribe": N_("Transcribe"),
    "clip": N_("Watch a clip"), "speak": N_("Read aloud"), "chart": N_("Chart"),
}  # fmt: skip


_CHARTS = {"": N_("What suits"), "bar": N_("Bar"), "line": N_("Line"), "pie": N_("Pie")}
_KINDS: dict[tuple[Kind, ...], str] = {
    ("picture",): N_("Picture"), ("video",): N_("Video"),
    ("recording", "video"): N_("Recording or video"),
}  # fmt: skip


def button(busy: bool, ask: Ask) -> None:
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


def _dialog(ask: Ask) -> None:
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
    how = image_forms.options("draw")
    size = image_forms.size("draw")
    if not _start(N_("Draw"), bool(prompt.strip())):
        return None
    return intents.Draw(prompt.strip(), size, **how, negative=image_forms.negative("draw"))


def _edit() -> Intent | None:
    picture = _picture("edit")
    return image_forms.edit(picture, _start) if picture else None


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


def _file(tool: str, kinds: Sequence[Kind]) -> Path | None:
    """One that is chosen now, else the last one of the conversation."""
    suffixes = [
        suffix
        for suffix in attached_files.SUFFIXES
        if attached_files.kind(Path(f"a{suffix}")) in kinds
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
        known[dropped.file_id] = attached_files.keep([dropped], folder)[0]
        let_go([dropped])
    return known[dropped.file_id]


def _last(kinds: Sequence[Kind]) -> Path | None:
    identity = session.current()
    turns = resources.assistant().conversations.history(identity) if identity else []
    files = [path for turn in turns for path in turn.files if attached_files.kind(path) in kinds]
    return next((path for path in reversed(files) if path.exists()), None)
