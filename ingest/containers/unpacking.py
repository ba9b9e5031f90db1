"""Writes the files inside a file to a folder, within limits; names the files left out."""

import errno
import re
import shutil
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from ingest.document.source import Limits, readable
from ingest.platform.process import beat, safe_name

BLOCK = 1 << 20  # bytes that are read at once
ADVICE = "unpack it yourself and add the folder, or raise the setting "
MANY = "there are too many files in it: unpack it yourself and add the folder"
NAMED = 20  # files named for each reason of leaving out; further ones are counted
FULL = "the disk is nearly full"  # the one temporary reason: worth another attempt


@dataclass(frozen=True)
class Part:
    """A file that was inside another: its path there, and its unpacked copy."""

    name: str  # readable: "2023/report.pdf"
    path: Path


@dataclass(frozen=True)
class Omitted:
    """A file inside another that was not unpacked, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Expanded:
    """All files inside a file: each is a part or is omitted."""

    parts: tuple[Part, ...]
    omitted: tuple[Omitted, ...] = ()
    size: int = 0  # bytes written


@dataclass(frozen=True)
class Member:
    """A file inside another, before it is read."""

    name: str
    open: Callable[[], IO[bytes]]
    problem: str = ""  # why it must not be read: "a link to /etc/passwd"
    size: int = 0  # declared size in bytes; never more are read where it is known


class Refused(Exception):
    """A limit was met; the message is the reason."""


def unpack(
    members: Iterable[Member], packed: int, folder: Path, limits: Limits,
    suffixes: Collection[str],
) -> Expanded:  # fmt: skip
    """Unpack members; `packed` is the number of bytes that they come from."""
    parts: list[Part] = []
    left: list[Omitted] = []
    names = _Names()
    used: Counter[str] = Counter()
    size = 0
    for member in members:
        beat(len(parts), 0)
        name = names.new(member.name)
        # Those of one name are written into folders of their own: a folder for each of them takes
        # longer to delete than a small file to read.
        last = safe_name(member.name)
        key = unicodedata.normalize("NFKC", last).casefold()  # as disks compare names
        used[key] += 1
        path = folder / f"{used[key]:05d}" / last
        try:
            if reason := member.problem or refusal(member.name, suffixes):
                raise Refused(reason)
            if len(parts) >= limits.files:
                raise Refused(
                    MANY if limits.sized else f"{MANY}, or raise the setting unpacked_files"
                )
            if member.size:  # before anything is unpacked
                _check(size + member.size, packed, folder, limits)
            size += _write(member, path, packed, size, limits)
            parts.append(Part(name, path))
        except Refused as refused:
            left.append(Omitted(name, str(refused)))
    return Expanded(tuple(parts), _summed_up(left), size)


def _summed_up(left: Iterable[Omitted]) -> tuple[Omitted, ...]:
    """The files left out: for each reason a few names, and the number of the others."""
    named: list[Omitted] = []
    count: Counter[str] = Counter()
    for one in left:
        kind = one.reason.partition(" (")[0]  # the text in brackets differs from file to file
        count[kind] += 1
        if count[kind] <= NAMED:
            named.append(one)
    more = ((kind, number - NAMED) for kind, number in count.items() if number > NAMED)
    return (*named, *(Omitted(f"{number:,} more files", kind) for kind, number in more))


class _Names:
    """Readable names: no control characters, and none twice."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._again: Counter[str] = Counter()

    def new(self, name: str) -> str:
        shown = readable(name)
        path = PurePosixPath(shown)
        found = shown
        while found in self._seen:
            self._again[shown] += 1
            found = f"{str(path).removesuffix(path.suffix)} ({self._again[shown] + 1}){path.suffix}"
        self._seen.add(found)
        return found


def refusal(name: str, suffixes: Collection[str]) -> str:
    """Why a member is not unpacked, from its name alone."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or re.match("[A-Za-z]:", name) or "\0" in name:
        return "its name leads out of the archive"
    if any(part.startswith((".", "~$")) for part in path.parts) or "__MACOSX" in path.parts:
        return "a hidden file"
    if path.suffix.lower() not in suffixes:
        return "this kind of file cannot be read"
    return ""


def _write(member: Member, path: Path, packed: int, before: int, limits: Limits) -> int:
    written = 0
    try:
        with member.open() as source:
            if not (block := source.read(BLOCK)):
                raise Refused("it is empty: 0 bytes")
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as target:
                while block:
                    written += len(block)
                    _check(before + written, packed, path.parent, limits)
                    target.write(block)
                    beat(0, 0)
                    block = source.read(BLOCK)
    except Refused:
        path.unlink(missing_ok=True)
        raise
    except MemoryError:
        raise
    except OSError as error:
        path.unlink(missing_ok=True)
        raise Refused(FULL if error.errno == errno.ENOSPC else _sentence(error)) from error
    except Exception as error:  # each library has its own errors for damaged or unknown data
        path.unlink(missing_ok=True)
        raise Refused(_sentence(error)) from error
    return written


def _check(size: int, packed: int, folder: Path, limits: Limits) -> None:
    if size > limits.size:
        raise Refused(f"its contents are too large: {ADVICE}unpacked_mb")
    if size > limits.harmless and size > limits.ratio * packed:
        raise Refused(f"it unpacks to more than {limits.ratio} times its size")
    if shutil.disk_usage(folder).free < limits.free:
        raise Refused(FULL)


def _sentence(error: Exception) -> str:
    if "password" in str(error):
        return "it needs a password"
    return f"it is damaged or packed in an unknown way ({error or type(error).__name__})"
