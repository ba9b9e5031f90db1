"""What the pages work with, as the visitor may see it; what all share is made once a server."""

import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import streamlit as st

from assistant.background import Background
from assistant.conversation.assistant import Answering, Assistant
from assistant.entrance import guests
from assistant.entrance.asgi import is_loopback
from assistant.evaluation.drafting import write_offers
from assistant.feedback import ratings
from assistant.feedback.ratings import Feedback
from assistant.i18n.translation import _
from assistant.libraries import uploads as adding
from assistant.libraries.libraries import make
from assistant.llm.odds import TokenOdds, TurnTaking
from assistant.models.installed import Models
from assistant.security import network_guard
from assistant.settings import Settings
from assistant.sheet.fill import Sheet
from assistant.sources.fetching import Fetchings
from assistant.storage.part import Whose
from assistant.team.accounts import LOCAL, VISITOR, Accounts, Person
from assistant.team.rights import NotAllowed, Permitted
from assistant.team.tokens import Sessions
from assistant.ui import background, session
from assistant.wiring import composition
from assistant.wiring.people import Known, limits, sessions
from ingest.document.source import readable
from ingest.errors import PinciteError
from ingest.platform.process import keep_private
from vectorstore.add_report import kinds
from vectorstore.errors import LibraryError
from vectorstore.federation import Federated, is_joined
from vectorstore.library import Library

if TYPE_CHECKING:
    from assistant.llm.chat_model import ChatModel

UPLOAD = "upload"  # in the session's state: of this visitor, until its summary was read

_once = st.cache_resource(show_spinner=False)  # for a server, whoever looks at a page


@_once
def settings() -> Settings:
    """From PINCITE_* and the home; from here on nothing leaves this machine, and nobody else reads
    what is written.

    Raises SettingsError.
    """
    loaded = Settings.load()
    keep_private(loaded.home)
    network_guard.quiet_telemetry()
    if not network_guard.is_installed():  # as the command does it
        listens_at = _listening_address() or "127.0.0.1"
        network_guard.install_guard(loaded.home / "network.log", listens_at)
    return loaded


def chosen() -> str:
    """The library of this browser tab, or the joined name of several: its conversation's, else that
    of the address, the picked one or the last one. One that somebody has deleted is not looked at:
    opened, it would be there again, and empty. Of several at least one is left.
    """
    known, named = names(), st.query_params.get(session.LIBRARY_QUERY, "")
    if named and not session.libraries_left(named, known):
        st.query_params.pop(session.LIBRARY_QUERY)
        session.keep_error(
            _("There is no library “{name}”, or you do not see it. Another is shown.", name=named)
        )
        named = ""
    picked, last = session.last_libraries()
    wanted = [_of_conversation(), named, picked, "" if settings().by_hand("library") else last]
    for name in wanted:
        if session.libraries_left(name, known):
            st.session_state[session.PICKED] = name
            return name
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
    conversation = session.current() if chat else ""
    return {**library, **({session.CONVERSATION_QUERY: conversation} if conversation else {})}


def names() -> list[str]:
    """The libraries that this person sees."""
    return permitted().names()


# -- Who looks at the page: asked anew each time it is drawn, so that a right that was taken away is
# gone at once.

_LAST = "person"  # in the session's state


def permitted() -> Permitted:
    """What this person may do. Raises NotAllowed for who has signed out."""
    return Permitted(person(), partial(composition.libraries, settings()), _accounts())


def person() -> Person:
    """The person who looks at the page. Raises NotAllowed once signed out or removed."""
    if _accounts() is None:
        given = st.context.headers.get(guests.ROLE_HEADER, "")
        # Without the door (`streamlit run`), all who reach this machine from itself.
        direct = not given and is_loopback(_listening_address())
        return LOCAL if direct or guests.unsealed(given) == "owner" else VISITOR
    if (found := _sessions().person(_session())) is None:
        raise NotAllowed("You are signed out. Load the page again to sign in.")
    return found


def signed_in() -> bool:
    """Whether the page may be drawn. What another person did in this tab is forgotten."""
    if _accounts() is None:
        return True
    found = _sessions().person(_session())
    identity = found.id if found else ""
    if st.session_state.get(_LAST, identity) != identity:
        st.session_state.clear()
    st.session_state[_LAST] = identity
    return found is not None


def sign_out() -> None:
    """End this person's session, in all tabs of the browser."""
    note("signed out")
    _sessions().end(_session())


def noting() -> Callable[[str, str, str], None]:
    """`note` of this person, for what is done outside of a page's thread."""
    if (known := _accounts()) is None:
        return lambda did, library, what: None
    return partial(known.note, person())


def note(did: str, library: str = "", what: str = "") -> None:
    """A line of the audit log, where people have accounts."""
    noting()(did, library, what)


def _accounts() -> Accounts | None:
    """None while nobody has an account. Raises AssistantError where that cannot be known."""
    return _known().now()


