"""Lets an owner who sits at this machine add, follow and remove mailboxes and WebDAV folders."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import streamlit as st

from assistant.i18n.told import told
from assistant.i18n.translation import _, ngettext
from assistant.sources import store
from assistant.sources.password import has_password
from assistant.sources.reach import renew_password
from assistant.sources.store import Source
from assistant.ui import machine_folders, resources, running
from assistant.ui.components import error_banner
from assistant.ui.components.escaping import plain
from assistant.ui.components.folded import folded, own, secret
from assistant.ui.components.library import followed, source_form
from assistant.ui.components.pace import pace
from assistant.uploads.upload import turn_of
from ingest.errors import PinciteError
from vectorstore.library import Library

_PART = "sources"


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
    if found:
        _follow(library)
    title = label if found else _("Mailboxes and WebDAV folders")
    with folded(title, own(library, _PART)) as part:
        if part.is_filled:
            _opened(library, found, part.is_open)


def _opened(library: Library, found: Sequence[Source], is_seen: bool) -> None:
    st.caption(
        _("What is new there is fetched and added, as long as the app runs. Nothing changes at "
          "the server: mails stay unread.")
    )  # fmt: skip
    if found:
        fetching = any(map(_is_fetched, found))
        rows = st.fragment(_rows, run_every=pace(2.0, fetching) if is_seen else None)
        rows(library, [source.name for source in found])
    if made := source_form.draw(library, partial(secret, own(library, _PART))):
        _fetch(library, made)
        st.rerun()


def _follow(library: Library) -> None:
    """Also those that were added in the terminal since the library was opened."""
    settings = resources.settings()
    running.fetchings().follow(settings, library, turn_of(settings.home, library.name))


def _rows(library: Library, drawn: list[str]) -> None:
    """As they are now: they are fetched by themselves, too."""
    error_banner.draw()  # of a button here, which draws this alone
    try:
        found = store.listed(resources.settings(), library.name)
    except PinciteError as error:
        error_banner.say(error)
        return
    if [source.name for source in found] != drawn:
        st.rerun()
    for source in found:
        _row(library, source)


def _is_fetched(source: Source) -> bool:
    now = running.fetchings().of(source)
    return now is not None and now.is_running()


def _row(library: Library, source: Source) -> None:
    now, busy = running.fetchings().of(source), _is_fetched(source)
    with followed.row(f"source-{source.name}", source.name, _facts(source, busy)):
        source_form.interval(
            source.every, f"every-{source.name}-{source.every}", on_change=_change,
            args=(library, source), label_visibility="collapsed", width=200,
        )  # fmt: skip
        st.button(
            _("Fetch now"), key=f"fetch-{source.name}", type="tertiary", on_click=_fetch,
            args=(library, source), disabled=busy,
        )  # fmt: skip
        st.button(
            _("Resume") if source.paused else _("Pause"), key=f"pause-{source.name}",
            type="tertiary", on_click=_pause, args=(library, source),
        )  # fmt: skip
        st.button(
            _("Remove"), key=f"remove-source-{source.name}", type="tertiary", on_click=_remove,
            args=(library, source), disabled=busy,
        )  # fmt: skip
    # One that could not begin is noted nowhere else.
    if not busy and (error := source.error or (now.error if now else "")):
        error_banner.say(told(error.removeprefix(f"{source.name}: ")))
        if source.refused:
            st.caption(_("It is not tried again by itself, so that the server locks nobody out."))
        if source.refused or not has_password(source):
            _ask_password(library, source)
    if now and now.fetched:
        for reason in now.fetched.reasons:
            st.caption(plain(told(reason)))


def _ask_password(library: Library, source: Source) -> None:
    field = secret(own(library, _PART), own(library, f"password-of-{source.name}"))
    with (
        st.form(f"password-{source.name}", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        st.text_input(
            _("Password"), type="password", key=field, autocomplete="current-password",
        )  # fmt: skip
        st.form_submit_button(_("Sign in"), on_click=_renew, args=(library, source, field))


def _facts(source: Source, busy: bool) -> str:
    if busy:
        state = _("being fetched")
    elif source.fetched:
        when = f"{datetime.fromisoformat(source.fetched).astimezone():%Y-%m-%d %H:%M}"
        state = _("fetched {when}", when=when)
    else:
        state = _("not fetched yet")
    return " · ".join([source.address, state, *([_("paused")] if source.paused else [])])


def _fetch(library: Library, source: Source) -> None:
    def begin() -> None:
        resources.to_change(library, "fetches", source.address)
        settings = resources.settings()
        turn = turn_of(settings.home, library.name)
        running.fetchings().start(settings, library, source, turn)

    followed.attempt(begin)


def _renew(library: Library, source: Source, field: str) -> None:
    given = st.session_state[field]

    def renew() -> None:
        resources.to_change(library, "changed source", source.address)
        renew_password(resources.settings(), source, given)
        if not source.paused:
            _fetch(library, source)

    followed.attempt(renew)


def _change(library: Library, source: Source) -> None:
    chosen = st.session_state[f"every-{source.name}-{source.every}"]

    def change() -> None:
        resources.to_change(library, "changed source", source.address)
        store.change(resources.settings(), source, every=chosen)

    followed.attempt(change)


def _pause(library: Library, source: Source) -> None:
    def pause() -> None:
        resources.to_change(library, "changed source", source.address)
        store.change(resources.settings(), source, paused=not source.paused)

    followed.attempt(pause)


def _remove(library: Library, source: Source) -> None:
    def remove() -> None:
        resources.to_change(library, "removed source", source.address)
        store.remove(resources.settings(), source)

    followed.attempt(remove)
