"""The sources of libraries, and the folder that each is fetched into.

They stand in the library's folder, without a password, and are renamed, deleted and brought back
with it.
"""

import hashlib
import json
import os
import re
import shutil
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from assistant.models.server_address import keep, kept
from assistant.settings import SOURCE_PASSWORD, Settings
from assistant.sources.address import Address, SourceFailed, UnknownSource, parsed
from assistant.storage.files import held, write_private
from ingest.platform.process import safe_name
from vectorstore.errors import HomeNotWritable, UnknownLibrary
from vectorstore.indexing.jobs import alone
from vectorstore.opened import check_there, libraries_in

_FILE = "sources.json"
LOCK = ".lock"  # in the folder of a source, held while it is fetched
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
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
    """A source that `add` may keep. Raises SourceFailed."""
    parsed(address)
    known = listed(settings)
    for one in known:
        if (one.library, one.address) == (library, address):
            raise SourceFailed(
                f"{address} is a source of {library!r} already, as {one.name!r}.", "server"
            )
    taken = {source.name for source in known}
    if name and not _NAME.fullmatch(name):
        raise SourceFailed(
            f"{name!r} cannot be the name of a source: use up to 40 small letters, digits, hyphens."
        )
    if name in taken:
        raise SourceFailed(f"There is a source {name!r} already: choose another --name.")
    chosen = name or _new_name(address, taken)
    return Source(chosen, library, address, mirror, every=_minutes(every))


def add(settings: Settings, made: Source) -> Source:
    """Keep a new source of a library that is there. Raises SourceFailed, HomeNotWritable."""
    _change(settings, made.library, lambda rows: [*rows, made])
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
        place.mkdir(parents=True, exist_ok=True)
        with alone(place / LOCK) as free:
            if not free:
                raise SourceFailed(
                    f"{source.name} is being fetched: remove it when that has ended."
                )
            _change(
                settings, source.library, lambda rows: [r for r in rows if r.name != source.name]
            )
            for one in [path for path in place.iterdir() if path.name != LOCK]:
                shutil.rmtree(one) if one.is_dir() else one.unlink()
        shutil.rmtree(place)  # the lock alone: it is open until here
    except OSError as error:
        raise HomeNotWritable(
            f"{place} cannot be deleted ({error.strerror}): delete it yourself."
        ) from error


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


def _new_name(address: str, taken: Collection[str]) -> str:
    """Of the host and the end of the path, as "example-org-inbox"."""
    found = parsed(address)
    words = re.findall(r"[a-z0-9]+", f"{found.host} {found.path.rpartition('/')[2]}".lower())
    stem = "-".join(words)[:36].strip("-") or "source"
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
    with held(place):
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


# -- The folder of a source: each mail or file is written whole or not at all, and then noted
# After a kill in between, the file is there and not noted: it is fetched again, over itself.

_NOTES = ".fetched.jsonl"  # with a dot: it is no document
_PART = ".part"
_LONGEST_PATH = 400  # bytes of a path below the folder: disks and systems allow little more


@dataclass(frozen=True)
class Entry:
    """A mail or a file that a server lists."""

    key: str  # by which the server knows it
    parts: tuple[str, ...]  # its path, as the server says it: not to be trusted
    size: int = 0  # bytes; 0: unknown
    etag: str = ""
    modified: str = ""


@dataclass(frozen=True)
class Row:
    """A mail or file that was fetched."""

    key: str
    path: str  # below the folder
    sha256: str
    etag: str = ""
    modified: str = ""
    is_new: bool = True  # the library has not read it yet


