"""Form fields of the drawing tools: options, size, and the part of a picture."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from assistant.build import tools
from assistant.contract import intents
from assistant.contract.intents import Intent
from assistant.ui import resources
from assistant.ui.components.tools import mask

_SIZES = {"": "The model's own size", "512x512": "Square", "768x512": "Wide", "512x768": "High"}
_PARTS = {
    "all": "All of it",
    "mask": "A part of it",
    "grow": "Beyond the edges",
    "vary": "A similar picture",
}

Start = Callable[[str, Any], bool]


def options(key: str) -> dict[str, Any]:
    """`steps`, `seed` and `guidance`; None is the model's default."""
    with st.expander("How"):
        st.text_input("What the picture must not show", key=f"{key}-negative")
        steps, seed, guidance = st.columns(3)
        return {
            "steps": steps.number_input("Steps", 1, 150, None, key=f"{key}-steps"),
            "seed": seed.number_input("Seed", 0, 2**32 - 1, None, key=f"{key}-seed",
                                      help="The same seed gives the same picture"),
            "guidance": guidance.number_input("Guidance", 0.0, 30.0, None, key=f"{key}-guidance",
                                              help="How closely the prompt is followed"),
        }  # fmt: skip


def negative(key: str) -> str:
    """The text written under `options`."""
    return str(st.session_state.get(f"{key}-negative", "")).strip()


def size(key: str) -> tuple[int, int] | None:
    """Width and height in pixels; None is the model's default."""
    picked = st.segmented_control(
        "Size", list(_SIZES), default="", key=f"{key}-size",
        format_func=lambda size: f"{_SIZES[size]} {size}".strip(),
    )  # fmt: skip
    if not picked:
        return None
    width, height = picked.split("x")
    return int(width), int(height)


def edit(picture: Path, start: Start) -> Intent | None:
    """All of a picture, a part that is painted over, more of it, or another one like it."""
    part = st.segmented_control(
        "What should change", list(_PARTS), default="all", required=True, key="edit-part",
        format_func=_PARTS.__getitem__,
    )  # fmt: skip
    if part == "vary":
        how_far = _strength("edit-vary")
        return intents.Vary(picture, how_far) if start("Vary", True) else None
    prompt = st.text_input("What should appear there", key="edit-prompt").strip()
    how = options("edit")
    grow = _edges() if part == "grow" else None
    masked = (
        mask.draw(picture, f"mask-{picture.parent.name}-{picture.stem}") if part == "mask" else None
    )
    strength = _strength("edit-all") if part == "all" else None
    if not start("Edit", prompt and (part != "mask" or masked)):
        return None
    kept = _save_mask(masked) if masked else None
    return intents.Edit(picture, prompt, kept, grow, strength, **how, negative=negative("edit"))


def _save_mask(masked: bytes) -> Path:
    """Raises AssistantError."""
    path = tools.output_files(resources.settings()).path(".mask.png")
    path.write_bytes(masked)
    return path


def _strength(key: str) -> float:
    return st.slider("How different", 0.1, 1.0, 0.6, key=key)


def _edges() -> tuple[int, int, int, int]:
    columns = st.columns(4)
    names = ("Left", "Top", "Right", "Bottom")
    given = [column.number_input(name, 0, 1024, 64, step=8, key=f"grow-{name}")
             for column, name in zip(columns, names, strict=True)]  # fmt: skip
    return given[0], given[1], given[2], given[3]
