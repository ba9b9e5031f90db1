"""The choice between light, dark and what the system shows; the browser keeps it."""

import streamlit as st

from assistant.i18n.translation import N_, _
from assistant.ui import addresses
from assistant.ui.components.scripts.script import read

_THEMES = {"System": N_("As the system"), "Light": N_("Light"), "Dark": N_("Dark")}

_component = st.components.v2.component("pincite_appearance", js=read("appearance.js"))


def draw() -> None:
    """Draw the choice."""
    words = {name: _(word) for name, word in _THEMES.items()}
    _component(
        key="appearance",
        data={"title": _("Appearance"), "themes": words, "pages": list(addresses.PAGES)},
    )
