"""Settings: the models of this machine, how the app looks, and what it takes on the disk."""

from collections.abc import Callable

import streamlit as st

from assistant.i18n.translation import N_, _
from assistant.ui import resources, settings, sidebar, widgets
from ingest.errors import PinciteError

_PARTS: dict[str, tuple[str, Callable[[], None]]] = {
    "models": (N_("Models"), settings.draw_model_roles),
    "appearance": (N_("Appearance"), settings.draw_appearance),
    "storage": (N_("Storage"), settings.draw_storage),
}


def page() -> None:
    """Draw the page from top to bottom; visitors choose how it looks, and see nothing else."""
    widgets.apply_style()
    st.title(_("Settings"), anchor=False)
    try:
        sidebar.library()
        widgets.draw_kept_error()
        if resources.is_owner():
            _parts()
        else:
            settings.draw_appearance()
    except PinciteError as error:
        widgets.show_error(error)


def _parts() -> None:
    part = st.segmented_control(
        _("Part"), list(_PARTS), default="models", required=True,
        format_func=lambda name: _(_PARTS[name][0]), label_visibility="collapsed", key="part",
    )  # fmt: skip
    _PARTS[part or "models"][1]()


page()
