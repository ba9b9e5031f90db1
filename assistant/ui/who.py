"""Who looks at the page: asked anew each time it is drawn, so that a right that was taken away is
gone at once."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from assistant.accounts.accounts import Accounts, Known
from assistant.accounts.permitted import NotAllowed
from assistant.accounts.person import LOCAL, VISITOR, Person
from assistant.accounts.sessions import Sessions, sessions
from assistant.entrance import roles
from assistant.entrance.hosts import is_loopback
from assistant.settings import Settings

_LAST = "person"  # in the session's state


def person(settings: Settings) -> Person:
    """Raises NotAllowed for who has signed out, or has no account any more."""
    if accounts(settings) is None:
        return LOCAL if _owns() else VISITOR
    found = _sessions(settings).person(_session())
    if found is None:
        raise NotAllowed("You are signed out. Load the page again to sign in.")
    return found


def signed_in(settings: Settings) -> bool:
    """Whether the page may be drawn. What another person did in this tab is forgotten."""
    if accounts(settings) is None:
        return True
    found = _sessions(settings).person(_session())
    identity = found.id if found else ""
    if st.session_state.get(_LAST, identity) != identity:
        st.session_state.clear()
    st.session_state[_LAST] = identity
    return found is not None


def sign_out(settings: Settings) -> None:
    """End this session, in all tabs of the browser."""
    note(settings, "signed out")
    _sessions(settings).end(_session())


def note(settings: Settings, did: str, library: str = "", what: str = "") -> None:
    """A line of the audit log, where people have accounts."""
    noting(settings)(did, library, what)


def noting(settings: Settings) -> Callable[[str, str, str], None]:
    """The same for who looks now, to be called from any thread."""
    if (known := accounts(settings)) is None:
        return lambda did, library, what: None
    return partial(known.note, person(settings))


def accounts(settings: Settings) -> Accounts | None:
    """None while nobody has an account. Raises AssistantError where that cannot be known."""
    return _known(settings).now()


@st.cache_resource(show_spinner=False)
def _known(_settings: Settings) -> Known:
    return Known(_settings)


@st.cache_resource(show_spinner=False)
def _sessions(_settings: Settings) -> Sessions:
    return sessions(_settings)


def _session() -> str:
    return roles.session_of(st.context.headers.get(roles.HEADER, ""))


def _owns() -> bool:
    given = st.context.headers.get(roles.HEADER, "")
    # Without the door (`streamlit run`), all who reach this machine from itself.
    return roles.unsealed(given) == "owner" if given else is_loopback(address())


def at_machine() -> bool:
    """Whether all who look at a page sit at this machine: nobody else reaches the server, nor does
    a proxy that passes visitors on by a name of their own."""
    names = st.get_option("server.allowedHosts") or ()
    return is_loopback(address()) and all(map(is_loopback, names))


def address() -> str:
    """That the app listens at; empty where Streamlit was started without the door."""
    return str(st.get_option("server.address") or "")


def is_open() -> bool:
    """Whether others reach this server and nobody asks them for a token."""
    given = st.context.headers.get(roles.HEADER, "")
    return (
        not is_loopback(address()) and roles.unsealed(given) is None and not roles.session_of(given)
    )
