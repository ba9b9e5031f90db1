"""Starts children with an environment of their own: that of the server holds passwords."""

import io
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from multiprocessing import context, spawn
from pathlib import Path
from shutil import which
from typing import Any, NamedTuple

import ingest
from ingest.document.source import readable
from ingest.errors import UnreadableFile

# What programs and libraries of a reader look for, and what forbids libraries to tell of their use.
# All else may be a password, however short.
_NAMES = {
    "ANONYMIZED_TELEMETRY", "DO_NOT_TRACK", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "HF_HUB_OFFLINE",
    "LANG", "LANGUAGE", "LD_LIBRARY_PATH", "ORT_DISABLE_TELEMETRY", "PATH", "TEMP",
    "TESSDATA_PREFIX", "TMP", "TMPDIR", "TRANSFORMERS_OFFLINE", "TZ",
}  # fmt: skip
_FAMILIES = ("GOMP_", "LC_", "MKL_", "OMP_", "OPENBLAS_", "PYTHON")


def environment(of: Mapping[str, str]) -> dict[str, str]:
    """What a child gets of it."""
    return {
        name: value for name, value in of.items() if name in _NAMES or name.startswith(_FAMILIES)
    }


def import_main(module: Mapping[str, str]) -> None:
    """In the child: import what the parent runs, for what is pickled by a name in it."""
    if module:
        spawn.prepare(dict(module))


def started() -> context.SpawnContext:
    """How children are started. Not by fork: the parent has threads, and its models would count as
    the child's memory. Not by a server: a child could ask it, which is not confined, for a process.
    """
    return context.SpawnContext() if sys.platform == "win32" else _Context()


if sys.platform != "win32":
    from multiprocessing import popen_spawn_posix, reduction, util
    from multiprocessing.context import set_spawning_popen

    class _Popen(popen_spawn_posix.Popen):
        """As the library's, without the parent's environment, its key for connections and the way
        to its tracker of shared memory. The parent's main module comes as an argument `main` of the
        child's function, which imports it when it is confined: threads that were started before
        would not be."""

        _fds: list[int]  # that the child gets

        def _launch(self, process_obj: Any) -> None:
            data = io.BytesIO()
            told = spawn.get_preparation_data(process_obj._name)
            told.pop("authkey", None)
            main = {name: told.pop(name) for name in list(told) if name.startswith("init_main")}
            process_obj._kwargs["main"] = {name: str(value) for name, value in main.items()}
            set_spawning_popen(self)
            try:
                reduction.dump(told, data)
                reduction.dump(process_obj, data)
            finally:
                set_spawning_popen(None)
            self._begin(data.getbuffer())

        def _begin(self, told: memoryview) -> None:
            ours, its_end = os.pipe()
            its_own, theirs = os.pipe()
            try:
                command = spawn.get_command_line(pipe_handle=its_own)
                given = [f"{name}={value}" for name, value in environment(os.environ).items()]
                arguments = ["env", "-i", *given, *command]
                handles = [*self._fds, its_own, its_end]
                self.pid = util.spawnv_passfds(b"/usr/bin/env", arguments, handles)
                self.sentinel = ours
                with open(theirs, "wb", closefd=False) as pipe:
                    pipe.write(told)
            finally:
                self.finalizer = util.Finalize(self, _close, (ours, theirs))
                _close(its_own, its_end)

    def _close(*pipes: int) -> None:
        for pipe in pipes:
            os.close(pipe)

    class _Process(context.SpawnProcess):
        @staticmethod
        def _Popen(process_obj: Any) -> Any:
            return _Popen(process_obj)

    class _Context(context.SpawnContext):
        Process = _Process


# -- What a reader opens besides its file: Python and its libraries, the system's, and fonts

_SYSTEM = (
    *("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/nix/store", "/gnu/store"),
    *("/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/localtime", "/etc/locale.alias"),
    *("/etc/nsswitch.conf", "/etc/mime.types", "/etc/fonts", "/var/cache/fontconfig"),
    *("/etc/libreoffice", "/var/lib/libreoffice", "/var/spool/libreoffice"),
    *("/etc/ssl/openssl.cnf", "/etc/pki/tls/openssl.cnf", "/etc/crypto-policies"),
    *("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"),
    *("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/filesystems", "/proc/version"),
    *("/proc/sys/vm", "/sys/bus/pci", "/sys/devices", "/sys/fs/cgroup"),
    "/sys/kernel/mm/transparent_hugepage",
)
_PROGRAMS = ("soffice", "libreoffice", "tesseract")


def needed_libraries(main: str = "") -> list[Path]:
    """Files and folders; some may not be there. `main` is the file of the parent's program."""
    own = Path(f"/proc/{os.getpid()}")  # its memory and threads
    found = [*map(Path, _SYSTEM), own, *_of_python(), *_of_programs()]
    return [*found, Path(main)] if main else found


