"""The sources of libraries. They stand in the library's folder, without a password, and are
renamed, deleted and brought back with it.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from assistant.models.server_address import keep, kept
from assistant.settings import SOURCE_PASSWORD, Settings
from assistant.sources.address import Address, SourceFailed, UnknownSource, parsed
from assistant.storage.files import write_private
from vectorstore.errors import HomeNotWritable, UnknownLibrary
from vectorstore.indexing.jobs import alone
from vectorstore.opened import check_there, libraries_in

_FILE = "sources.json"
LOCK = ".lock"  # in the folder of a source, held while it is fetched
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_WAIT = 10.0  # seconds, for another process that writes the list
EVERY = 15  # minutes between two fetchings by the app
_LONGEST = 7 * 24 * 60  # minutes


@dataclass(frozen=True)
class Source:
    """A mailbox or a folder, with what came of the last fetching."""

    name: str  # of one source of the home
    library: str
    address: str
    mirror: bool = False  # what is gone there goes here
    fetched: str = ""  # when it was fetched last without an error, in ISO 8601
    error: str = ""  # of the last try
    every: int = EVERY  # minutes between two fetchings by the app
    paused: bool = False  # it is fetched when it is asked for alone
    tried: str = ""  # when the last fetching ended, also one that failed
    refused: bool = False  # the server refused the user or the password then

    def is_due(self, now: datetime) -> bool:
        """Whether the app fetches it by itself. A refused password is not tried again: servers
        lock accounts after a few."""
        if self.paused or self.refused:
            return False
        past = now - datetime.fromisoformat(self.tried) if self.tried else None
        # A clock that was set back makes it due, rather than never.
        return past is None or not timedelta() <= past < timedelta(minutes=self.every)


def listed(settings: Settings, library: str | None = None) -> list[Source]:
    """Those of a library, or of all. Raises SourceFailed for a damaged list."""
    names = libraries_in(settings.libraries_folder) if library is None else [library]
    return [source for name in names for source in _read(settings, name)]


def find(settings: Settings, name: str, library: str | None = None) -> Source:
    """Of a library, or of all. Raises UnknownSource, SourceFailed."""
    known = listed(settings, library)
    for source in known:
        if source.name == name:
            return source
    others = ", ".join(source.name for source in known)
    raise UnknownSource(
        f"There is no source {name!r}. "
        + (f"Sources: {others}." if others else "`pincite sources add ADDRESS` adds one.")
    )


def new(
    settings: Settings, library: str, address: str, name: str = "", mirror: bool = False,
    every: int = EVERY,
) -> Source:  # fmt: skip
    """What `add` would keep. Raises SourceFailed."""
    parsed(address)
    known = listed(settings)
    for one in known:
        if (one.library, one.address) == (library, address):
            raise SourceFailed(
                f"{address} is a source of {library!r} already, as {one.name!r}.", "server"
            )
    chosen = _checked(name, known) if name else _new_name(address, known)
    return Source(chosen, library, address, mirror, every=_minutes(every))


def add(
    settings: Settings, library: str, address: str, name: str = "", mirror: bool = False,
    every: int = EVERY,
) -> Source:  # fmt: skip
    """A new source of a library that is there. Raises SourceFailed, HomeNotWritable."""
    made = new(settings, library, address, name, mirror, every)
    _change(settings, library, lambda rows: [*rows, made])
    return made


def change(
    settings: Settings, source: Source, every: int | None = None, paused: bool | None = None
) -> None:
    """How often the app fetches it, and whether. What is resumed is tried again, whatever the
    server said. Raises SourceFailed, HomeNotWritable."""
    minutes = None if every is None else _minutes(every)

    def changed(row: Source) -> Source:
        row = row if minutes is None else replace(row, every=minutes)
        return row if paused is None else replace(row, paused=paused, refused=False, tried="")

    _change_one(settings, source, changed)


def remove(settings: Settings, source: Source) -> None:
    """Fetch it no longer. Its documents stay in the library. Raises SourceFailed when it is being
    fetched, UnknownLibrary, HomeNotWritable."""
    check_there(settings.libraries_folder / source.library)
    place = folder(settings, source)
    try:
        _remove(settings, source, place)
        shutil.rmtree(place)  # the lock alone: it is open until here
    except OSError as error:
        raise HomeNotWritable(
            f"{place} cannot be deleted ({error.strerror}): delete it yourself."
        ) from error


def _remove(settings: Settings, source: Source, place: Path) -> None:
    """Off the list, and all that was fetched."""
    place.mkdir(parents=True, exist_ok=True)
    with alone(place / LOCK) as free:
        if not free:
            raise SourceFailed(f"{source.name} is being fetched: remove it when that has ended.")
        _change(settings, source.library, lambda rows: [r for r in rows if r.name != source.name])
        for one in [path for path in place.iterdir() if path.name != LOCK]:
            shutil.rmtree(one) if one.is_dir() else one.unlink()


def note(
    settings: Settings, source: Source, fetched: str, error: str, refused: bool = False
) -> None:
    """What came of a fetching that has ended; nothing where the library is gone meanwhile. Raises
    HomeNotWritable."""

    def noted(row: Source) -> Source:
        return replace(
            row, fetched=fetched or row.fetched, error=error, tried=now(), refused=refused
        )

    with suppress(UnknownLibrary):
        _change_one(settings, source, noted)


def now() -> str:
    """The time as it is kept with sources: ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def folder(settings: Settings, source: Source) -> Path:
    """Where its mails or files are."""
    return settings.sources_folder(source.library) / source.name


