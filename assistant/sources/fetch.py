"""Fetches what is new at a source, and has a library read it."""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from assistant.models.server.key import kept
from assistant.security.network_guard import permit
from assistant.settings import SOURCE_PASSWORD, Settings
from assistant.sources import store
from assistant.sources.address import Address, parsed
from assistant.sources.client import Client
from assistant.sources.errors import LeftOut, SourceFailed
from assistant.sources.landing import Entry, Landing
from assistant.sources.store import Source
from ingest.errors import PinciteError
from ingest.platform.loopback import is_this_machine
from vectorstore.add_report import AddSummary
from vectorstore.indexing.jobs import alone
from vectorstore.library import Library

_NAMED = 20  # of what was left out


@dataclass
class Fetched:
    """What came of a fetching."""

    new: int = 0  # mails or files, also those that replaced an older one
    known: int = 0
    gone: list[Path] = field(default_factory=list)  # deleted here, too, by `mirror`
    left_out: int = 0
    reasons: list[str] = field(default_factory=list)  # for the first of them


def bring(
    settings: Settings, library: Library, source: Source,
    add: Callable[[list[Path]], AddSummary], cancel: threading.Event | None = None,
) -> tuple[Fetched, AddSummary | None]:  # fmt: skip
    """Fetch, and have `add` read what the library has not read yet; None where there is nothing.

    What came of it is kept with the source. Raises PinciteError; what was fetched until then stays,
    and the next call goes on.
    """
    landing_folder = store.folder(settings, source)
    landing_folder.mkdir(parents=True, exist_ok=True)
    with alone(landing_folder / ".lock") as free:
        if not free:
            raise SourceFailed(f"{source.name} is being fetched by another program already.")
        try:
            done = _brought(settings, library, source, add, cancel)
        except PinciteError as error:
            store.note(settings, source, "", str(error))
            raise
        store.note(settings, source, datetime.now(UTC).isoformat(timespec="seconds"), "")
    return done


def _brought(
    settings: Settings, library: Library, source: Source,
    add: Callable[[list[Path]], AddSummary], cancel: threading.Event | None,
) -> tuple[Fetched, AddSummary | None]:  # fmt: skip
    landing = Landing(store.folder(settings, source))
    try:
        fetched = _fetched(source, landing, cancel)
    except SourceFailed:
        _read(landing, add, cancel)  # what came before
        raise
    summary = _read(landing, add, cancel)
    if fetched.gone:
        library.sources.prune(fetched.gone)
    return fetched, summary


def _read(
    landing: Landing, add: Callable[[list[Path]], AddSummary], cancel: threading.Event | None
) -> AddSummary | None:
    new = landing.new()
    summary = add(new) if new else None
    if new and not (cancel and cancel.is_set()):
        landing.handed_over()
    return summary


def _fetched(source: Source, landing: Landing, cancel: threading.Event | None) -> Fetched:
    """Raises SourceFailed that names the source."""
    try:
        client = connected(source)
        try:
            return _each(client, landing, source.mirror, cancel)
        finally:
            client.close()
    except SourceFailed as error:
        raise SourceFailed(f"{source.name}: {error}") from error


def connected(source: Source) -> Client:
    """Signed in; the network guard lets this address through from now on. Raises SourceFailed."""
    from assistant.sources.imap import Mailbox
    from assistant.sources.webdav import Shared

    address = parsed(source.address)
    password = _password(source, address)
    if not is_this_machine(address.host):
        permit(address.host, address.port, f"source {source.name}")
    return (Mailbox if address.kind == "imap" else Shared)(address, password)


def variable(name: str) -> str:
    """The environment variable with the password of a source, and of no other."""
    return f"{SOURCE_PASSWORD}{name.replace('-', '_').upper()}"


def has_password(source: Source) -> bool:
    """Or needs none."""
    address = parsed(source.address)
    return not address.user or bool(_kept(source, address))


def _password(source: Source, address: Address) -> str:
    found = _kept(source, address) if address.user else ""
    if address.user and not found:
        raise SourceFailed(
            f"There is no password for {address.place}: set {variable(source.name)}, or keep it in"
            f" the keyring of the system (`keyring set pincite {address.place}`)."
        )
    return found


def _kept(source: Source, address: Address) -> str:
    return os.environ.get(variable(source.name)) or kept(address.place)


def _each(
    client: Client, landing: Landing, mirror: bool, cancel: threading.Event | None
) -> Fetched:
    found, seen = Fetched(), set()
    listed = list(client.entries())  # first all: no command comes between
    for entry in listed:
        if cancel and cancel.is_set():
            return found
        seen.add(entry.key)
        _one(client, landing, entry, found)
    if mirror and seen and client.whole:  # an empty list is rather a server that is not itself
        found.gone = landing.drop(landing.rows.keys() - seen)
    return found


def _one(client: Client, landing: Landing, entry: Entry, found: Fetched) -> None:
    try:
        blocks = client.read(entry, landing.rows.get(entry.key))
        if blocks is not None and landing.write(entry, blocks):
            found.new += 1
        else:
            found.known += 1
    except LeftOut as error:
        found.left_out += 1
        if len(found.reasons) < _NAMED:
            found.reasons.append(f"{'/'.join(entry.parts)!r} is left out: {error}.")
