"""Lets an owner who sits at this machine fetch mailboxes and WebDAV folders."""

from collections.abc import Callable

import streamlit as st

from assistant.i18n.told import told
from assistant.i18n.translation import _, ngettext
from assistant.sources import store
from assistant.sources.store import Source
from assistant.ui import machine_folders, resources, running, session
from assistant.ui.components import error_banner
from assistant.ui.components.escaping import as_html
from assistant.uploads.upload import turn_of
from ingest.errors import PinciteError
from vectorstore.library import Library


def draw(library: Library) -> None:
    """Draw nothing for others, as with folders of the machine."""
    if not machine_folders.may_name():
        return
    try:
        found = store.listed(resources.settings(), library.name)
    except PinciteError as error:
        error_banner.say(error)
        return
    label = ngettext("{count} mailbox or WebDAV folder", "{count} mailboxes and WebDAV folders",
                     len(found))  # fmt: skip
    with st.expander(label if found else _("Mailboxes and WebDAV folders"), key="sources"):
        st.caption(
            _("`pincite sources add ADDRESS` adds one in the terminal, and `pincite sources run "
              "--every 15` fetches again and again.")
        )  # fmt: skip
        if any(map(_is_running, found)):
            _live(library, found)
        else:
            _rows(library, found)


@st.fragment(run_every=1.0)
def _live(library: Library, found: list[Source]) -> None:
    """As long as one is being fetched."""
    if not any(map(_is_running, found)):
        st.rerun()
    _rows(library, found)


def _rows(library: Library, found: list[Source]) -> None:
    for source in found:
        _row(library, source)


def _row(library: Library, source: Source) -> None:
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", key=f"row-source-{source.name}"
    ):
        st.html(
            f'<div class="document-name">{as_html(source.name)}</div>'
            f'<div class="document-facts">{as_html(_facts(source))}</div>'
        )
        busy = _is_running(source)
        st.button(
            _("Fetch now"), key=f"fetch-{source.name}", type="tertiary", on_click=_fetch,
            args=(library, source), disabled=busy,
        )  # fmt: skip
        st.button(
            _("Remove"), key=f"remove-source-{source.name}", type="tertiary", on_click=_remove,
            args=(library, source), disabled=busy,
        )  # fmt: skip
    now = running.fetchings().of(source)
    if error := (now.error if now else "") or source.error:
        error_banner.say(told(error.removeprefix(f"{source.name}: ")))


def _facts(source: Source) -> str:
    now = running.fetchings().of(source)
    if now and now.is_running():
        return f"{source.address} · {_('being fetched')}"
    if not source.fetched:
        return f"{source.address} · {_('not fetched yet')}"
    when = source.fetched[:16].replace("T", " ")
    return f"{source.address} · {_('fetched {when} UTC', when=when)}"


def _is_running(source: Source) -> bool:
    now = running.fetchings().of(source)
    return now is not None and now.is_running()


def _fetch(library: Library, source: Source) -> None:
    def begin() -> None:
        resources.to_change(library, "fetches", source.address)
        settings = resources.settings()
        turn = turn_of(settings.home, library.name)
        running.fetchings().start(settings, library, source, turn)

    _do(begin)


def _remove(library: Library, source: Source) -> None:
    def remove() -> None:
        resources.to_change(library, "removed source", source.address)
        store.remove(resources.settings(), source)

    _do(remove)


def _do(work: Callable[[], object]) -> None:
    try:
        machine_folders.check()
        work()
    except PinciteError as error:
        session.keep_error(error)
