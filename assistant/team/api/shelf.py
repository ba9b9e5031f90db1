"""The libraries as the person sees them who sends a request: all that routes and tools get.

Each opening says what for, and the audit log keeps it.
"""

import json
import os
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Annotated, Any, BinaryIO

from fastapi import Depends, HTTPException, Query
from pydantic import BaseModel, Field
from starlette.requests import Request

from assistant.conversation.assistant import Assistant
from assistant.conversation.history import Conversations
from assistant.libraries import forget as forgetting
from assistant.libraries.libraries import check_not_waiting
from assistant.libraries.uploads import Upload, staged, unstage, upload_folder
from assistant.receipts.record import Receipts
from assistant.settings import check_library_name
from assistant.sheet.fill import Sheet
from assistant.storage.part import Whose
from assistant.team.accounts import Person
from assistant.team.api.served_libraries import Libraries
from assistant.team.api.turns import Kind, Place
from assistant.team.rights import NotAllowed, Permitted
from assistant.wiring import composition
from ingest.errors import PinciteError
from vectorstore.catalog.tags import Filter
from vectorstore.errors import LibraryError
from vectorstore.federation import AnyLibrary, parts
from vectorstore.library import Library

PERSON = "person"  # in the state of a request; the guard puts it there


class Shelf:
    """The libraries of a server as one person may see, ask and change them."""

    def __init__(self, libraries: Libraries, person: Person) -> None:
        self.person = person
        self._libraries = libraries
        self.settings = libraries.settings  # of the server, the same for everybody
        self.turns = libraries.turns  # in which it does long work of each kind
        self.fetchings = libraries.fetchings  # what it fetches now
        self.structured = libraries.structured
        self._permitted = Permitted(person, libraries.names, libraries.accounts)

    def names(self) -> list[str]:
        """The libraries that they see, by name."""
        return self._permitted.names()

    def library(self, name: str, did: str, what: str = "") -> Library:
        """`did` with `what` of it: "saw", "Handbook.pdf, page 2". Raises UnknownLibrary,
        LibraryError."""
        self._check(name)
        opened = self._libraries.library(name)
        self._note(did, name, what)
        return opened

    def reading(self, name: str, did: str) -> AnyLibrary:
        """A library, or several by a joined name, to be read. Raises as `library`."""
        self._check(name, several=True)
        opened = self._libraries.reading(name)
        self._note(did, name)
        return opened

    def changed(self, name: str, did: str, what: str, make: bool = False) -> Library:
        """A library to be changed; with `make` it is empty rather than unknown. Raises NotAllowed,
        UnknownLibrary, LibraryError, SettingsError."""
        self._permitted.check_change()
        new = make and name not in self.names()
        if make:
            self._permitted.check_new(name)
            if new:
                check_not_waiting(self.settings, name)
        else:
            self._check(name)
        self._note(did, name, what)
        if new and (known := self._libraries.accounts):
            check_library_name(name)
            # Before it is there: were it made first, it could stay everybody's.
            known.share(name, [self.person.name], [])
        return self._libraries.library(name, make)

    def followed(self, name: str, did: str, what: str = "") -> Library:
        """A library whose servers and folders are seen or changed, by an owner at this machine: who
        names a folder reads its files. Raises as `changed`."""
        if not (self.person.owns and self._libraries.at_machine):
            raise NotAllowed(
                "Only the owner can name folders and servers to follow, at this machine itself."
            )
        return self.changed(name, did, what)

    def upload(self, name: str, files: Sequence[tuple[str, BinaryIO]]) -> Upload:
        """Begin to add files, by their names; they are read to their end before it returns. Raises
        as `changed`, HomeNotWritable, and LimitReached."""
        self._permitted.check_change()
        limits, size = self._libraries.limits, sum(_size(source) for _, source in files)
        limits.add(self.person, size, count=False)  # before anything is made
        opened = self.changed(name, "added", ", ".join(name for name, _ in files), make=True)
        home = self.settings.home
        paths = staged(upload_folder(home, name), files)
        try:
            limits.add(self.person, size)
        except PinciteError:
            unstage(paths)
            raise
        return self._libraries.uploads.show(Upload(opened, home, paths))

    def assistant(self, name: str) -> Assistant:
        """Whose answers become the person's, for one question of theirs. Raises UnknownLibrary,
        LibraryError, LimitReached."""
        made = self.preparing(name)
        self._libraries.limits.ask(self.person)
        self._note("asked", name)
        return made

    def suggesting(self, name: str) -> Assistant:
        """What suggests questions about a library; nothing is answered, and nothing counted. Raises
        UnknownLibrary, LibraryError."""
        self._check(name, several=True)
        self._note("asked for suggestions", name)
        return self._libraries.assistant(name, self._permitted.whose)

    def preparing(self, name: str) -> Assistant:
        """What reads ahead of a question; nothing is counted or noted. Raises as `assistant`."""
        self._check(name, several=True)
        self._libraries.limits.ask(self.person, count=False)  # before a model is loaded
        return self._libraries.assistant(name, self._permitted.whose)

    def sheet(self, name: str) -> Sheet:
        """Fills sheets of a library. Raises UnknownLibrary, LibraryError."""
        self._check(name)
        made = self._libraries.sheet(name)
        self._note("asked", name)
        return made

    def count_cells(self, cells: int) -> None:
        """Each cell of a sheet is a question. Raises LimitReached."""
        self._libraries.limits.ask(self.person, cells)

    @property
    def conversations(self) -> Conversations:
        """The person's own. Raises NotAllowed for visitors without an account."""
        return composition.conversations(self.settings, self._own)

    @property
    def receipts(self) -> Receipts:
        """The person's own. Raises NotAllowed for visitors without an account."""
        return composition.receipts(self.settings, self._own)

    def delete_conversation(self, conversation: str) -> int:
        """One of the person's own, for good; returns its turns. Raises NotAllowed,
        AssistantError."""
        self._note("deleted a conversation", self.conversations.library(conversation))
        return forgetting.delete_conversation(self.settings, conversation, self._own)

    @property
    def _own(self) -> Whose:
        """Raises NotAllowed for visitors without an account, who are not told apart."""
        if not self.person.id and not self.person.owns:
            raise NotAllowed("Only the owner may see conversations and receipts.")
        return self._permitted.whose

    def _check(self, name: str, several: bool = False) -> None:
        """With `several` it may be a joined name. Raises UnknownLibrary."""
        try:
            self._permitted.check_each(name) if several else self._permitted.check(name)
        except LibraryError:
            self._note("was refused", name)
            raise

    def _note(self, did: str, library: str, what: str = "") -> None:
        if audit := self._libraries.accounts:
            for name in parts(library) or [library]:
                audit.note(self.person, did, name, what)


