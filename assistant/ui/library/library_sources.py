"""What a library follows, for who sits at this machine: folders, mailboxes and WebDAV folders."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import streamlit as st

from assistant.i18n.translation import N_, _, ngettext, told
from assistant.libraries.uploads import WatchedFolder, given_path, turn_of
from assistant.sources import source_list
from assistant.sources.address import Kind, SourceFailed, parsed, written
from assistant.sources.fetching import add_checked, renew_password
from assistant.sources.source_list import EVERY, Source, has_password
from assistant.ui import resources, session, widgets
from assistant.ui.widgets import button, choose_one, folded, own, pace, plain, secret, submit
from ingest.errors import PinciteError
from vectorstore.library import Library

# -- The form by which an owner adds a mailbox or a WebDAV folder: it is signed in to first

_INTERVALS = (5, 15, 60, 6 * 60, 24 * 60)  # minutes
_KINDS: dict[Kind, str] = {"imap": N_("Mailbox (IMAP)"), "webdav": N_("Folder (WebDAV)")}
_FIELDS = {  # what a server may not like besides the password, with an example of each
    "imap": {
        "server": (N_("Server"), "mail.example.org"),
        "folder": (N_("Mailbox"), "INBOX"),
        "user": (N_("User"), "ann@example.org"),
    },
    "webdav": {
        "server": (N_("Address"), "https://cloud.example.org/remote.php/dav"),
        "folder": (N_("Folder on the server"), "papers"),
        "user": (N_("User"), "ann"),
    },
}
_PART = "sources"
_DONE, _WRONG = "sources-added", "source-wrong"  # in the session's state, of each library


def _draw_source_form(library: Library) -> None:
    kind = choose_one(_("Add"), _KINDS, own(library, "source-kind"))
    # Each source that was added leaves the fields empty for the next one.
    added = st.session_state.setdefault(own(library, _DONE), 0)
    form = own(library, f"source-{kind}-{added}")
    with st.form(form, border=False):
        given = _fields(kind, secret(own(library, _PART), f"{form}-password"))
        submitted = st.form_submit_button(_("Check and add"), type="primary")
    if submitted:
        _add_source(library, kind, given)
    wrong, of = st.session_state.get(own(library, _WRONG), ("", {}))
    if of == _shown(given):  # on another page or in another library they were emptied
        widgets.show_error(wrong)


def _shown(given: dict[str, Any]) -> dict[str, Any]:
    return {**given, "password": ""}


def _draw_interval(every: int, key: str | None = None, **how: Any) -> int:
    """Draw the choice of how often a source is fetched, in minutes."""
    choices = sorted({*_INTERVALS, every})
    chosen: int = st.selectbox(
        _("Fetched"), choices, index=choices.index(every), format_func=_often, key=key, **how
    )
    return chosen


def _often(minutes: int) -> str:
    if minutes % (24 * 60) == 0:
        return ngettext("every day", "every {count} days", minutes // (24 * 60))
    if minutes % 60 == 0:
        return ngettext("every hour", "every {count} hours", minutes // 60)
    return ngettext("every minute", "every {count} minutes", minutes)


def _fields(kind: Kind, password: str) -> dict[str, Any]:
    where, who, how = (st.columns(2) for _row in range(3))  # the order of Tab, and of a phone
    columns = {"server": where[0], "folder": where[1], "user": who[0]}
    given: dict[str, Any] = {
        name: columns[name].text_input(_(label), placeholder=example)
        for name, (label, example) in _FIELDS[kind].items()
    }
    given["password"] = who[1].text_input(
        _("Password"), type="password", key=password, autocomplete="new-password",
        help=_("Kept in the keyring of this system, and in no file of Pincite. Servers that "
               "ask for a second factor want a password made for programs."),
    )  # fmt: skip
    with how[0]:
        given["every"] = _draw_interval(EVERY)
    if kind == "imap":
        given["starttls"] = how[1].selectbox(
            _("Encryption"), [False, True], format_func=lambda late: "STARTTLS" if late else "TLS"
        )
    given["mirror"] = st.checkbox(_("Remove documents here that are deleted at the server"))
    return given


def _add_source(library: Library, kind: Kind, given: dict[str, Any]) -> None:
    try:
        with st.spinner(_("Signing in…")):
            starttls = given.get("starttls", False)
            address = written(kind, given["server"], given["user"], given["folder"], starttls)
            _check(library, "added source", parsed(address).host)
            made = add_checked(
                resources.settings(), library.name, address, given["password"], given["mirror"],
                given["every"],
            )  # fmt: skip
    except PinciteError as error:
        field = error.field if isinstance(error, SourceFailed) else ""
        label, _example = {"password": (N_("Password"), ""), **_FIELDS[kind]}.get(field, ("", ""))
        wrong = f"{_(label)}: {told(str(error))}" if label else str(error)
        st.session_state[own(library, _WRONG)] = wrong, _shown(given)
        return
    st.session_state[own(library, _DONE)] += 1
    st.session_state.pop(own(library, _WRONG), None)  # the next form is empty
    with session.errors_kept():
        _fetch(library, made)
    st.rerun()


@widgets.errors_shown()
def draw_sources(library: Library) -> None:
    """Draw nothing for others, as with folders of the machine."""
    if not resources.may_name_folders():
        return
    found = source_list.listed(resources.settings(), library.name)
    label = ngettext("{count} mailbox or WebDAV folder", "{count} mailboxes and WebDAV folders",
                     len(found))  # fmt: skip
    if found:  # also those that were added in the terminal since the library was opened
        resources.follow_sources(library)
    title = label if found else _("Mailboxes and WebDAV folders")
    with folded(title, own(library, _PART)) as part:
        if not part.is_filled:
            return
        st.caption(
            _("What is new there is fetched and added, as long as the app runs. Nothing changes at "
              "the server: mails stay unread.")
        )  # fmt: skip
        if found:
            fetching = any(map(_is_fetched, found))
            rows = st.fragment(_rows, run_every=pace(2.0, fetching) if part.is_open else None)
            rows(library, [source.name for source in found])
        _draw_source_form(library)


@widgets.errors_shown()
def _rows(library: Library, drawn: list[str]) -> None:
    """As they are now: they are fetched by themselves, too."""
    widgets.draw_kept_error()  # of a button here, which draws this alone
    found = source_list.listed(resources.settings(), library.name)
    if [source.name for source in found] != drawn:
        st.rerun()
    for source in found:
        _row(library, source)


def _is_fetched(source: Source) -> bool:
    now = resources.running_fetchings().of(source)
    return now is not None and not now.ended


def _row(library: Library, source: Source) -> None:
    now, busy = resources.running_fetchings().of(source), _is_fetched(source)
    with widgets.row(f"row-source-{source.name}", source.name, _facts(source, busy)):
        field = f"every-{source.name}-{source.every}"
        every = session.errors_kept()(
            lambda: _change(library, source, {"every": st.session_state[field]})
        )
        _draw_interval(
            source.every, field, label_visibility="collapsed", width=200, on_change=every
        )
        key = source.name
        button(_("Fetch now"), f"fetch-{key}", _fetch, library, source, disabled=busy)
        pause = _("Resume") if source.paused else _("Pause")
        button(pause, f"pause-{key}", _change, library, source, {"paused": not source.paused})
        button(_("Remove"), f"remove-source-{key}", _remove, library, source, disabled=busy)
    # One that could not begin is noted nowhere else.
    if not busy and (error := source.error or (now.error if now else "")):
        widgets.show_error(told(error.removeprefix(f"{source.name}: ")))
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
        submit(_("Sign in"), _renew, library, source, field, type="secondary")


def _facts(source: Source, busy: bool) -> str:
    if busy:
        state = _("being fetched")
    elif source.fetched:
        when = f"{datetime.fromisoformat(source.fetched).astimezone():%Y-%m-%d %H:%M}"
        state = _("fetched {when}", when=when)
    else:
        state = _("not fetched yet")
    return " · ".join([source.address, state, *([_("paused")] if source.paused else [])])


def _check(library: Library, did: str, what: str) -> None:
    """Before what a click does: only an owner at this machine may, and it is noted. Raises
    NotAllowed, UnknownLibrary."""
    resources.check_folder_right()
    resources.to_change(library, did, what)


def _fetch(library: Library, source: Source) -> None:
    _check(library, "fetches", source.address)
    settings = resources.settings()
    turn = turn_of(settings.home, library.name)
    resources.running_fetchings().start(settings, library, source, turn)


def _renew(library: Library, source: Source, field: str) -> None:
    _check(library, "changed source", source.address)
    renew_password(resources.settings(), source, st.session_state[field])
    if not source.paused:
        _fetch(library, source)


def _change(library: Library, source: Source, how: Mapping[str, Any]) -> None:
    _check(library, "changed source", source.address)
    source_list.change(resources.settings(), source, **how)


def _remove(library: Library, source: Source) -> None:
    _check(library, "removed source", source.address)
    source_list.remove(resources.settings(), source)


# -- Lets an owner who sits at this machine choose folders that the library follows

_FOLDER_TO_WATCH = "folder-to-watch"  # the field
_OUTCOMES = {  # of a change
    "added": N_("added"), "updated": N_("updated"), "moved": N_("moved"), "failed": N_("failed"),
    "removed": N_("removed"),
}  # fmt: skip


def draw_watched_folders(library: Library) -> None:
    """Draw nothing for others: whoever names a folder reads its files."""
    if not resources.may_name_folders():
        return
    watches = resources.watched_folders()
    watches.sync(resources.settings(), library)
    now = watches.of(library.name)
    label = ngettext("{count} watched folder", "{count} watched folders", len(now))
    with folded(label if now else _("Watch a folder"), own(library, "watched")) as part:
        if not part.is_filled:
            return
        st.caption(
            _("What is added, changed or deleted in it is followed by the library, as long as the "
              "app runs.")
        )  # fmt: skip
        for one in now:
            _watched_row(library, one)
        with st.container(horizontal=True, vertical_alignment="bottom", key="watch-new"):
            field = own(library, _FOLDER_TO_WATCH)
            st.text_input(_("Folder"), key=field, placeholder=str(Path.home()))
            button(_("Watch"), "watch-folder", _watch, library, field, type="secondary")


def _watched_row(library: Library, one: WatchedFolder) -> None:
    facts = _("No change yet")
    if one.changes:
        last = one.changes[-1]
        facts = f"{last.document}: {_(_OUTCOMES.get(last.outcome, last.outcome))}"
    with widgets.row(f"row-watched-{one.path}", str(one.path), facts):
        button(_("Stop watching"), f"unwatch-{one.path}", _unwatch, library, one.path)
    if one.error:
        widgets.show_error(one.error)
    elif one.notice:
        st.caption(plain(told(one.notice)))


def _watch(library: Library, field: str) -> None:
    resources.check_folder_right()  # others are not told which folders there are
    path = given_path(st.session_state[field].strip())
    resources.to_change(library, "watches", str(path))
    resources.watched_folders().add(resources.settings(), library, path)


def _unwatch(library: Library, path: Path) -> None:
    resources.check_folder_right()
    resources.watched_folders().remove(resources.settings(), library.name, path)
