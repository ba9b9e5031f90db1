"""The libraries that a server answers from, opened when they are first asked for."""

import threading
from collections.abc import Callable
from functools import cached_property
from typing import Literal, get_args

from assistant.conversation.assistant import Answering, Assistant
from assistant.errors import AssistantError
from assistant.libraries.uploads import Uploads, clear_leftovers
from assistant.settings import Settings, check_library_name
from assistant.sheet.fill import Sheet
from assistant.sources.fetching import Fetchings
from assistant.storage.part import EVERYBODY, Whose
from assistant.team.accounts import Accounts
from assistant.team.api.structured import Structured
from assistant.team.api.turns import Kind, Turns
from assistant.wiring import composition
from assistant.wiring.people import Known, accounts_if_any, limits
from ingest.errors import PinciteError
from vectorstore.errors import UnknownLibrary
from vectorstore.federation import AnyLibrary, Federated, is_joined, parts
from vectorstore.library import Library

Condition = Literal["ready", "loading", "failed", "away"]


class Libraries:
    """Of one home. All of them share the chat model, whose answers wait for each other. Who may see
    which is not their business: see `shelf`."""

    def __init__(
        self,
        settings: Settings,
        answering: Callable[[Settings], Answering] = composition.answering,
        opened: Callable[[Settings, str, bool], Library] = composition.library,
        known: Known | None = None,
    ) -> None:
        """`answering` loads the chat model, at the first question or by `load`; `opened` opens a
        library by its name, and makes one if it may; `known` tells who has an account."""
        self.settings = settings
        self._known = known or Known(settings)
        self.limits = limits(settings)
        self.turns: dict[Kind, Turns] = {kind: Turns(kind) for kind in get_args(Kind)}
        self.uploads = Uploads()
        self.fetchings = Fetchings()
        self._failed = False  # whether the chat model could not be loaded
        self.at_machine = False  # whether all who reach the server sit at it
        self._load, self._library = answering, opened
        self._lock = threading.Lock()  # of what is open
        self._loading = threading.Lock()  # of the chat model, which may take a minute
        self._open: dict[str, tuple[Library, int]] = {}  # with its place on the disk

    @property
    def accounts(self) -> Accounts | None:
        """None while nobody has one. Raises AssistantError where that cannot be known."""
        return self._known.now()

    @property
    def loaded(self) -> bool:
        """Whether the chat model is in memory."""
        return "_answering" in vars(self)

    def condition(self) -> Condition:
        """Whether questions can be answered now. Asks for people each time: while their server is
        away, everybody is turned away."""
        if not self.loaded:
            return "failed" if self._failed else "loading"
        try:
            accounts_if_any(self.settings)
        except AssistantError:
            return "away"
        return "ready"

    def load(self) -> str:
        """Load the chat model, and return its name."""
        try:
            return self._how().model_name
        except PinciteError:
            self._failed = True  # until a question has it loaded
            raise

    def names(self) -> list[str]:
        """The libraries that there are, by name."""
        return composition.libraries(self.settings)

    def library(self, name: str, make: bool = False) -> Library:
        """With `make` it is empty rather than unknown. Raises UnknownLibrary, LibraryError, and
        SettingsError for what cannot be a name."""
        if name not in self.names():
            if not make:
                raise UnknownLibrary(name, self.names())
            check_library_name(name)
        with self._lock:
            return self._opened(name, make)

    def reading(self, name: str) -> AnyLibrary:
        """A library, or several read as one: "hr,sales". Raises as `library`."""
        if not is_joined(name):
            return self.library(name)
        return Federated([self.library(part) for part in parts(name)])

    def assistant(self, name: str, whose: Whose = EVERYBODY) -> Assistant:
        """Of a library that is there, or of several by a joined name, with a person's
        conversations and receipts. Raises UnknownLibrary, LibraryError."""
        return composition.assistant_of(self.settings, self.reading(name), self._how(), whose=whose)

    def sheet(self, name: str) -> Sheet:
        """Fills sheets of a library that is there. Raises UnknownLibrary, LibraryError."""
        return composition.sheet(self.settings, self.library(name), self._how())

    def structured(self) -> Structured:
        """What writes JSON of an answer."""
        how = self._how()
        return Structured(how.model, how.turns)

    def close(self) -> None:
        """Release all libraries to other processes."""
        with self._lock:
            for name, (library, _) in self._open.items():
                self.fetchings.stop(name)
                library.close()
            self._open.clear()

    def _opened(self, name: str, make: bool) -> Library:
        there = composition.place_of(self.settings, name)
        if name in self._open and self._open[name][1] != there:
            self.fetchings.stop(name)
            self._open.pop(name)[0].close()  # another one has its name now
        if name not in self._open:
            library = self._library(self.settings, name, make)
            library.index.follow()  # what other processes add is found, too
            clear_leftovers(self.settings.home, library)
            self._open[name] = library, composition.place_of(self.settings, name)
        return self._open[name][0]

    def _how(self) -> Answering:
        with self._loading:
            return self._answering

    @cached_property
    def _answering(self) -> Answering:
        return self._load(self.settings)
