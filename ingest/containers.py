"""The files inside archives, mails, Office documents and PDFs. Links are never followed."""

import bz2
import errno
import gzip
import io
import logging
import lzma
import re
import shutil
import stat
import tarfile
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from ingest import mail
from ingest.document.source import Limits, holds, readable
from ingest.errors import UnreadableFile
from ingest.platform.process import beat, safe_name

# -- Writes the files inside a file to a folder, within limits; names the files left out

BLOCK = 1 << 20  # bytes that are read at once
ADVICE = "unpack it yourself and add the folder, or raise the setting "
MANY = "there are too many files in it: unpack it yourself and add the folder"
NAMED = 20  # files named for each reason of leaving out; further ones are counted
FULL = "the disk is nearly full"


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
    temporary: bool = False  # something was omitted for a reason that may pass: try it again


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
    full = any(one.reason == FULL for one in left)
    return Expanded(tuple(parts), _summed_up(left), size, temporary=full)


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


# -- ZIP and TAR archives, and single packed files

SINGLE_FILES: dict[str, Callable[[Path], Any]] = {
    ".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open,
}  # fmt: skip
_MOST = 200_000  # members that are examined: a packed TAR of a megabyte can name millions


def archive_members(path: Path, limits: Limits) -> Iterator[Member]:
    """Each file inside, in the archive's order. Raises UnreadableFile when it is no archive."""
    for number, member in enumerate(_all(path, limits)):
        if number >= _MOST:
            yield _rest(path, f"there are more than {_MOST:,} files in it: {ADVICE}unpacked_files")
            return
        yield member


def _all(path: Path, limits: Limits) -> Iterator[Member]:
    if path.suffix.lower() == ".zip":
        yield from _zipped(path)
    elif _is_tar(path):
        yield from _taped(path, limits)
    elif path.suffix.lower() in SINGLE_FILES:
        yield Member(path.stem, partial(SINGLE_FILES[path.suffix.lower()], path))
    else:
        raise UnreadableFile(f"{path.name} is not an archive, or is damaged.")


def _zipped(path: Path) -> Iterator[Member]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnreadableFile(f"{path.name} is not a ZIP archive, or is damaged.") from error
    with archive:
        for info in archive.infolist():
            if not info.is_dir():
                yield Member(
                    _named(info), partial(archive.open, info), _forbidden(info), info.file_size
                )


def _named(info: zipfile.ZipInfo) -> str:
    """The intended name: many programs write UTF-8 without declaring it."""
    name = info.filename.replace("\\", "/")
    if info.flag_bits & 0x800:  # it says that it is UTF-8
        return name
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


