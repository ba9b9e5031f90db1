"""Settings: the models of this machine, how the app looks, and what it takes on the disk."""

from collections.abc import Callable

import streamlit as st

from assistant.i18n.translation import N_, _
from assistant.ui import resources
from assistant.ui.components import error_banner, sidebar, style
from assistant.ui.components.settings import appearance, model_roles, storage
from ingest.errors import PinciteError

_PARTS: dict[str, tuple[str, Callable[[], None]]] = {
    "models": (N_("Models"), model_roles.draw),
    "appearance": (N_("Appearance"), appearance.draw),
    "storage": (N_("Storage"), storage.draw),
}


def page() -> None:
    """Draw the page from top to bottom; visitors choose how it looks, and see nothing else."""
    style.apply()
    st.title(_("Settings"), anchor=False)
    try:
        sidebar.library()
        error_banner.draw()
        if resources.is_owner():
            _parts()
        else:
            appearance.draw()
    except PinciteError as error:
        error_banner.say(error)


def _parts() -> None:
    part = st.segmented_control(
        _("Part"), list(_PARTS), default="models", required=True,
        format_func=lambda name: _(_PARTS[name][0]), label_visibility="collapsed", key="part",
    )  # fmt: skip
    _PARTS[part or "models"][1]()


page()
