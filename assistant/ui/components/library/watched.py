"""Lets an owner who sits at this machine choose folders that the library follows."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from assistant.i18n.told import told
from assistant.i18n.translation import N_, _, ngettext
from assistant.ui import machine_folders, resources, running
from assistant.ui.components import error_banner
from assistant.ui.components.escaping import plain
from assistant.ui.components.folded import folded, own
from assistant.ui.components.library import followed
from assistant.uploads.given_path import given_path
from assistant.uploads.watched_folders import WatchedFolder
from vectorstore.library import Library

_FOLDER = "folder-to-watch"  # the field
_OUTCOMES = {  # of a change
    "added": N_("added"), "updated": N_("updated"), "moved": N_("moved"), "failed": N_("failed"),
    "removed": N_("removed"),
}  # fmt: skip


def draw(library: Library) -> None:
    """Draw nothing for others: whoever names a folder reads its files."""
    if not machine_folders.may_name():
        return
    watches = running.watches()
    watches.sync(resources.settings(), library)
    now = watches.of(library.name)
    label = ngettext("{count} watched folder", "{count} watched folders", len(now))
    with folded(label if now else _("Watch a folder"), own(library, "watched")) as part:
        if part.is_filled:
            _opened(library, now)


def _opened(library: Library, now: Sequence[WatchedFolder]) -> None:
    st.caption(
        _("What is added, changed or deleted in it is followed by the library, as long as the "
          "app runs.")
    )  # fmt: skip
    for one in now:
        _row(library, one)
    with st.container(horizontal=True, vertical_alignment="bottom", key="watch-new"):
        st.text_input(_("Folder"), key=own(library, _FOLDER), placeholder=str(Path.home()))
        st.button(_("Watch"), key="watch-folder", on_click=_watch, args=(library,))


def _row(library: Library, one: WatchedFolder) -> None:
    with followed.row(f"watched-{one.path}", str(one.path), _facts(one)):
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
    given = st.session_state[own(library, _FOLDER)].strip()

    def begin() -> None:
        path = given_path(given)
        resources.to_change(library, "watches", given)
        running.watches().add(resources.settings(), library, path)

    followed.attempt(begin)


def _unwatch(library: Library, path: Path) -> None:
    followed.attempt(lambda: running.watches().remove(resources.settings(), library.name, path))
