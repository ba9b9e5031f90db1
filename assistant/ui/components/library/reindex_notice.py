"""On the Library page: that another model or an earlier Pincite made it, and a button for it."""

from contextlib import suppress

import streamlit as st

from assistant.i18n.told import told
from assistant.i18n.translation import _
from assistant.ui import resources
from assistant.ui.components.escaping import as_html
from assistant.ui.components.library.job_queue import UPLOAD
from ingest.errors import PinciteError
from vectorstore.library import Library


def draw(library: Library) -> None:
    """Draw nothing for a library that is up to date, or is being rebuilt."""
    if any(upload.is_rebuilding for upload in resources.uploads().of(library.name)):
        return
    why = ""
    with suppress(PinciteError):  # such as no model; a question says it
        why = library.maintenance.rebuild_reason()
    if not why:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="outdated"):
        meanwhile = _(
            "Everything in it is still found. Rebuilding it reads or indexes again what has "
            "changed, and you can go on meanwhile."
        )
        st.html(f'<p class="outdated">{as_html(f"{told(why)} {meanwhile}")}</p>')
        if st.button(_("Rebuild it"), key="rebuild"):
            home = resources.settings().home
            st.session_state[UPLOAD] = resources.uploads().start(
                resources.to_change(library, "rebuilt"), home, rebuild=True
            )
            st.rerun()
