"""The dialog of all tools: the needs of each, and a button that starts it as a turn of the chat."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from assistant.attachments import attached_files
from assistant.attachments.attached_files import Kind
from assistant.contract import intents
from assistant.contract.intents import Intent
from assistant.ui import resources, session
from assistant.ui.components.escaping import plain
from assistant.ui.components.tools import image_forms
from ingest.errors import PinciteError

Ask = Callable[[str, Intent], None]

_OPEN = "tools-open"
_TOOLS = {
    "draw": "Draw", "edit": "Edit a picture", "enhance": "Enhance", "describe": "Describe",
    "translate": "Translate", "transcribe": "Transcribe", "clip": "Watch a clip",
    "speak": "Read aloud", "chart": "Chart",
}  # fmt: skip


def button(busy: bool, ask: Ask) -> None:
    """Draw the button above the input; `ask` receives words for the conversation, and the
    intent."""
    with st.bottom, st.container(key="tools", horizontal=True):
        st.button(
            "Tools", icon=":material/handyman:", disabled=busy, key="open-tools",
            on_click=_stay, args=(True,),
            type="tertiary",
        )  # fmt: skip
    if st.session_state.get(_OPEN) and not busy:
        _dialog(ask)


def _stay(open: bool) -> None:
    """Keep the dialog open when the page is drawn again under it."""
    st.session_state[_OPEN] = open


@st.dialog("Tools", width="medium", on_dismiss=lambda: _stay(False))
def _dialog(ask: Ask) -> None:
    picked = st.pills(
        "What to do", list(_TOOLS), format_func=_TOOLS.__getitem__, default="draw",
        required=True, key="tool", label_visibility="collapsed",
    )  # fmt: skip
    try:
        intent = _FORMS[picked or "draw"]()
        if intent is not None:
            _stay(False)
            ask(command_of(intent), intent)
            st.rerun()
    except PinciteError as error:
        st.error(plain(error))


def command_of(intent: Intent) -> str:
    """The command that would have done it, for the conversation: "/draw a lighthouse"."""
    words = (getattr(intent, field, "") for field in ("prompt", "question", "text", "what"))
    return " ".join(filter(None, (f"/{intents.name(intent)}", *words)))


def _draw() -> Intent | None:
    prompt = st.text_area("What the picture shows", key="draw-prompt", placeholder="A lighthouse…")
    how = image_forms.options("draw")
    size = image_forms.size("draw")
    if not _start("Draw", bool(prompt.strip())):
        return None
    return intents.Draw(prompt.strip(), size, **how, negative=image_forms.negative("draw"))


def _edit() -> Intent | None:
    picture = _picture("edit")
    return image_forms.edit(picture, _start) if picture else None


def _enhance() -> Intent | None:
    picture = _picture("enhance")
    scale = st.segmented_control(
        "How much larger", [1, 2, 4], default=4, required=True, key="enhance-scale",
        format_func=lambda scale: "Only sharper" if scale == 1 else f"{scale} times",
    )  # fmt: skip
    return intents.Enhance(picture, scale or 4) if _start("Enhance", picture) and picture else None


def _describe() -> Intent | None:
    picture = _picture("describe")
    question = st.text_input("A question about it, if you have one", key="describe-question")
    if not _start("Describe", picture) or picture is None:
        return None
    return intents.Describe((picture,), question.strip())


def _translate() -> Intent | None:
    picture = _picture("translate")
    language = st.text_input("Target language", key="translate-to", placeholder="English")
    if not _start("Translate", picture) or picture is None:
        return None
    return intents.Translate(picture, language.strip())


def _transcribe() -> Intent | None:
    recording = _file("transcribe", ("recording", "video"))
    started = _start("Transcribe", recording)
    return intents.Transcribe(recording) if started and recording else None


def _clip() -> Intent | None:
    video = _file("clip", ("video",))
    question = st.text_input("A question about it, if you have one", key="clip-question")
    return intents.Clip(video, question.strip()) if _start("Watch", video) and video else None


def _speak() -> Intent | None:
    text = st.text_area("Text to read aloud", key="speak-text")
    return intents.Speak(text.strip()) if _start("Read aloud", bool(text.strip())) else None


def _chart() -> Intent | None:
    what = st.text_input("Numbers to plot", key="chart-what",
                         placeholder="Employees by site in 2026")  # fmt: skip
    kind = st.segmented_control(
        "As", ["", "bar", "line", "pie"], default="", key="chart-kind",
        format_func=lambda kind: kind.capitalize() or "What suits",
    )  # fmt: skip
    return intents.Chart(what.strip(), kind or "") if _start("Chart", bool(what.strip())) else None


_FORMS: dict[str, Callable[[], Intent | None]] = {
    "draw": _draw, "edit": _edit, "enhance": _enhance, "describe": _describe,
    "translate": _translate, "transcribe": _transcribe, "clip": _clip, "speak": _speak,
    "chart": _chart,
}  # fmt: skip


def _start(label: str, ready: Any) -> bool:
    """Whether it was pressed. Fields are read when they lose the focus, so it is never greyed
    out: a click that comes first would be lost."""
    pressed = st.button(label, type="primary", key=f"start-{label}")
    if pressed and not ready:
        st.warning("Fill in the fields above first.")
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
    dropped = st.file_uploader(" or ".join(kinds).capitalize(), suffixes, key=f"{tool}-file")
    if dropped is not None:
        return _save_once(dropped)
    last = _last(kinds)
    if last is not None:
        st.caption(plain(f"Without a file, the last one of this conversation: {last.name}"))
    return last


def _save_once(dropped: Any) -> Path:
    """Saved once, although the dialog is drawn again with each click."""
    known: dict[str, Path] = st.session_state.setdefault("dropped", {})
    if dropped.file_id not in known:
        folder = resources.settings().home / "attached"
        known[dropped.file_id] = attached_files.keep([dropped], folder)[0]
    return known[dropped.file_id]


def _last(kinds: Sequence[Kind]) -> Path | None:
    identity = session.current()
    turns = resources.assistant().conversations.history(identity) if identity else []
    files = [path for turn in turns for path in turn.files if attached_files.kind(path) in kinds]
    return next((path for path in reversed(files) if path.exists()), None)