def _size(source: BinaryIO) -> int:
    size = source.seek(0, os.SEEK_END)
    source.seek(0)
    return size


def shelf(request: Request) -> Shelf:
    """The libraries as the person who sends the request may use them."""
    return Shelf(request.app.state.libraries, person(request))


def changing(request: Request) -> None:
    """Raises NotAllowed, before files are read, for who may only read."""
    if not person(request).changes:
        raise NotAllowed("Only the owner or an editor may change a library.")


def person(request: Request) -> Person:
    """The person whom the guard has recognised in the request."""
    found: Person = getattr(request.state, PERSON)
    return found


Seen = Annotated[Shelf, Depends(shelf)]


def _place(kind: Kind) -> Any:
    """For a request, until its answer has been sent."""

    async def taken(request: Request, seen: Seen) -> AsyncIterator[Place]:
        async with seen.turns[kind].place(seen.person, request) as place:
            yield place

    return Depends(taken)


Answering = Annotated[Place, _place("answers")]
Searching = Annotated[Place, _place("searches")]
FillingSheet = Annotated[Place, _place("sheets")]
Embedding = Annotated[Place, _place("embeddings")]
Drawing = Annotated[Place, _place("pictures")]


async def known_queries(request: Request) -> None:
    """Raises HTTPException for a name behind `?` that the route does not take."""
    if not request.query_params:
        return
    path = request.app.openapi()["paths"].get(request.scope["route"].path_format, {})
    takes = path.get(request.method.lower(), {}).get("parameters", ())
    known = [row["name"] for row in takes if row["in"] == "query"]
    for name in request.query_params:
        if name not in known:
            told = f"It takes {', '.join(known)}." if known else "It takes none."
            raise HTTPException(400, f"{name[:100]}: there is no such parameter. {told}")


async def only_files(request: Request) -> None:
    """Raises HTTPException for a field of a form that is not `files`."""
    for name in await request.form():
        if name != "files":
            raise HTTPException(400, f"{name[:100]}: there is no such field. Files are `files`.")


async def whole_text(request: Request) -> None:
    """Raises HTTPException for NUL and halves of characters, which no text has and no database
    takes, in a path, a query or a body of JSON."""
    given: list[Any] = [request.path_params, *request.query_params.multi_items()]
    if "json" in request.headers.get("content-type", ""):
        with suppress(ValueError):  # whoever reads the body says so
            given.append(await request.json())
    text = json.dumps(given, ensure_ascii=False)
    if _NUL.search(text) or text.encode(errors="replace").decode() != text:
        raise HTTPException(400, "The request has NUL or half a character in a text: leave it out.")


_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")  # as JSON writes it


# -- How a request names some of a library's documents, and a part of a long list


class Chosen(BaseModel, extra="forbid"):
    """Only some documents: those with all the tags, and of a time."""

    tags: list[str] = []
    after: str = Field(default="", description="dated then or later: 2024, 2024-06 or 2024-06-30")
    before: str = Field(default="", description="dated before that begins")

    @property
    def filter(self) -> Filter:
        """The tags and dates as a Filter. Raises WrongTag or WrongDate."""
        return Filter(tuple(self.tags), self.after, self.before)


def _chosen(
    tag: Annotated[list[str], Query(description="only with all of these tags")] = [],  # noqa: B006
    after: Annotated[str, Query(description="only dated then or later, as 2024-06")] = "",
    before: Annotated[str, Query(description="only dated before that begins")] = "",
) -> Filter:
    """Raises WrongTag or WrongDate."""
    return Filter(tuple(tag), after, before)


Within = Annotated[Filter, Depends(_chosen)]
Offset = Annotated[int, Query(ge=0, lt=1 << 31, description="so many of the first are left out")]
