"""The files inside ZIP and TAR archives and single packed files. Links are never followed."""

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, cast

from ingest.containers.unpacking import ADVICE, Member
from ingest.document.limits import Limits
from ingest.errors import UnreadableFile

SINGLE: dict[str, Callable[[Path], IO[bytes]]] = {
    ".gz": lambda path: cast(IO[bytes], gzip.GzipFile(path)),
    ".bz2": lambda path: cast(IO[bytes], bz2.BZ2File(path)),
    ".xz": lambda path: cast(IO[bytes], lzma.LZMAFile(path)),  # noqa: SIM115 - closed by its user
}


_MOST = 200_000  # members that are examined: a packed TAR of a megabyte can name millions


def members(path: Path, limits: Limits) -> Iterator[Member]:
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
    elif path.suffix.lower() in SINGLE:
        yield _single(path)
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
    if kind == stat.S_IFLNK:
        return "a link, not a file"
    if kind not in (0, stat.S_IFREG):
        return "a device or pipe, not a file"
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
                yield Member(info.name, partial(_extracted, archive, info), _kind(info), info.size)
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


def _extracted(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    return cast(IO[bytes], archive.extractfile(info))


def _kind(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return f"a link to {info.linkname}, not a file"
    return "" if info.isreg() else "a device or pipe, not a file"


def _rest(path: Path, reason: str) -> Member:
    return Member(f"the rest of {path.name}", _nothing, reason)


def _nothing() -> IO[bytes]:
    raise UnreadableFile("There is nothing to open.")


def _single(path: Path) -> Member:
    """A packed file that holds one file, named without its last suffix."""
    return Member(path.stem, lambda: SINGLE[path.suffix.lower()](path))
