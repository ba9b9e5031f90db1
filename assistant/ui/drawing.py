"""Form fields of the drawing tools: options, size, and the part of a picture."""

import base64
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from assistant.contract import intents
from assistant.contract.intents import Intent
from assistant.i18n.translation import N_, _
from assistant.ui import resources, widgets
from assistant.ui.widgets import read, script
from assistant.wiring import composition
from ingest.errors import UnreadableFile
from ingest.images import image_file

if TYPE_CHECKING:
    from PIL.Image import Image


# -- A picture to paint over with a mouse or a finger: the painted area becomes a mask

_SHOWN = 1024  # pixels of the long side, at most: the mask is as large, and scaled afterwards
_PNG = "data:image/png;base64,"

_component = st.components.v2.component(
    "pincite_mask",
    html='<div class="mask"></div>',
    css=read("mask.css"),
    js=script("mask"),
)


def draw_mask(path: Path, key: str) -> bytes | None:
    """The mask as a PNG of the picture's shape, white where it was painted; None: nowhere.

    Raises UnreadableFile.
    """
    shown = _preview(path)
    data = {"picture": _url(shown), "width": shown.width, "height": shown.height, "words": _words()}
    result = _component(key=key, data=data, on_mask_change=lambda: None)
    return decode_mask(result)


def _words() -> dict[str, str]:
    """Of mask.js."""
    return {
        "picture": _("The picture that is edited"),
        "paint": _("Paint over what is to change"),
        "brush": _("Brush"),
        "size": _("Brush size"),
        "undo": _("Undo"),
        "clear": _("Clear"),
    }


def decode_mask(result: Mapping[str, Any]) -> bytes | None:
    """What the browser sent, if it is a PNG."""
    sent = result.get("mask")
    if not isinstance(sent, str) or not sent.startswith(_PNG):
        return None
    try:
        return base64.b64decode(sent.removeprefix(_PNG), validate=True)
    except ValueError:
        return None


@st.cache_data(max_entries=4, show_spinner=False)
def _small(path: str, modified: float) -> "Image":
    for frame in image_file.frames(Path(path)):
        if frame is not None:
            frame[0].thumbnail((_SHOWN, _SHOWN))
            return frame[0]
    raise UnreadableFile(f"{Path(path).name} is a damaged picture.")


def _preview(path: Path) -> "Image":
    return _small(str(path), path.stat().st_mtime)


def _url(picture: "Image") -> str:
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=90)
    return widgets.jpeg_address(data.getvalue())


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

Start = Callable[[str, Any], bool]


def drawing_options(key: str) -> dict[str, Any]:
    """`steps`, `seed` and `guidance`; None is the model's default."""
    with st.expander(_("How")):
        st.text_input(_("What the picture must not show"), key=f"{key}-negative")
        steps, seed, guidance = st.columns(3)
        return {
            "steps": steps.number_input(_("Steps"), 1, 150, None, key=f"{key}-steps"),
            "seed": seed.number_input(_("Seed"), 0, 2**32 - 1, None, key=f"{key}-seed",
                                      help=_("The same seed gives the same picture")),
            "guidance": guidance.number_input(_("Guidance"), 0.0, 30.0, None, key=f"{key}-guidance",
                                              help=_("How closely the prompt is followed")),
        }  # fmt: skip


def negative_prompt(key: str) -> str:
    """The text written under `options`."""
    return str(st.session_state.get(f"{key}-negative", "")).strip()


def picture_size(key: str) -> tuple[int, int] | None:
    """Width and height in pixels; None is the model's default."""
    picked = st.segmented_control(
        _("Size"), list(_SIZES), default="", key=f"{key}-size",
        format_func=lambda size: f"{_(_SIZES[size])} {size}".strip(),
    )  # fmt: skip
    if not picked:
        return None
    width, height = picked.split("x")
    return int(width), int(height)


def edit_form(picture: Path, start: Start) -> Intent | None:
    """All of a picture, a part that is painted over, more of it, or another one like it."""
    part = st.segmented_control(
        _("What should change"), list(_PARTS), default="all", required=True, key="edit-part",
        format_func=lambda part: _(_PARTS[part]),
    )  # fmt: skip
    if part == "vary":
        how_far = _strength("edit-vary")
        return intents.Vary(picture, how_far) if start(N_("Vary"), True) else None
    prompt = st.text_input(_("What should appear there"), key="edit-prompt").strip()
    how = drawing_options("edit")
    grow = _edges() if part == "grow" else None
    masked = (
        draw_mask(picture, f"mask-{picture.parent.name}-{picture.stem}") if part == "mask" else None
    )
    strength = _strength("edit-all") if part == "all" else None
    if not start(N_("Edit"), prompt and (part != "mask" or masked)):
        return None
    kept = _save_mask(masked) if masked else None
    return intents.Edit(
        picture, prompt, kept, grow, strength, **how, negative=negative_prompt("edit")
    )


def _save_mask(masked: bytes) -> Path:
    """Raises AssistantError."""
    path = composition.output_files(resources.settings()).path(".mask.png")
    path.write_bytes(masked)
    return path


def _strength(key: str) -> float:
    return st.slider(_("How different"), 0.1, 1.0, 0.6, key=key)


def _edges() -> tuple[int, int, int, int]:
    columns = st.columns(4)
    names = (N_("Left"), N_("Top"), N_("Right"), N_("Bottom"))
    given = [column.number_input(_(name), 0, 1024, 64, step=8, key=f"grow-{name}")
             for column, name in zip(columns, names, strict=True)]  # fmt: skip
    return given[0], given[1], given[2], given[3]
