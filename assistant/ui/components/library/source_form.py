"""The form by which an owner adds a mailbox or a WebDAV folder: it is signed in to first."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from assistant.i18n.told import told
from assistant.i18n.translation import N_, _, ngettext
from assistant.sources.address import Kind, parsed, written
from assistant.sources.errors import SourceFailed
from assistant.sources.reach import add_checked
from assistant.sources.store import EVERY, Source
from assistant.ui import machine_folders, resources
from assistant.ui.components import error_banner
from assistant.ui.components.folded import own
from ingest.errors import PinciteError
from vectorstore.library import Library

INTERVALS = (5, 15, 60, 6 * 60, 24 * 60)  # minutes
_KINDS: dict[Kind, str] = {"imap": N_("Mailbox (IMAP)"), "webdav": N_("Folder (WebDAV)")}
_LABELS = {  # of the fields that a server may not like
    "imap": {"server": N_("Server"), "user": N_("User"), "password": N_("Password"),
             "folder": N_("Mailbox")},
    "webdav": {"server": N_("Address"), "user": N_("User"), "password": N_("Password"),
               "folder": N_("Folder on the server")},
}  # fmt: skip
_DONE, _WRONG = "sources-added", "source-wrong"  # in the session's state, of each library


def draw(library: Library, secret: Callable[[str], str]) -> Source | None:
    """Draw it; returns what was added just now. `secret` gives the key of a field for a
    password."""
    kind: Kind = st.segmented_control(
        _("Add"), list(_KINDS), default="imap", required=True,
        key=own(library, "source-kind"), format_func=lambda kind: _(_KINDS[kind]),
        on_change=_forget, args=(library,),
    )  # fmt: skip
    # Each source that was added leaves the fields empty for the next one.
    added = st.session_state.setdefault(own(library, _DONE), 0)
    form = own(library, f"source-{kind}-{added}")
    with st.form(form, border=False):
        given = _fields(kind, secret(f"{form}-password"))
        submitted = st.form_submit_button(_("Check and add"), type="primary")
    made = _submitted(library, kind, given) if submitted else None
    wrong, of = st.session_state.get(own(library, _WRONG), ("", {}))
    if wrong and of == _shown(given):  # on another page or in another library they were emptied
        error_banner.say(wrong)
    return made


def _shown(given: dict[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in given.items() if field != "password"}


def interval(every: int, key: str | None = None, **how: Any) -> int:
    """Draw the choice of how often a source is fetched, in minutes."""
    choices = sorted({*INTERVALS, every})
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
    labels = {field: _(label) for field, label in _LABELS[kind].items()}
    mail = kind == "imap"
    where, who, how = (st.columns(2) for _row in range(3))  # the order of Tab, and of a phone
    given: dict[str, Any] = {
        "server": where[0].text_input(
            labels["server"],
            placeholder="mail.example.org" if mail else "https://cloud.example.org/remote.php/dav",
        ),
        "folder": where[1].text_input(labels["folder"], placeholder="INBOX" if mail else "papers"),
        "user": who[0].text_input(labels["user"], placeholder="ann@example.org" if mail else "ann"),
        "password": who[1].text_input(
            labels["password"], type="password", key=password, autocomplete="new-password",
            help=_("Kept in the keyring of this system, and in no file of Pincite. Servers that "
                   "ask for a second factor want a password made for programs."),
        ),
    }  # fmt: skip
    with how[0]:
        given["every"] = interval(EVERY)
    if mail:
        given["starttls"] = how[1].selectbox(
            _("Encryption"), [False, True], format_func=lambda late: "STARTTLS" if late else "TLS"
        )
    given["mirror"] = st.checkbox(_("Remove documents here that are deleted at the server"))
    return given


def _submitted(library: Library, kind: Kind, given: dict[str, Any]) -> Source | None:
    try:
        with st.spinner(_("Signing in…")):
            made = _added(library, kind, given)
    except PinciteError as error:
        field = error.field if isinstance(error, SourceFailed) else ""
        label = _LABELS[kind].get(field, "")
        wrong = f"{_(label)}: {told(str(error))}" if label else told(str(error))
        st.session_state[own(library, _WRONG)] = wrong, _shown(given)
        return None
    st.session_state[own(library, _DONE)] += 1
    _forget(library)
    return made


def _added(library: Library, kind: Kind, given: dict[str, Any]) -> Source:
    """Raises PinciteError."""
    machine_folders.check()
    address = written(
        kind, given["server"], given["user"], given["folder"], given.get("starttls", False)
    )
    resources.to_change(library, "added source", parsed(address).host)
    return add_checked(
        resources.settings(), library.name, address, given["password"], given["mirror"],
        given["every"],
    )  # fmt: skip


def _forget(library: Library) -> None:
    st.session_state.pop(own(library, _WRONG), None)
