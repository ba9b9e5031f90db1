"""The dialog of all tools: the needs of each, and a button that starts it as a turn of the chat."""

import base64
import io
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from assistant import attachments
from assistant.attachments import AttachmentKind
from assistant.contract import intents
from assistant.contract.intents import Intent
from assistant.i18n.translation import N_, _
from assistant.ui import resources, session, widgets
from assistant.ui.library.library_queue import let_go
from assistant.ui.widgets import Component, choose_one, plain
from assistant.wiring import composition

AskWithIntent = Callable[[str, Intent], None]
Make = Callable[[], Intent]  # what a form has said; None where it is not complete

_OPEN = "tools-open"
_CHARTS = {"": N_("What suits"), "bar": N_("Bar"), "line": N_("Line"), "pie": N_("Pie")}
_KINDS: dict[tuple[AttachmentKind, ...], str] = {
    ("picture",): N_("Picture"), ("video",): N_("Video"),
    ("recording", "video"): N_("Recording or video"),
}  # fmt: skip


def stay(is_open: bool) -> None:
    """Whether the next drawings of the page open the dialog."""
    st.session_state[_OPEN] = is_open


def draw_tools(busy: bool, ask: AskWithIntent) -> None:
    """Draw the dialog where it is open; `ask` receives words for the conversation, and the
    intent."""
    if st.session_state.get(_OPEN) and not busy:
        # At each call, for the title in the language of the visitor.
        st.dialog(_("Tools"), width="medium", on_dismiss=lambda: stay(False))(_dialog)(ask)


@widgets.errors_shown()
def _dialog(ask: AskWithIntent) -> None:
    picked = st.pills(
        _("What to do"), list(_TOOLS), format_func=lambda tool: _(_TOOLS[tool][0]), default="draw",
        required=True, key="tool", label_visibility="collapsed",
    )  # fmt: skip
    _name, label, form = _TOOLS[picked]
    make = form()
    if picked == "edit" and st.session_state.get("edit-part") == "vary":
        label = N_("Vary")
    # Fields are read when they lose the focus, so it is never greyed out: a click that comes first
    # would be lost.
    if not st.button(_(label), type="primary", key=f"start-{label}"):
        return
    if make is None:
        st.warning(_("Fill in the fields above first."))
        return
    intent = make()
    ask(command_of(intent), intent)
    stay(False)
    st.rerun()


def command_of(intent: Intent) -> str:
    """The command that would have done it, for the conversation: "/draw a lighthouse"."""
    words = (getattr(intent, field, "") for field in ("prompt", "question", "text", "what"))
    return " ".join(filter(None, (f"/{intents.name(intent)}", *words)))


def _draw() -> Make | None:
    prompt = st.text_area(
        _("What the picture shows"), key="draw-prompt", placeholder=_("A lighthouse…")
    ).strip()
    how = _drawing_options("draw")
    size = _picture_size("draw")
    return partial(intents.Draw, prompt, size, **how) if prompt else None


def _enhance() -> Make | None:
    picture = _file("enhance", ("picture",))
    scale = st.segmented_control(
        _("How much larger"), [1, 2, 4], default=4, required=True, key="enhance-scale",
        format_func=lambda scale: (
            _("Only sharper") if scale == 1 else _("{scale} times", scale=scale)
        ),
    )  # fmt: skip
    return partial(intents.Enhance, picture, scale or 4) if picture else None


def _describe() -> Make | None:
    picture = _file("describe", ("picture",))
    question = st.text_input(_("A question about it, if you have one"), key="describe-question")
    return partial(intents.Describe, (picture,), question.strip()) if picture else None


def _translate() -> Make | None:
    picture = _file("translate", ("picture",))
    language = st.text_input(_("Target language"), key="translate-to", placeholder=_("English"))
    return partial(intents.Translate, picture, language.strip()) if picture else None


def _transcribe() -> Make | None:
    recording = _file("transcribe", ("recording", "video"))
    return partial(intents.Transcribe, recording) if recording else None


def _clip() -> Make | None:
    video = _file("clip", ("video",))
    question = st.text_input(_("A question about it, if you have one"), key="clip-question")
    return partial(intents.Clip, video, question.strip()) if video else None


def _speak() -> Make | None:
    text = st.text_area(_("Text to read aloud"), key="speak-text").strip()
    return partial(intents.Speak, text) if text else None


def _chart() -> Make | None:
    what = st.text_input(_("Numbers to plot"), key="chart-what",
                         placeholder=_("Employees by site in 2026")).strip()  # fmt: skip
    kind = choose_one(_("As"), _CHARTS, "chart-kind")
    return partial(intents.Chart, what, kind) if what else None


def _file(tool: str, kinds: Sequence[AttachmentKind]) -> Path | None:
    """One that is chosen now, else the last one of the conversation."""
    label = _(_KINDS[tuple(kinds)])
    dropped = st.file_uploader(label, attachments.suffixes_of(kinds), key=f"{tool}-file")
    if dropped is not None:  # saved once, although the dialog is drawn again with each click
        known: dict[str, Path] = st.session_state.setdefault("dropped", {})
        if dropped.file_id not in known:
            folder = resources.settings().home / "attached"
            known[dropped.file_id] = attachments.keep_files([dropped], folder)[0]
            let_go([dropped])
        return known[dropped.file_id]
    if last := _last(kinds):
        told = _("Without a file, the last one of this conversation: {file}", file=last.name)
        st.caption(plain(told))
    return last