@_once
def _known() -> Known:
    return Known(settings())


@_once
def _sessions() -> Sessions:
    return sessions(settings())


def _session() -> str:
    return guests.unsealed(st.context.headers.get(guests.ROLE_HEADER, ""))


def _listening_address() -> str:
    """That the app listens at; empty where Streamlit was started without the door."""
    return str(st.get_option("server.address") or "")


def is_server_unguarded() -> bool:
    """Whether others reach this server and nobody asks them for a token."""
    given = st.context.headers.get(guests.ROLE_HEADER, "")
    return not is_loopback(_listening_address()) and not guests.unsealed(given)


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


def at_machine() -> bool:
    """Whether all who look at a page sit at this machine: nobody else reaches the server, nor does
    a proxy that passes visitors on by a name of their own."""
    names = st.get_option("server.allowedHosts") or ()
    return is_loopback(_listening_address()) and all(map(is_loopback, names))


def may_name_folders() -> bool:
    """Whether this visitor is an owner who sits at the machine: Pincite reads what is in a folder
    that they name, where it is."""
    return is_owner() and at_machine()


def check_folder_right() -> None:
    """The page was drawn before, and a right may be gone since: raises NotAllowed."""
    if not may_name_folders():
        raise NotAllowed("Only the owner can name folders, at this machine itself.")


def count_questions(questions: int = 1, count: bool = True) -> None:
    """Count questions; without `count` only check for room. Raises LimitReached."""
    limits(settings()).ask(person(), questions, count)


def count_files(sizes: Iterable[int]) -> None:
    """The bytes of files that this person adds. Raises LimitReached."""
    limits(settings()).add(person(), sum(sizes))


# -- The libraries, each opened once for all visitors, and who answers from them


def _of_conversation() -> str:
    kept = composition.conversations(settings(), permitted().whose)
    return kept.library(st.query_params.get(session.CONVERSATION_QUERY, ""))


def library(name: str = "") -> Library:
    """The named one, else the chosen one, or the first of several. Raises PinciteError."""
    return _opened(name or chosen_one())


def chosen_one() -> str:
    """The chosen library, the first of several: for what is done to one alone."""
    return (session.libraries_left(name := chosen(), names()) or [name])[0]


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


def release(name: str) -> None:
    """Close a library, so that it can be moved. Its next use opens it. Nothing is closed where it
    is not open: opening it to close it would make one that is gone."""
    watched_folders().stop(name)
    running_fetchings().stop(name)
    _held.clear(name)
    _assistant.clear()


def _opened(name: str) -> Library:
    """Raises PinciteError."""
    found, place, _stack = _held(name)
    if place == composition.place_of(settings(), name):
        return found
    release(name)  # another one has its name now
    return _opened(name)


@st.cache_resource(show_spinner=False, on_release=lambda held: held[2].close())
def _held(name: str) -> tuple[Library, int, ExitStack]:
    """Opening a library to read creates nothing: a missing one is empty, and not in the home."""
    now, held = settings(), ExitStack()
    place = composition.place_of(now, name)
    there = composition.library(now, name) if place else composition.no_library(now)
    made = held.enter_context(there)
    if place:
        made.index.follow()
        adding.clear_leftovers(now.home, made)
        if at_machine():  # others would see what comes from there
            watched_folders().sync(now, made)
            follow_sources(made)
    return made, place, held


def follow_sources(library: Library) -> None:
    """Fetch from the sources of an open library when they are due, also from new ones."""
    turn = adding.turn_of(settings().home, library.name)
    running_fetchings().follow(settings(), library, turn)


def assistant() -> Assistant:
    """The assistant of the chosen library or libraries, on one model. Raises PinciteError."""
    _renew_if_more_came()
    mine, several = person(), is_joined(name := chosen())
    asked = tuple(session.libraries_left(name, names())) if several else (name,)
    who_asks = f"{mine.id} {mine.role} {sorted(mine.groups)}"
    return _assistant(asked, several, who_asks, permitted().whose)


@st.cache_resource(show_spinner=False, max_entries=256)
def _assistant(names: tuple[str, ...], several: bool, mine: str, _whose: Whose) -> Assistant:
    """`mine` distinguishes people and their rights."""
    kept = composition.conversations(settings(), _whose)
    opened = [_opened(name) for name in names]
    asked = Federated(opened) if several else opened[0]
    return composition.assistant_of(settings(), asked, _answering(), kept, True, _whose)


def feedback() -> Feedback:
    """The feedback on the conversation's library, even a deleted one. Raises PinciteError."""
    return ratings.feedback(settings(), _of_conversation() or chosen(), person().id)


def _answering() -> Answering:
    _renew_if_more_came()
    # Decorated at each call, for the spinner in the language of the visitor: Streamlit knows the
    # kept resource by the name of the function.
    loading = _("Loading the model…")
    return st.cache_resource(show_spinner=loading)(_load_answering)()


def _load_answering() -> Answering:
    return composition.answering(settings())


