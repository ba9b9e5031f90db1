"""Form fields of the drawing tools: options, size, and the part of a picture."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from assistant.build import tools
from assistant.contract import intents
from assistant.contract.intents import Intent
from assistant.i18n.translation import N_, _
from assistant.ui import resources
from assistant.ui.components.tools import mask

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


def options(key: str) -> dict[str, Any]:
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


def negative(key: str) -> str:
    """The text written under `options`."""
    return str(st.session_state.get(f"{key}-negative", "")).strip()


def size(key: str) -> tuple[int, int] | None:
    """Width and height in pixels; None is the model's default."""
    picked = st.segmented_control(
        _("Size"), list(_SIZES), default="", key=f"{key}-size",
        format_func=lambda size: f"{_(_SIZES[size])} {size}".strip(),
    )  # fmt: skip
    if not picked:
        return None
    width, height = picked.split("x")
    return int(width), int(height)


def edit(picture: Path, start: Start) -> Intent | None:
    """All of a picture, a part that is painted over, more of it, or another one like it."""
    part = st.segmented_control(
        _("What should change"), list(_PARTS), default="all", required=True, key="edit-part",
        format_func=lambda part: _(_PARTS[part]),
    )  # fmt: skip
    if part == "vary":
        how_far = _strength("edit-vary")
        return intents.Vary(picture, how_far) if start(N_("Vary"), True) else None
    prompt = st.text_input(_("What should appear there"), key="edit-prompt").strip()
    how = options("edit")
    grow = _edges() if part == "grow" else None
    masked = (
        mask.draw(picture, f"mask-{picture.parent.name}-{picture.stem}") if part == "mask" else None
    )
    strength = _strength("edit-all") if part == "all" else None
    if not start(N_("Edit"), prompt and (part != "mask" or masked)):
        return None
    kept = _save_mask(masked) if masked else None
    return intents.Edit(picture, prompt, kept, grow, strength, **how, negative=negative("edit"))


def _save_mask(masked: bytes) -> Path:
    """Raises AssistantError."""
    path = tools.output_files(resources.settings()).path(".mask.png")
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
