"""What one browser tab has: its conversation, the page that is open, an error to be shown.

The address names the conversation, so that a reload finds it again.
"""

import re
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote

import streamlit as st

from assistant.entrance import roles
from assistant.entrance.asgi import is_loopback
from assistant.libraries import uploads
from assistant.libraries.uploads import Uploads, WatchedFolders
from assistant.receipts.evidence_pack import Rectangle
from assistant.settings import Settings
from assistant.sources.fetch import Fetchings
from assistant.team.accounts import Accounts, Known, NotAllowed
from assistant.team.database import LOCAL, VISITOR, Person
from assistant.team.sessions import Sessions, sessions
from assistant.ui.background import GATE, Answers, Fetches, NextQuestions, Sheets, Tasks
from assistant.wiring import composition
from vectorstore.federation import parts
from vectorstore.library import Library

# -- Which library, or which ones, a browser tab asks: the address names it, and a cookie remembers
# it for the next visit.

LIBRARY_QUERY = "library"  # in the address
LIBRARY_COOKIE = "pincite_library"  # written by `address.js`
_PICKED = "library"  # in the session's state: a name, or a joined one


def pick_library(name: str) -> None:
    """From now on, until a conversation about another one is opened."""
    st.session_state[_PICKED] = name
    if st.query_params.get(LIBRARY_QUERY, name) != name:
        st.query_params.pop(LIBRARY_QUERY)


def picked_library(known: Collection[str], of_conversation: str) -> str:
    """That of the conversation, else of the address, else the picked one: it may be about another
    one than was picked since. Of several at least one is left; empty where none is."""
    for name in (of_conversation, st.query_params.get(LIBRARY_QUERY, "")):
        if libraries_left(name, known):
            st.session_state[_PICKED] = name
            break
    now: str = st.session_state.get(_PICKED, "")
    return now if libraries_left(now, known) else ""


def unknown_library(known: Collection[str]) -> str:
    """What the address names and is not there, once; empty where all is well."""
    named: str = st.query_params.get(LIBRARY_QUERY, "")
    if not named or libraries_left(named, known):
        return ""
    st.query_params.pop(LIBRARY_QUERY)
    return named


def remembered_library(known: Collection[str]) -> str:
    """That of the last visit of this browser; empty where it is gone."""
    last = unquote(st.context.cookies.get(LIBRARY_COOKIE, ""))
    return last if libraries_left(last, known) else ""


def libraries_left(name: str, known: Collection[str]) -> list[str]:
    """The libraries of a name that are still there."""
    return [part for part in parts(name) if part in known]


# -- What is under way in this server, whoever looks at it; a reload of a page does not end it


@st.cache_resource(show_spinner=False)
def running_answers(person: str) -> Answers:
    """Of a person, by conversation."""
    return Answers()


@st.cache_resource(show_spinner=False)
def running_sheets(person: str) -> Sheets:
    """Of a person, by library."""
    return Sheets()


@st.cache_resource(show_spinner=False)
def running_uploads() -> Uploads:
    """Of all visitors."""
    return Uploads()


@st.cache_resource(show_spinner=False)
def running_tasks() -> Tasks:
    """One at a time."""
    return Tasks()


@st.cache_resource(show_spinner=False)
def next_questions() -> NextQuestions:
    """Of all answers; who sees an answer sees them."""
    return NextQuestions()


@st.cache_resource(show_spinner=False)
def watched_folders() -> WatchedFolders:
    """Of all libraries that are open."""
    return WatchedFolders()


@st.cache_resource(show_spinner=False)
def running_fetchings() -> Fetchings:
    """Of the sources of all libraries that are open."""
    return Fetchings()


@st.cache_resource(show_spinner=False)
def models_in_use() -> set[object]:
    """The downloads and fitted gates that are in use, or will be at the next loading."""
    return set()