def needed_models(folders: Sequence[Path]) -> list[Path]:
    """The folders of models, and what the links in them lead to."""
    links = (path for folder in folders for path in folder.rglob("*") if path.is_symlink())
    return [*folders, *(link.resolve() for link in links)]


def _of_python() -> Iterator[Path]:
    yield from map(Path, (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix))
    yield Path(ingest.__file__).parents[1]
    home = None
    with suppress(RuntimeError):  # a user whom the system does not list, as in a container
        home = Path.home()
    for place in filter(None, (*sys.path, *os.environ.get("LD_LIBRARY_PATH", "").split(":"))):
        if home and not home.is_relative_to(place):  # a program may lie in a person's own folder
            yield Path(place)
    if data := os.environ.get("TESSDATA_PREFIX"):
        yield Path(data)


def _of_programs() -> Iterator[Path]:
    """Where they were installed, as LibreOffice in /opt/libreoffice/program."""
    for name in _PROGRAMS:
        if found := which(name):
            program = Path(found).resolve()
            yield program
            if program.parent.name == "program":
                yield program.parents[1]


# -- Lends a child the files that it is to read, as copies in its own folder: it opens no others
# Not as links: those are writable where the copy is, and change what the system notes about a file.

_LEFT = 1 << 20  # bytes of the disk that stay free in any case, for what is written about the file
_BLOCK = 512  # bytes, in which the system counts what a file takes


class FileState(NamedTuple):
    """A file as it was: another one may have its name now."""

    path: Path
    changed: int
    size: int

    @classmethod
    def of(cls, path: Path) -> "FileState":
        """As it is now. Raises OSError."""
        found = path.stat()
        return cls(path, found.st_mtime_ns, found.st_size)


class Loan:
    """The files that one child has now."""

    def __init__(self, folder: Path, open_to_it: Sequence[Path]) -> None:
        """Copies are made in `folder`; what is below `open_to_it` needs none."""
        self._folder = folder
        self._open = [place.resolve() for place in open_to_it]
        self._lent: dict[FileState, Path] = {}
        self._number = 0

    def of(self, paths: Sequence[Path]) -> list[Path]:
        """Where the child finds them. Copies of other files are taken back.

        Raises UnreadableFile where there is no room for a copy, or OSError.
        """
        wanted = [self._as_it_is(path) for path in paths]
        for lent in set(self._lent) - set(wanted):
            shutil.rmtree(self._lent.pop(lent).parent, ignore_errors=True)
        return [
            self._given(lent) if lent else path for lent, path in zip(wanted, paths, strict=True)
        ]

    def _as_it_is(self, path: Path) -> FileState | None:
        """None for what the child opens itself, or cannot be read: its reader says why."""
        with suppress(OSError):
            inside = any(map(path.resolve().is_relative_to, self._open))
            if path.is_file() and not inside and os.access(path, os.R_OK):
                return FileState.of(path)
        return None

    def _given(self, lent: FileState) -> Path:
        if lent not in self._lent:
            needed = min(lent.size, lent.path.stat().st_blocks * _BLOCK) + _LEFT
            if shutil.disk_usage(self._folder).free < needed:
                raise UnreadableFile(
                    f"{readable(lent.path.name)} is read from a copy, and there is no room for one "
                    f"in {self._folder.parent}: free {(needed >> 20) + 1} MB there."
                )
            self._number += 1
            place = self._folder / f"given-{self._number}"
            place.mkdir()
            _copy(lent.path, place / lent.path.name)
            self._lent[lent] = place / lent.path.name
        return self._lent[lent]


def _copy(path: Path, copy: Path) -> None:
    # A pipe may have taken the place of the file, and its other end may never come.
    source = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    target = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        size = os.fstat(source).st_size
        os.truncate(target, size)
        for begin, end in _filled(source, size):
            _move(source, target, begin, end)
    finally:
        os.close(source)
        os.close(target)


def _filled(file: int, size: int) -> Iterator[tuple[int, int]]:
    """Its parts that are no holes: it may claim more than fits on the disk."""
    end = 0
    with suppress(OSError):  # only a hole is left
        while end < size:
            begin = os.lseek(file, end, os.SEEK_DATA)
            end = min(os.lseek(file, begin, os.SEEK_HOLE), size)
            yield begin, end


def _move(source: int, target: int, begin: int, end: int) -> None:
    """Some disks only note that two files have the same bytes."""
    while begin < end:
        try:
            moved = os.copy_file_range(source, target, end - begin, begin, begin)
        except OSError:  # from one disk to another
            os.lseek(target, begin, os.SEEK_SET)
            moved = os.sendfile(target, source, begin, end - begin)
        if not moved:  # it was cut off meanwhile
            return
        begin += moved
