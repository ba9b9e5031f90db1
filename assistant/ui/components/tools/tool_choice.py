"""Shows the chosen tool and why; one click asks the documents instead."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from assistant.i18n.translation import N_, _
from assistant.ui.components.escaping import plain

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


def draw(answer: Mapping[str, Any], instead: Callable[[], None]) -> None:
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