def _last(kinds: Sequence[AttachmentKind]) -> Path | None:
    identity = session.current()
    turns = resources.assistant().conversations.history(identity) if identity else []
    files = [
        path for turn in turns for path in turn.files if attachments.attachment_kind(path) in kinds
    ]
    return next((path for path in reversed(files) if path.exists()), None)


# -- Form fields of the drawing tools: options, size, and the part of a picture
# A picture to paint over with a mouse or a finger: the painted area becomes a mask

_SHOWN = 1024  # pixels of the long side, at most: the mask is as large, and scaled afterwards
_PNG = "data:image/png;base64,"

_mask = Component(
    "mask",
    '<div class="mask"></div>',
    words={
        "picture": N_("The picture that is edited"),
        "paint": N_("Paint over what is to change"),
        "brush": N_("Brush"),
        "size": N_("Brush size"),
        "undo": N_("Undo"),
        "clear": N_("Clear"),
    },
)


def draw_mask(path: Path, key: str) -> bytes | None:
    """The mask as a PNG of the picture's shape, white where it was painted; None: nowhere.

    Raises UnreadableFile.
    """
    shown, jpeg = widgets.small_picture(path, _SHOWN), io.BytesIO()
    shown.save(jpeg, "JPEG", quality=90)
    address = widgets.jpeg_address(jpeg.getvalue())
    data = {"picture": address, "width": shown.width, "height": shown.height}
    sent = str(_mask.draw(key, data, {"mask": bool}).get("mask"))
    with suppress(ValueError):  # a browser can send anything
        if sent.startswith(_PNG):
            return base64.b64decode(sent.removeprefix(_PNG), validate=True)
    return None


_SIZES = {
    "": N_("The model's own size"), "512x512": N_("Square"), "768x512": N_("Wide"),
    "512x768": N_("High"),
}  # fmt: skip
_PARTS = {
    "all": N_("All of it"),
    "mask": N_("A part of it"),
    "grow": N_("Beyond the edges"),
    "vary": N_("A similar picture"),
}


def _drawing_options(key: str) -> dict[str, Any]:
    """`steps`, `seed`, `guidance` and `negative`; None is the model's default."""
    with st.expander(_("How")):
        negative = st.text_input(_("What the picture must not show"), key=f"{key}-negative")
        steps, seed, guidance = st.columns(3)
        return {
            "steps": steps.number_input(_("Steps"), 1, 150, None, key=f"{key}-steps"),
            "seed": seed.number_input(_("Seed"), 0, 2**32 - 1, None, key=f"{key}-seed",
                                      help=_("The same seed gives the same picture")),
            "guidance": guidance.number_input(_("Guidance"), 0.0, 30.0, None, key=f"{key}-guidance",
                                              help=_("How closely the prompt is followed")),
            "negative": negative.strip(),
        }  # fmt: skip


def _picture_size(key: str) -> tuple[int, int] | None:
    """Width and height in pixels; None is the model's default."""
    picked = st.segmented_control(
        _("Size"), list(_SIZES), default="", key=f"{key}-size",
        format_func=lambda size: f"{_(_SIZES[size])} {size}".strip(),
    )  # fmt: skip
    if not picked:
        return None
    width, height = picked.split("x")
    return int(width), int(height)


def _edit() -> Make | None:
    """All of a picture, a part that is painted over, more of it, or another one like it."""
    if (picture := _file("edit", ("picture",))) is None:
        return None
    part = choose_one(_("What should change"), _PARTS, "edit-part")
    if part == "vary":
        return partial(intents.Vary, picture, _strength("edit-vary"))
    prompt = st.text_input(_("What should appear there"), key="edit-prompt").strip()
    how = _drawing_options("edit")
    grow = _edges() if part == "grow" else None
    key = f"mask-{picture.parent.name}-{picture.stem}"
    masked = draw_mask(picture, key) if part == "mask" else None
    strength = _strength("edit-all") if part == "all" else None

    def make() -> Intent:
        kept = None
        if masked:
            kept = composition.output_files(resources.settings()).path(".mask.png")
            kept.write_bytes(masked)
        return intents.Edit(picture, prompt, kept, grow, strength, **how)

    return make if prompt and (masked or part != "mask") else None


def _strength(key: str) -> float:
    return st.slider(_("How different"), 0.1, 1.0, 0.6, key=key)


def _edges() -> tuple[int, int, int, int]:
    columns = st.columns(4)
    names = (N_("Left"), N_("Top"), N_("Right"), N_("Bottom"))
    given = [column.number_input(_(name), 0, 1024, 64, step=8, key=f"grow-{name}")
             for column, name in zip(columns, names, strict=True)]  # fmt: skip
    return given[0], given[1], given[2], given[3]


# What each is called, what its button says, and its form.
_TOOLS: dict[str, tuple[str, str, Callable[[], Make | None]]] = {
    "draw": (N_("Draw"), N_("Draw"), _draw),
    "edit": (N_("Edit a picture"), N_("Edit"), _edit),
    "enhance": (N_("Enhance"), N_("Enhance"), _enhance),
    "describe": (N_("Describe"), N_("Describe"), _describe),
    "translate": (N_("Translate"), N_("Translate"), _translate),
    "transcribe": (N_("Transcribe"), N_("Transcribe"), _transcribe),
    "clip": (N_("Watch a clip"), N_("Watch"), _clip),
    "speak": (N_("Read aloud"), N_("Read aloud"), _speak),
    "chart": (N_("Chart"), N_("Chart"), _chart),
}
