"""What the home takes on the disk by kind, and buttons that clean what can be made again or is no
longer wanted."""

from collections.abc import Collection
from pathlib import Path

import streamlit as st

from assistant.i18n.numbers import number, size
from assistant.i18n.translation import _, ngettext
from assistant.libraries import cleaning
from assistant.libraries.cleaning import LOST, NAMES
from assistant.storage.used_space import CLEANABLE, Kind, Used, used_space
from assistant.ui import resources, session
from assistant.ui.components import confirm
from assistant.ui.components.escaping import as_html, plain
from ingest.errors import PinciteError


def draw() -> None:
    """Draw a row for each kind that takes space."""
    home = resources.settings().home
    found = [used for used in used_space(home, _orphans()) if used.files]
    total = number(sum(used.bytes for used in found) / 1e9, 2)
    st.caption(plain(_("{size} GB in {folder}", size=total, folder=home)))
    if place := resources.settings().files:
        st.caption(plain(_("The files of documents are in {place}.", place=place)))
    for used in found:
        _row(used)


def _row(used: Used) -> None:
    with st.container(
        horizontal=True, vertical_alignment="center", key=f"space-{used.kind}", border=True
    ):
        files = ngettext("{count} file", "{count} files", used.files)
        st.html(
            f'<div class="document-name">{as_html(_(NAMES[used.kind]))}</div>'
            f'<div class="document-facts">{as_html(f"{size(used.bytes)} · {files}")}</div>'
        )
        if used.kind in CLEANABLE and st.button(_("Clean"), key=f"clean-{used.kind}"):
            st.dialog(_(NAMES[used.kind]))(_confirm)(used)


def _confirm(used: Used) -> None:
    files = ngettext("{count} file", "{count} files", used.files)
    st.markdown(plain(f"{files}, {size(used.bytes)}. {_(LOST[used.kind])}"))
    if confirm.buttons(_("Delete"), _clean, used.kind, key="clean"):
        st.rerun()


def _clean(kind: Kind) -> None:
    try:
        resources.check_owner()
        cleaning.clean_home(resources.settings(), kind)
    except PinciteError as error:
        session.keep_error(error)


def _orphans() -> Collection[Path]:
    """Files of answers that are not there any more; none where that cannot be known."""
    try:
        return cleaning.orphans(resources.settings())
    except PinciteError:
        return ()