def models_that_came(fetches: Fetches) -> set[object]:
    """The downloads and the fitted gate that are done, whoever sees their page."""
    task = running_tasks().last
    fitted = {task} if task and task.kind == GATE and task.succeeded else set()
    return {*fetches.done(), *fitted}


_NAME = "c"
_KEY = "conversation"
_SHOWN = "shown"
_PLACE = "place"
_ERROR = "trouble"
_WELL_FORMED = re.compile(r"[\w-]{1,64}")


def current() -> str:
    """The id of the conversation; empty before the first question."""
    named = st.query_params.get(_NAME, "")
    if _WELL_FORMED.fullmatch(named):
        st.session_state[_KEY] = named
    elif LIBRARY_QUERY in st.query_params:  # back to where none was open
        st.session_state.pop(_KEY, None)
    # Else a link of the app has led here, without a query.
    identity: str = st.session_state.get(_KEY, "")
    return identity


def chat_address() -> dict[str, str]:
    """What the address of the chat has to name, beside the library."""
    return {_NAME: identity} if (identity := current()) else {}


def enter(identity: str, keep_page: bool = False) -> None:
    """Go to a conversation; it says which library it is about."""
    st.session_state[_KEY] = identity
    if st.query_params.get(_NAME) != identity:
        _go(_NAME, identity)
    if not keep_page:
        show(None)


def leave() -> None:
    """Go to a new conversation, which begins with its first question."""
    st.session_state.pop(_KEY, None)
    st.query_params.pop(_NAME, None)
    show(None)


def open_library(name: str) -> None:
    """Go to a new conversation about a library, or about several by their joined name."""
    st.session_state.pop(_KEY, None)
    st.session_state["scope"] = []
    _go(LIBRARY_QUERY, name)
    pick_library(name)
    show(None)


def _go(name: str, value: str) -> None:
    """In one step: each change of the query is a page for the browser's button back."""
    others = {key: st.query_params[key] for key in st.query_params}
    for ours in (_NAME, LIBRARY_QUERY):
        others.pop(ours, None)
    st.query_params.from_dict({**others, name: value})


@dataclass(frozen=True)
class Shown:
    """The open page. The boxes identify the lines where a quote occurs twice."""

    document: str
    page: int
    cited_page: int = 0  # 0: opened to read, nothing is cited
    quote: str = ""
    boxes: tuple[Rectangle, ...] = ()
    source: str = ""  # which mark opened it
    seconds: float | None = None  # beginning in a recording
    large: bool = False  # over the whole window
    sharp: bool = False  # with more points, to be looked at closely
    citations: tuple["Shown", ...] = ()  # all of the answer that it was opened from
    beside: "Shown | None" = None  # a page to be compared with it
    version: bool = False  # it is beside another version of its document: what differs is marked


def show(shown: Shown | None) -> None:
    """Open a page instead of the present one; None closes it."""
    st.session_state[_SHOWN] = shown


def shown() -> Shown | None:
    """The page that is open in this session."""
    opened: Shown | None = st.session_state.get(_SHOWN)
    return opened


def go_to(place: str) -> None:
    """Close the open page when the visitor goes from one part of the app to another."""
    if st.session_state.setdefault(_PLACE, place) != place:
        st.session_state[_PLACE] = place
        show(None)


def keep_error(error: object) -> None:
    """For the next time the page is drawn: callbacks have no place to show it."""
    st.session_state[_ERROR] = str(error)


def take_error() -> str:
    """The error that was kept, once; empty without one."""
    return str(st.session_state.pop(_ERROR, ""))


# -- Who looks at the page: asked anew each time it is drawn, so that a right that was taken away is
# gone at once.

_LAST = "person"  # in the session's state


def person(settings: Settings) -> Person:
    """Raises NotAllowed for who has signed out, or has no account any more."""
    if accounts_now(settings) is None:
        return LOCAL if _owns() else VISITOR
    found = _sessions(settings).person(_session())
    if found is None:
        raise NotAllowed("You are signed out. Load the page again to sign in.")
    return found


