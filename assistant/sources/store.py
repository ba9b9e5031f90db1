"""The sources of libraries. They stand in the library's folder, without a password, and are
renamed, deleted and brought back with it."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from assistant.build.composition import libraries
from assistant.settings import Settings
from assistant.sources.address import parsed
from assistant.sources.errors import SourceFailed
from vectorstore.errors import HomeNotWritable
from vectorstore.indexing.jobs import alone

_FILE = "sources.json"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_WAIT = 10.0  # seconds, for another process that writes the list


@dataclass(frozen=True)
class Source:
    """A mailbox or a folder, with what came of the last fetching."""

    name: str  # of one source of the home
    library: str
    address: str
    mirror: bool = False  # what is gone there goes here
    fetched: str = ""  # when it was fetched last without an error, in ISO 8601
    error: str = ""  # of the last try


def listed(settings: Settings, library: str | None = None) -> list[Source]:
    """Those of a library, or of all. Raises SourceFailed for a damaged list."""
    names = libraries(settings) if library is None else [library]
    return [source for name in names for source in _read(settings, name)]


def find(settings: Settings, name: str) -> Source:
    """Raises SourceFailed."""
    known = listed(settings)
    for source in known:
        if source.name == name:
            return source
    others = ", ".join(source.name for source in known)
    raise SourceFailed(
        f"There is no source {name!r}. "
        + (f"Sources: {others}." if others else "`pincite sources add ADDRESS` adds one.")
    )


def add(
    settings: Settings, library: str, address: str, name: str = "", mirror: bool = False
) -> Source:
    """A new source of a library that is there. Raises SourceFailed, HomeNotWritable."""
    parsed(address)
    known = listed(settings)
    for one in known:
        if (one.library, one.address) == (library, address):
            raise SourceFailed(f"{address} is a source of {library!r} already, as {one.name!r}.")
    chosen = _checked(name, known) if name else _new_name(address, known)
    made = Source(chosen, library, address, mirror)
    _change(settings, library, lambda rows: [*rows, made])
    return made


def remove(settings: Settings, source: Source) -> None:
    """Fetch it no longer. Its documents stay in the library. Raises SourceFailed when it is being
    fetched, HomeNotWritable."""
    place = folder(settings, source)
    place.mkdir(parents=True, exist_ok=True)
    with alone(place / ".lock") as free:
        if not free:
            raise SourceFailed(f"{source.name} is being fetched: remove it when that has ended.")
    _change(settings, source.library, lambda rows: [r for r in rows if r.name != source.name])
    shutil.rmtree(place, ignore_errors=True)


def note(settings: Settings, source: Source, fetched: str, error: str) -> None:
    """What came of a fetching. Raises HomeNotWritable."""

    def noted(rows: list[Source]) -> Iterable[Source]:
        for row in rows:
            same = row.name == source.name
            yield replace(row, fetched=fetched or row.fetched, error=error) if same else row

    _change(settings, source.library, noted)


def folder(settings: Settings, source: Source) -> Path:
    """Where its mails or files are."""
    return all_folders(settings, source.library) / source.name


def all_folders(settings: Settings, library: str) -> Path:
    """Where the folders of all sources of a library are."""
    return settings.libraries_folder / library / "sources"


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
    place = settings.libraries_folder / library / _FILE
    with alone(place.with_suffix(".lock"), _WAIT) as held:
        if not held:
            raise HomeNotWritable(f"{place} is being written by another program: try again.")
        rows = [asdict(source) for source in change(_read(settings, library))]
        write_whole(place, json.dumps(rows, indent=1))


def write_whole(place: Path, text: str) -> None:
    """A file that only its owner can read, whole or not at all. Raises HomeNotWritable."""
    new = place.with_suffix(".new")
    try:
        with os.fdopen(
            os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(place)
    except OSError as error:
        with suppress(OSError):
            new.unlink()
        raise HomeNotWritable(f"{place} cannot be written to: {error.strerror}.") from error
