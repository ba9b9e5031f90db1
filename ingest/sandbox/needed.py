"""What a reader opens besides its file: Python and its libraries, the system's, and fonts."""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import which

import ingest

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


def libraries(main: str = "") -> list[Path]:
    """Files and folders; some may not be there. `main` is the file of the parent's program."""
    own = Path(f"/proc/{os.getpid()}")  # its memory and threads
    found = [*map(Path, _SYSTEM), own, *_of_python(), *_of_programs()]
    return [*found, Path(main)] if main else found


def models(folders: Sequence[Path]) -> list[Path]:
    """The folders of models, and what the links in them lead to."""
    links = (path for folder in folders for path in folder.rglob("*") if path.is_symlink())
    return [*folders, *(link.resolve() for link in links)]


def _of_python() -> Iterator[Path]:
    yield from map(Path, (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix))
    yield Path(ingest.__file__).parents[1]
    for place in filter(None, (*sys.path, *os.environ.get("LD_LIBRARY_PATH", "").split(":"))):
        if not Path.home().is_relative_to(place):  # a program may lie in a person's own folder
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