def signed_in(settings: Settings) -> bool:
    """Whether the page may be drawn. What another person did in this tab is forgotten."""
    if accounts_now(settings) is None:
        return True
    found = _sessions(settings).person(_session())
    identity = found.id if found else ""
    if st.session_state.get(_LAST, identity) != identity:
        st.session_state.clear()
    st.session_state[_LAST] = identity
    return found is not None


def sign_out(settings: Settings) -> None:
    """End this session, in all tabs of the browser."""
    note_action(settings, "signed out")
    _sessions(settings).end(_session())


def note_action(settings: Settings, did: str, library: str = "", what: str = "") -> None:
    """A line of the audit log, where people have accounts."""
    noting_actions(settings)(did, library, what)


def noting_actions(settings: Settings) -> Callable[[str, str, str], None]:
    """The same for who looks now, to be called from any thread."""
    if (known := accounts_now(settings)) is None:
        return lambda did, library, what: None
    return partial(known.note, person(settings))


def accounts_now(settings: Settings) -> Accounts | None:
    """None while nobody has an account. Raises AssistantError where that cannot be known."""
    return _known(settings).now()


@st.cache_resource(show_spinner=False)
def _known(_settings: Settings) -> Known:
    return Known(_settings)


@st.cache_resource(show_spinner=False)
def _sessions(_settings: Settings) -> Sessions:
    return sessions(_settings)


def _session() -> str:
    return roles.session_of(st.context.headers.get(roles.ROLE_HEADER, ""))


def _owns() -> bool:
    given = st.context.headers.get(roles.ROLE_HEADER, "")
    # Without the door (`streamlit run`), all who reach this machine from itself.
    return roles.unsealed_role(given) == "owner" if given else is_loopback(listening_address())


def at_machine() -> bool:
    """Whether all who look at a page sit at this machine: nobody else reaches the server, nor does
    a proxy that passes visitors on by a name of their own."""
    names = st.get_option("server.allowedHosts") or ()
    return is_loopback(listening_address()) and all(map(is_loopback, names))


def listening_address() -> str:
    """That the app listens at; empty where Streamlit was started without the door."""
    return str(st.get_option("server.address") or "")


def is_server_unguarded() -> bool:
    """Whether others reach this server and nobody asks them for a token."""
    given = st.context.headers.get(roles.ROLE_HEADER, "")
    return (
        not is_loopback(listening_address())
        and roles.unsealed_role(given) is None
        and not roles.session_of(given)
    )


# -- The libraries that this server has open, each once for all visitors


def opened_library(settings: Settings, name: str) -> Library | None:
    """None where another library has the name since it was opened: close it first. Raises
    PinciteError."""
    found, place = _opened(settings, name)
    return found if place == composition.place_of(settings, name) else None


def close_opened_library(settings: Settings, name: str) -> None:
    """So that it can be moved; its next use opens it again. Nothing is done where it is not open:
    opening it to close it would make one that is gone."""
    watched_folders().stop(name)
    running_fetchings().stop(name)
    if (held := _open_now().pop(name, None)) is not None:
        held.close()
    _opened.clear(settings, name)


@st.cache_resource(show_spinner=False)
def _open_now() -> dict[str, ExitStack]:
    """What closes them, by name; Streamlit does not tell what it keeps."""
    return {}


@st.cache_resource(show_spinner=False)
def _opened(_settings: Settings, name: str) -> tuple[Library, int]:
    """To look at a library makes none: one that is not there is empty, and nowhere in the home."""
    held, place = ExitStack(), composition.place_of(_settings, name)
    there = composition.library(_settings, name) if place else composition.no_library(_settings)
    made = held.enter_context(there)
    _open_now()[name] = held
    if not place:
        return made, place
    made.maintenance.follow()
    uploads.clear_leftovers(_settings.home, made)
    if at_machine():  # others would see what comes from there
        watched_folders().resume(_settings, made)
        running_fetchings().follow(_settings, made, uploads.turn_of(_settings.home, name))
    return made, place
