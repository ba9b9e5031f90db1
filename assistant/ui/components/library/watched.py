"""Lets an owner who sits at this machine choose folders that the library follows."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from assistant.i18n.told import told
from assistant.i18n.translation import N_, _, ngettext
from assistant.ui import machine_folders, resources, running, session
from assistant.ui.components import error_banner
from assistant.ui.components.escaping import as_html, plain
from assistant.uploads.given_path import given_path
from assistant.uploads.watched_folders import WatchedFolder
from ingest.errors import PinciteError
from vectorstore.library import Library

_OUTCOMES = {  # of a change
    "added": N_("added"), "updated": N_("updated"), "moved": N_("moved"), "failed": N_("failed"),
    "removed": N_("removed"),
}  # fmt: skip


def draw(library: Library) -> None:
    """Draw nothing for others: whoever names a folder reads its files."""
    if not machine_folders.may_name():
        return
    now = running.watches().of(library.name)
    label = ngettext("{count} watched folder", "{count} watched folders", len(now))
    with st.expander(label if now else _("Watch a folder"), key="watched"):
        st.caption(
            _("What is added, changed or deleted in it is followed by the library, as long as the "
              "app runs.")
        )  # fmt: skip
        for one in now:
            _row(library, one)
        with st.container(horizontal=True, vertical_alignment="bottom", key="watch-new"):
            st.text_input(_("Folder"), key="folder-to-watch", placeholder=str(Path.home()))
            st.button(_("Watch"), key="watch-folder", on_click=_watch, args=(library,))


def _row(library: Library, one: WatchedFolder) -> None:
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", key=f"row-watched-{one.path}"
    ):
        st.html(
            f'<div class="document-name">{as_html(one.path)}</div>'
            f'<div class="document-facts">{as_html(_facts(one))}</div>'
        )
        st.button(
            _("Stop watching"), key=f"unwatch-{one.path}", type="tertiary", on_click=_unwatch,
            args=(library, one.path),
        )  # fmt: skip
    if one.error:
        error_banner.say(one.error)
    elif one.notice:
        st.caption(plain(told(one.notice)))


def _facts(one: WatchedFolder) -> str:
    if not one.changes:
        return _("No change yet")
    last = one.changes[-1]
    return f"{last.document}: {_(_OUTCOMES.get(last.outcome, last.outcome))}"


def _watch(library: Library) -> None:
    given = st.session_state["folder-to-watch"].strip()

    def begin() -> None:
        path = given_path(given)
        resources.to_change(library, "watches", given)
        running.watches().add(resources.settings(), library, path)

    _do(begin)


def _unwatch(library: Library, path: Path) -> None:
    _do(lambda: running.watches().remove(resources.settings(), library.name, path))


def _do(work: Callable[[], object]) -> None:
    try:
        machine_folders.check()
        work()
    except PinciteError as error:
        session.keep_error(error)