def renew_answering() -> None:
    """Load the models again when they are needed next: one has been fetched."""
    fetches().take_done()
    st.cache_resource(_load_answering).clear()
    _assistant.clear()


def _renew_if_more_came() -> None:
    if fetches().take_done():
        renew_answering()


def assistants() -> Callable[[Settings, Library], Assistant]:
    """Makes an assistant of any library with the shared model; works outside a page's thread."""
    how, kept = _answering(), composition.conversations(settings())
    return lambda given, library: composition.assistant_of(
        given, library, how, kept, recorded=False
    )


def chat_model() -> "ChatModel | None":
    """The chat model that all assistants share."""
    return _answering().model


def sheet() -> Sheet:
    """Fills sheets of the chosen library. Raises PinciteError."""
    return composition.sheet(settings(), library(), _answering())


# -- What is under way in this server, whoever looks at it; a reload of a page does not end it


uploads = _once(adding.Uploads)  # of all visitors
watched_folders = _once(adding.WatchedFolders)  # of all libraries that are open
running_fetchings = _once(Fetchings)  # from the sources of all libraries that are open
_offers = _once(background.Offers)  # of all libraries
ahead = _once(background.Ahead)  # what the chat model reads while somebody types
tasks = _once(background.Tasks)  # the running measurement, or what else takes long; one at a time


def answers() -> background.Answers:
    """The running answers of this person, by conversation."""
    found: background.Answers = _of_person("answers", person().id, background.Answers)
    return found


@_once
def _of_person(kind: str, person: str, _make: "Callable[[], background.Latest[Any]]") -> Any:
    """The same works of this kind each time, as long as the server runs."""
    made = _make()
    _everybodys().append(made)
    return made


@_once
def _everybodys() -> "list[background.Latest[Any]]":
    return [tasks()]  # with the answers and the sheets of all people


def offer_questions(documents: Sequence[str]) -> Background | None:
    """Begin to write questions that documents of the chosen library answer, while nobody asks; once
    for each state of the library. None where several are asked, and without a chat model in this
    process: a server gets no passages that nobody asked about."""
    how = _answering()
    if not isinstance(how.model, TokenOdds) or is_joined(chosen()):
        return None
    shelf, made = library(), assistant()
    work = partial(write_offers, shelf, made, how.model, documents, _busy(how.turns))
    return _offers().start((shelf.name, shelf.generation(), *documents), work)


def _busy(turns: TurnTaking) -> background.Busy:
    read, works = ahead(), _everybodys()
    return background.Busy(
        lambda: turns.is_taken or read.is_recent or any(one.going() for one in [*works])
    )


def sheets() -> background.Sheets:
    """The running sheets of this person, by library; of visitors, of this browser tab."""
    if is_told_apart():
        found: background.Sheets = _of_person("sheets", person().id, background.Sheets)
    else:  # in the tab's state no other visitor finds them
        found = st.session_state.setdefault("sheets", background.Sheets())
    return found


def is_told_apart() -> bool:
    """Whether it is known who this is: visitors without an account are many."""
    return bool(person().id) or person().owns


@_once
def fetches() -> background.Fetches:
    """The downloads of models that this server has started."""
    return background.Fetches(Models(settings()).pull)


def fetch(*names: str) -> None:
    """Begin to fetch models. Raises NotAllowed."""
    check_owner()
    for name in names:
        fetches().start(name)


def upload(
    library: Library, did: str, what: str = "", paths: Sequence[Path] = (),
    files: Sequence[tuple[str, BinaryIO]] = (), rebuild: bool = False, shown: bool = True,
) -> None:  # fmt: skip
    """Add files in the background, those that were dropped by their names, or rebuild the library;
    where it is `shown`, the Library page shows this visitor the result. Raises NotAllowed,
    UnknownLibrary, HomeNotWritable."""
    changed, home = to_change(library, did, what), settings().home
    copies = adding.staged(adding.upload_folder(home, library.name), files) if files else paths
    begun = uploads().show(adding.Upload(changed, home, copies, rebuild))
    if shown:
        st.session_state[UPLOAD] = begun


def add_at_start(paths: Sequence[Path]) -> None:
    """Add files and folders, as the person who starts the app has asked, and print what failed:
    no page is theirs. Returns when all is added."""
    try:
        now = settings()
        if now.library not in composition.libraries(now):
            make(now, now.library)
        done = uploads().show(adding.Upload(_opened(now.library), now.home, paths))
    except PinciteError as error:
        print(f"pincite: {error}", file=sys.stderr)
        return
    done.wait()
    failed = done.summary.failed if done.summary else ()
    told = [done.error, *(f"not added: {one.path}: {one.error}" for one in failed)]
    if done.summary and done.summary.unsupported:
        told.append(f"of kinds that cannot be read: {kinds(done.summary.unsupported)}")
    for line in filter(None, told):
        print(f"pincite: {readable(line)}", file=sys.stderr)