def _forbidden(info: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return "a link, not a file" if kind == stat.S_IFLNK else "a device or pipe, not a file"
    return "it needs a password" if info.flag_bits & 0x1 else ""


def _is_tar(path: Path) -> bool:
    try:
        return tarfile.is_tarfile(path)
    except (tarfile.TarError, OSError, EOFError, lzma.LZMAError, ValueError):
        return False


def _taped(path: Path, limits: Limits) -> Iterator[Member]:
    with tarfile.open(path) as archive:
        while (info := _next(archive)) is not None:
            if isinstance(info, str):
                yield _rest(path, info)
                return
            if not info.isdir():
                opener = cast(Callable[[], IO[bytes]], partial(archive.extractfile, info))
                yield Member(info.name, opener, _kind(info), info.size)
            archive.members.clear()  # type: ignore[attr-defined]  # it keeps every one it has seen
            # The next header follows this file: a packed file would be unpacked to get there.
            packed = not isinstance(archive.fileobj, io.BufferedReader)
            if packed and info.offset_data + info.size > limits.size:
                yield _rest(path, f"it is too large: {ADVICE}unpacked_mb")
                return


def _next(archive: tarfile.TarFile) -> tarfile.TarInfo | str | None:
    try:
        info = archive.next()
        if info is not None and info.size < 0:  # Python before 3.11.14 would go back for ever
            raise tarfile.ReadError("a file of negative size")
        return info
    except (tarfile.TarError, OSError, EOFError, lzma.LZMAError, ValueError) as error:
        return f"the archive is damaged ({error})"


def _kind(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return f"a link to {info.linkname}, not a file"
    return "" if info.isreg() else "a device or pipe, not a file"


def _rest(path: Path, reason: str) -> Member:
    return Member(f"the rest of {path.name}", io.BytesIO, reason)


# -- The files attached to mails


def mail_members(path: Path, limits: Limits) -> Iterator[Member]:
    """In a mailbox, the number and subject of the mail precede the name like a folder."""
    many = path.suffix.lower() == ".mbox"
    for number, message in enumerate(mail.mails_in(path), 1):
        subject = message.subject.replace("/", "-").replace("\\", "-").lstrip(".~ ")
        place = f"{number} {subject}".strip() + "/" if many else ""
        for file in message.attachments:
            problem = "" if file.data is not None else "the mail names it but does not contain it"
            yield Member(
                place + _last(file.name, "file"), partial(io.BytesIO, file.data or b""), problem
            )


def _last(name: str, otherwise: str) -> str:
    """Some programs write the whole path of the file on the sender's disk."""
    return name.replace("\\", "/").rstrip("/").rpartition("/")[2] or otherwise


# -- Documents that are embedded in Office documents, such as a workbook in a slide


def office_members(path: Path, limits: Limits) -> Iterator[Member]:
    """Embedded documents, without pictures: these belong to the page that shows them."""
    with suppress(UnreadableFile):  # the document's own loader reports the problem
        for member in _zipped(path):
            if "/embeddings/" in member.name:
                yield replace(member, name=member.name.rpartition("/")[2])


# -- Files embedded in PDFs: portfolios, attachments, and files pinned to a page

_MARKS = (b"/EmbeddedFile", b"/Collection")


def pdf_members(path: Path, limits: Limits) -> Iterator[Member]:
    """Embedded files; none for a damaged PDF, whose own loader reports the problem."""
    if not holds(path, *_MARKS):  # nearly every PDF: a search in the bytes saves the parsing
        return
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it warns of every oddity
    seen: set[int] = set()
    with suppress(Exception):
        reader = PdfReader(path)
        for file in _files(reader):
            yield from _member(file, seen)


def _files(reader: Any) -> Iterator[Any]:
    """File specifications, wherever they are: at a name, a page, a paragraph or the portfolio."""
    from pypdf.generic import DictionaryObject, IndirectObject

    numbers = {(number, gen) for gen, of in reader.xref.items() for number in of}
    numbers |= {(number, 0) for number in reader.xref_objStm}
    for done, (number, generation) in enumerate(sorted(numbers)):
        beat(done, 0)
        with suppress(Exception):  # unused objects are often damaged
            found = reader.get_object(IndirectObject(number, generation, reader))
            for one in (found, found.get("/FS") if isinstance(found, DictionaryObject) else None):
                one = one.get_object() if one is not None else None
                if isinstance(one, DictionaryObject) and "/EF" in one:
                    yield one


def _member(file: Any, seen: set[int]) -> Iterator[Member]:
    streams = file["/EF"].get_object()
    stream = next((streams.raw_get(key) for key in ("/UF", "/F") if key in streams), None)
    name = next((str(file[key]) for key in ("/UF", "/F", "/Desc") if file.get(key)), "attachment")
    place = getattr(stream, "idnum", 0)
    if stream is None or place in seen:
        return
    seen.add(place)
    yield Member(_last(name, "attachment"), lambda: io.BytesIO(stream.get_object().get_data()))


# -- The table of containers. A new kind is a function and a line here
# A container is also a document: its loader lists the files inside, so that search finds them.

CONTAINERS: dict[str, Callable[[Path, Limits], Iterator[Member]]] = {
    **dict.fromkeys((".zip", ".tar", ".tgz", ".tbz2", ".txz"), archive_members),
    **dict.fromkeys(SINGLE_FILES, archive_members),
    **dict.fromkeys((".eml", ".msg", ".mbox"), mail_members),
    **dict.fromkeys((".docx", ".docm", ".pptx", ".pptm", ".xlsx", ".xlsm"), office_members),
    ".pdf": pdf_members,
}

LIMITS = Limits()


def expand(
    path: Path, folder: Path, limits: Limits = LIMITS, level: int = 0,
    suffixes: Collection[str] = (),
) -> Expanded:  # fmt: skip
    """Write the files that are inside of a file, not those inside of these, into a folder.

    Only those with one of the `suffixes` are written: those that a loader reads.

    `level` is how many containers this one lies in. For all that a person's file holds the limits
    are one budget: the next call gets `limits.after(…)`. A file that is no container has no
    parts. Raises UnreadableFile when the container itself cannot be read.
    """
    if path.suffix.lower() not in CONTAINERS:
        return Expanded(())
    members = CONTAINERS[path.suffix.lower()](path, limits)
    if level >= limits.depth:
        deep = f"it is nested too deep: {ADVICE}unpacked_depth"
        members = (replace(member, problem=deep) for member in members)
    return unpack(members, path.stat().st_size, folder, limits, suffixes)
