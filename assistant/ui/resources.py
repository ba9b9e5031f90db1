"""What the pages work with, as the visitor may see it; what all share is made once a server."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from assistant.conversation.assistant import Assistant
from assistant.conversation.history import Conversations
from assistant.errors import AssistantError
from assistant.feedback import ratings
from assistant.feedback.ratings import Feedback
from assistant.i18n.translation import _
from assistant.libraries.libraries import make
from assistant.libraries.uploads import Uploads
from assistant.security import network_guard
from assistant.settings import Settings
from assistant.sheet.fill import Sheet
from assistant.storage.part import Whose
from assistant.team.database import Person
from assistant.team.rights import NotAllowed, Permitted
from assistant.ui import session
from assistant.ui.background import Answers, Fetches, Sheets, Tasks, Work
from assistant.wiring import composition
from assistant.wiring import composition as sheets_of
from assistant.wiring.people import limits
from ingest.errors import PinciteError
from ingest.platform.process import keep_private
from vectorstore.errors import LibraryError
from vectorstore.federation import Federated, is_joined
from vectorstore.library import Library

if TYPE_CHECKING:
    from assistant.llm.chat_model import ChatModel


_SHEETS = "sheets"


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    """From PINCITE_* and the home; from here on nothing leaves this machine, and nobody else reads
    what is written.

    Raises SettingsError.
    """
    loaded = Settings.load()
    keep_private(loaded.home)
    network_guard.quiet_telemetry()
    network_guard.install_guard(
        loaded.home / "network.log", session.listening_address() or "127.0.0.1"
    )
    return loaded


def chosen() -> str:
    """The library of this browser tab, or the joined name of several: its conversation's, else
    the picked one. One that somebody has deleted is not looked at: opened, it would be there again,
    and empty.
    """
    known = names()
    if gone := session.unknown_library(known):
        session.keep_error(
            _("There is no library “{name}”, or you do not see it. Another is shown.", name=gone)
        )
    if picked := session.picked_library(known, _of_conversation()):
        return picked
    if not settings().by_hand("library") and (last := session.remembered_library(known)):
        session.pick_library(last)
        return last
    first = composition.first_library(settings())
    # Before the first file there is none; it is made for who may make one.
    if first in known or not composition.libraries(settings()):
        if person().id:
            permitted().check_new(first)
        return first
    if not known:
        raise LibraryError("You see no library yet. An owner can give you one.")
    return known[0]


def address(chat: bool) -> dict[str, str]:
    """What the address of the page names: the library, and in the chat the conversation."""
    try:
        named, known = chosen(), names()
    except PinciteError:  # the page says it
        return {}
    library = {session.LIBRARY_QUERY: named} if session.libraries_left(named, known) else {}
    return {**library, **(session.chat_address() if chat else {})}


def names() -> list[str]:
    """The libraries that this person sees."""
    return permitted().names()


def permitted() -> Permitted:
    """What this person may do. Raises NotAllowed for who has signed out."""
    there = partial(composition.libraries, settings())
    return Permitted(person(), there, session.accounts_now(settings()))


def person() -> Person:
    """Who looks at the page. Raises NotAllowed for who has signed out."""
    return session.person(settings())


def signed_in() -> bool:
    """Whether the page may be drawn."""
    return session.signed_in(settings())


def sign_out() -> None:
    """End this person's session."""
    session.sign_out(settings())


def noting() -> Callable[[str, str, str], None]:
    """`note` of this person, for what is done outside of a page's thread."""
    return session.noting_actions(settings())


def note(did: str, library: str = "", what: str = "") -> None:
    """A line of the audit log, where people have accounts."""
    session.note_action(settings(), did, library, what)


def count_questions(questions: int = 1, count: bool = True) -> None:
    """Without `count` it is only looked whether there is room. Raises LimitReached."""
    limits(settings()).ask(person(), questions, count)


def count_files(sizes: Iterable[int]) -> None:
    """The bytes of files that this person adds. Raises LimitReached."""
    limits(settings()).add(person(), sum(sizes))


def _of_conversation() -> str:
    kept = composition.conversations(settings(), permitted().whose)
    return kept.library(st.query_params.get("c", ""))


def library(name: str = "") -> Library:
    """The named one, else the chosen one, or the first of several. Raises PinciteError."""
    return _opened(name or chosen_one())


def chosen_one() -> str:
    """For what is done to one library alone."""
    return (session.libraries_left(name := chosen(), names()) or [name])[0]


def release(name: str) -> None:
    """Close a library, so that it can be moved. Its next use opens it. Raises PinciteError."""
    session.close_opened_library(settings(), name)
    _assistant.clear()
    _feedback.clear()


def _opened(name: str) -> Library:
    if opened := session.opened_library(settings(), name):
        return opened
    release(name)  # another one has its name now
    return _opened(name)


