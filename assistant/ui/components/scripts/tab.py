"""The browser's tab: the app can be installed from it, and its title tells that an answer is done
while another tab is looked at."""

import streamlit as st

from assistant.i18n.translation import _
from assistant.ui.components.scripts.script import script
from assistant.ui.door.web_app import MANIFEST

_component = st.components.v2.component("pincite_tab", js=script("tab"))


def draw(busy: bool = False, greets: bool = False) -> None:
    """Draw nothing, once a page. `busy`: an answer is being written; `greets`: nothing was asked
    yet."""
    done = f"✓ {_('Answered')} · Pincite"
    data = {"manifest": MANIFEST, "busy": busy, "done": done, "greets": greets}
    _component(key="tab", data=data)