def _minutes(every: int) -> int:
    if not 1 <= every <= _LONGEST:
        raise SourceFailed(
            f"A source is fetched every 1 to {_LONGEST:,} minutes, and not every {every:,}."
        )
    return every


def _checked(name: str, known: list[Source]) -> str:
    if not _NAME.fullmatch(name):
        raise SourceFailed(
            f"{name!r} cannot be the name of a source: use up to 40 small letters, digits, hyphens."
        )
    if name in (source.name for source in known):
        raise SourceFailed(f"There is a source {name!r} already: choose another --name.")
    return name


def _new_name(address: str, known: list[Source]) -> str:
    """Of the host and the end of the path, as "example-org-inbox"."""
    found = parsed(address)
    words = re.findall(r"[a-z0-9]+", f"{found.host} {found.path.rpartition('/')[2]}".lower())
    stem = "-".join(words)[:36].strip("-") or "source"
    taken = {source.name for source in known}
    names = (stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def _read(settings: Settings, library: str) -> list[Source]:
    place = settings.libraries_folder / library / _FILE
    try:
        rows = json.loads(place.read_text("utf-8"))
        return [Source(**{**row, "library": library}) for row in rows]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        raise SourceFailed(
            f"{place} cannot be read: delete it, and add the sources again."
        ) from error


def _change(
    settings: Settings, library: str, change: Callable[[list[Source]], Iterable[Source]]
) -> None:
    check_there(settings.libraries_folder / library)
    place = settings.libraries_folder / library / _FILE
    with alone(place.with_suffix(".lock"), _WAIT) as held:
        if not held:
            raise HomeNotWritable(f"{place} is being written by another program: try again.")
        rows = [asdict(source) for source in change(_read(settings, library))]
        write_private(place, json.dumps(rows, indent=1))


def _change_one(settings: Settings, source: Source, change: Callable[[Source], Source]) -> None:
    _change(
        settings, source.library,
        lambda rows: [change(row) if row.name == source.name else row for row in rows],
    )  # fmt: skip


# -- The password of a source: of a variable of that source alone, else of the system's keyring


def variable(name: str) -> str:
    """The environment variable with the password of a source, and of no other."""
    return f"{SOURCE_PASSWORD}{name.replace('-', '_').upper()}"


def has_password(source: Source) -> bool:
    """Whether there is a password, or none is needed. Raises SourceFailed for a wrong address."""
    address = parsed(source.address)
    return not address.user or bool(_found(source, address))


def password_of(source: Source) -> str:
    """Empty for a server that is asked without a user. Raises SourceFailed."""
    address = parsed(source.address)
    found = _found(source, address) if address.user else ""
    if address.user and not found:
        raise SourceFailed(
            f"There is no password for {address.place}: set {variable(source.name)}, or keep it in"
            f" the keyring of the system (`keyring set pincite {address.place}`).",
            "password",
        )
    return found


def keep_password(source: Source, password: str) -> None:
    """In the keyring. Raises SourceFailed where there is none, or where a variable goes first."""
    if os.environ.get(variable(source.name), password) != password:
        raise SourceFailed(
            f"The password of {source.name} is in {variable(source.name)}: change it there, and"
            " start the app again.",
            "password",
        )
    if not keep(parsed(source.address).place, password):
        raise SourceFailed(
            "This machine has no keyring that keeps a password: start the app with the password in"
            f" {variable(source.name)}, and leave this field empty.",
            "password",
        )


def _found(source: Source, address: Address) -> str:
    return os.environ.get(variable(source.name)) or kept(address.place)