def assistant() -> Assistant:
    """Of the chosen library, or of several; all of them share one model. Raises PinciteError."""
    _renew_if_more_came()
    mine, several = person(), is_joined(name := chosen())
    asked = tuple(session.libraries_left(name, names())) if several else (name,)
    who_asks = f"{mine.id} {mine.role} {sorted(mine.groups)}"
    return _assistant(asked, several, who_asks, permitted().whose)


@st.cache_resource(show_spinner=False, max_entries=256)
def _assistant(names: tuple[str, ...], several: bool, mine: str, _whose: Whose) -> Assistant:
    """`mine` tells people and their rights apart."""
    kept = composition.conversations(settings(), _whose)
    opened = [_opened(name) for name in names]
    asked = Federated(opened) if several else opened[0]
    return composition.assistant_of(settings(), asked, _answering(), kept, True, _whose)


def feedback() -> Feedback:
    """Of the library that the conversation is about, be it gone. Raises PinciteError."""
    return _feedback(_of_conversation() or chosen(), person().id)


@st.cache_resource(show_spinner=False)
def _feedback(name: str, person: str) -> Feedback:
    return ratings.feedback(settings(), name, person)


def _answering() -> composition.Answering:
    # Decorated at each call, for the spinner in the language of the visitor: Streamlit knows the
    # kept resource by the name of the function.
    loading = _("Loading the model…")
    return st.cache_resource(show_spinner=loading)(_load_answering)()


def _load_answering() -> composition.Answering:
    return composition.answering(settings())


def renew_answering() -> None:
    """Load the models again when they are needed next: one has been fetched."""
    session.models_in_use().update(session.models_that_came(fetches()))
    st.cache_resource(_load_answering).clear()
    _assistant.clear()


def _renew_if_more_came() -> None:
    if more := session.models_that_came(fetches()) - session.models_in_use():
        session.models_in_use().update(more)
        renew_answering()


@st.cache_resource(show_spinner=False)
def _conversations() -> Conversations:
    return composition.conversations(settings())


def answers() -> Answers:
    """The running answers of this person, by conversation."""
    return session.running_answers(person().id)


def sheet() -> Sheet:
    """Fills sheets of the chosen library. Raises PinciteError."""
    _renew_if_more_came()
    return sheets_of.sheet(settings(), library(), _answering())


def sheets() -> Sheets:
    """The running sheets of this person, by library; of visitors, of this browser tab."""
    mine = person()
    if mine.id or mine.owns:
        return session.running_sheets(mine.id)
    # Visitors are not told apart: in the tab's state nobody else finds them.
    found: Sheets = st.session_state.setdefault(_SHEETS, Sheets())
    return found


def uploads() -> Uploads:
    """The running uploads of this server."""
    return session.running_uploads()


@st.cache_resource(show_spinner=False)
def fetches() -> Fetches:
    """The running downloads of this server."""
    return Fetches(composition.home_models(settings()).pull)


def tasks() -> Tasks:
    """The running measurement of this server."""
    return session.running_tasks()


def start(title: str, work: Work, kind: str = "") -> None:
    """Start a measurement, or say what is running already; then draw the page again."""
    try:
        check_owner()
        tasks().start(title, work, kind)
    except (AssistantError, LibraryError) as error:
        session.keep_error(error)
    st.rerun()


def assistants() -> Callable[[Settings, Library], Assistant]:
    """Makes an assistant of any library with the shared model; works outside a page's thread."""
    how, kept = _answering(), _conversations()
    return lambda given, library: composition.assistant_of(
        given, library, how, kept, recorded=False
    )


def chat_model() -> "ChatModel | None":
    """The chat model that all assistants share."""
    return _answering().model


def is_owner() -> bool:
    """Whether this visitor may change the library, and see what belongs to its owner."""
    return person().owns


def check_owner() -> None:
    """The page was drawn before, and a right may be gone since: raises NotAllowed."""
    if not is_owner():
        raise NotAllowed("Only the owner of this Pincite can change its settings.")


def may_change() -> bool:
    """Whether this visitor may add and remove documents."""
    return is_owner() or bool(person().id and person().changes)


def to_change(library: Library, did: str, what: str = "") -> Library:
    """The same library, of which something is `added` or `removed`. The page was drawn before, and
    a right may be gone since: raises NotAllowed, UnknownLibrary. In an empty home it is made."""
    permitted().check_change()
    check_seen(library)
    note(did, library.name, what)
    if composition.libraries(settings()):
        return library
    make(settings(), library.name)
    return _opened(library.name)


def check_seen(library: Library) -> None:
    """Of a library that was drawn before: raises NotAllowed, UnknownLibrary for who may no longer
    see it."""
    if library.name in composition.libraries(settings()):
        permitted().check(library.name)


# -- Who may name folders of the machine: Pincite reads what is in them, where it is


def may_name_folders() -> bool:
    """Whether this visitor is an owner who sits at the machine."""
    return is_owner() and session.at_machine()


def check_folder_right() -> None:
    """The page was drawn before, and a right may be gone since: raises NotAllowed."""
    if not may_name_folders():
        raise NotAllowed("Only the owner can name folders, at this machine itself.")
