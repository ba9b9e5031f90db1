"""Tells what goes on behind the first screen: documents that come in, models that are fetched."""

import streamlit as st

from assistant.i18n.numbers import number
from assistant.i18n.told import told
from assistant.i18n.translation import _, ngettext
from assistant.ui import resources
from assistant.ui.components.escaping import plain
from assistant.uploads.upload import describe_step
from ingest.document.source import readable
from vectorstore.library import Library


def is_adding(library: Library) -> bool:
    """Whether documents come into the library."""
    return bool(resources.uploads().of(library.name))


def draw(library: Library) -> None:
    """Draw nothing where nothing goes on; otherwise draw the page again when that has ended."""
    if is_adding(library) or _fetches():
        _going(library)


def _fetches() -> int:
    return len(resources.fetches().going()) if resources.is_owner() else 0


@st.fragment(run_every=1.0)
def _going(library: Library) -> None:
    known = st.session_state.setdefault("behind", (0, 0, False))
    now = (library.generation(), _fetches(), is_adding(library))
    st.session_state["behind"] = now
    if known != now and any(known):
        st.session_state["behind"] = (0, 0, False)
        st.rerun()  # a document is in, or a model is here: the page has more to offer
    with st.container(border=True, key="behind"):
        _adding(library)
        _fetching()


def _adding(library: Library) -> None:
    for upload in resources.uploads().of(library.name):
        step = upload.progress
        count = ngettext("{done} of {count} file done", "{done} of {count} files done",
                         max(step.total, 1), done=number(min(step.done, step.total)))  # fmt: skip
        doing = f"{readable(step.file)}: {describe_step(step)}" if step.file else _("Preparing")
        share = min(step.done / step.total, 1.0) if step.total else 0.0
        st.progress(share, text=plain(f"{count} · {doing}"))


def _fetching() -> None:
    for fetch in resources.fetches().going() if resources.is_owner() else []:
        st.progress(fetch.share, text=plain(f"{fetch.name}: {told(fetch.doing)}"))
