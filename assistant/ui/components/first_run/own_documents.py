"""Leads from the sample company to a library of a person's own."""

import streamlit as st

from assistant.build import composition
from assistant.first_run import sample_company
from assistant.i18n.translation import _
from assistant.libraries.named import make
from assistant.ui import resources, session
from ingest.errors import PinciteError
from vectorstore.library import Library


def draw(library: Library) -> None:
    """Draw the button, where an owner looks at the sample company."""
    if resources.is_owner() and sample_company.is_sample(library.name):
        st.button(
            _("Add documents of your own"), key="own-documents", type="tertiary",
            icon=":material/note_add:", on_click=_open,
            help=_("They come into a library of their own, beside the sample company."),
        )  # fmt: skip


def _open() -> None:
    """The library of the settings, which is made where it is not there."""
    try:
        resources.check_owner()
        settings = resources.settings()
        if settings.library not in composition.libraries(settings):
            make(settings, settings.library)
            resources.note("made", settings.library)
        session.open_library(settings.library)
    except PinciteError as error:
        session.keep_error(error)