class Landing:
    """What was fetched of a source."""

    def __init__(self, folder: Path) -> None:
        """The folder is there. Raises HomeNotWritable."""
        self.folder = folder
        self.rows: dict[str, Row] = {}
        self._files: set[str] = set()
        self._folders: set[str] = set()
        for row in noted(folder):
            self._keep(row)
        self._rewrite()  # without what was replaced, and without a line that broke off

    def write(
        self, entry: Entry, blocks: Iterable[bytes],
        named: Callable[[Entry, Path], Sequence[str]] = lambda entry, _: entry.parts,
    ) -> bool:  # fmt: skip
        """Store a mail or file, and return whether it differs from before. `named` gives the path
        of a new one, from its content. Raises HomeNotWritable, and what `blocks` raises."""
        part, digest = self.folder / _PART, hashlib.sha256()
        with _told(self.folder), part.open("wb") as file:
            for block in blocks:
                digest.update(block)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())  # before it is noted: it would not be fetched again
        known = self.rows.get(entry.key)
        path = known.path if known else self._free(entry.key, named(entry, part))
        row = Row(entry.key, path, digest.hexdigest(), entry.etag, entry.modified)
        if known and known.sha256 == row.sha256:
            self._note(replace(row, is_new=known.is_new))
            return False
        with _told(self.folder):
            place = self.folder / row.path
            place.parent.mkdir(parents=True, exist_ok=True)
            part.replace(place)
        self._note(row)
        return True

    def new(self) -> list[Path]:
        """The files that the library has not read yet."""
        places = [self.folder / row.path for row in self.rows.values() if row.is_new]
        return [place for place in places if place.is_file()]

    def handed_over(self) -> None:
        """Note that the library has read all files. Raises HomeNotWritable."""
        self.rows = {key: replace(row, is_new=False) for key, row in self.rows.items()}
        self._rewrite()

    def delete_others(self, keys: Collection[str]) -> list[Path]:
        """Delete the files that a server no longer lists, from the keys that it does list; they
        stay noted."""
        gone = [self.folder / row.path for key, row in self.rows.items() if key not in keys]
        for path in gone:
            with suppress(OSError):
                path.unlink()
        return gone

    def forget(self, paths: Iterable[Path]) -> None:
        """Delete the notes that these files were fetched. Raises HomeNotWritable."""
        gone = {path.relative_to(self.folder).as_posix() for path in paths}
        self.rows = {key: row for key, row in self.rows.items() if row.path not in gone}
        self._files -= set(map(_folded, gone))
        self._rewrite()

    def _free(self, key: str, parts: Sequence[str]) -> str:
        """A path below the folder that no other entry has, on disks without capitals, too."""
        names = [safe_name(part) for part in parts] or ["file"]
        path = "/".join(names)
        short = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:16]
        number = 0
        while len(path.encode()) > _LONGEST_PATH or not self._is_free(path):
            path = f"{short}{f'-{number}' if number else ''}-{names[-1]}"
            number += 1
        return path

    def _is_free(self, path: str) -> bool:
        folded = _folded(path)
        above = map(str, PurePosixPath(folded).parents)
        taken = folded in self._files or folded in self._folders
        return not taken and self._files.isdisjoint(above)

    def _note(self, row: Row) -> None:
        with _told(self.folder), (self.folder / _NOTES).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(row)) + "\n")
        self._keep(row)

    def _keep(self, row: Row) -> None:
        self.rows[row.key] = row
        self._files.add(_folded(row.path))
        self._folders.update(map(str, PurePosixPath(_folded(row.path)).parents))

    def _rewrite(self) -> None:
        text = "".join(json.dumps(asdict(row)) + "\n" for row in self.rows.values())
        write_private(self.folder / _NOTES, text)


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Report a full disk as a sentence. Raises HomeNotWritable; errors of the network pass."""
    try:
        yield
    except OSError as error:
        if type(error) in (OSError, PermissionError, FileNotFoundError, NotADirectoryError):
            raise HomeNotWritable(f"{folder} cannot be written to: {error}.") from error
        raise


def noted(folder: Path) -> Iterator[Row]:
    """What was fetched into a folder."""
    place = folder / _NOTES
    with suppress(FileNotFoundError):
        for line in place.read_text("utf-8", "replace").split("\n"):
            with suppress(ValueError, TypeError):  # a line that broke off is fetched again
                yield Row(**json.loads(line))


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()
