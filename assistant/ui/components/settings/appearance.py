"""The choice between light, dark and what the system shows; the browser keeps it."""

from pathlib import Path

import streamlit as st

from assistant.i18n.translation import N_, _
from assistant.ui import addresses

_THEMES = {"System": N_("As the system"), "Light": N_("Light"), "Dark": N_("Dark")}

_component = st.components.v2.component(
    "pincite_appearance", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
)


def draw() -> None:
    """Draw the choice."""
    words = {name: _(word) for name, word in _THEMES.items()}
    _component(
        key="appearance",
        data={"title": _("Appearance"), "themes": words, "pages": list(addresses.PAGES)},
    )
