"""What a process needs of its installation and its system: extras, names and rights of files,
hosts, and the programs that it starts.
"""

import ipaddress
import json
import os
import re
import signal
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from ingest.errors import PinciteError

# -- Extras of the package: what is said where one is needed and not installed
# Pincite alone reads text and answers. Each further ability is an extra, `pincite[NAME]`; which
# packages belong to it is said in pyproject.toml.


def require(extra: str, *packages: str, to: str, error: type[PinciteError] = PinciteError) -> None:
    """Raise `error` with the command that adds the extra, unless all `packages` (import names) are
    there.

    `to` is a clause: what it is needed for. A package that is there and cannot be imported is
    another matter, and is not called missing.
    """
    if not installed(*packages):
        raise error(needs(extra, to))


def installed(*packages: str) -> bool:
    """Whether all of them can be found; nothing is imported."""
    return all(find_spec(package) is not None for package in packages)


# -- How Pincite was installed here, and so the command that adds to it
# Whoever installs it where a command of this machine would not do, such as the script of a bundle,
# leaves a line beside it instead: `pincite-extras.txt` in the environment, with EXTRA in it.

_NAME = "pincite"
_serving = False


def serve_others() -> None:
    """From now on this process names no command: visitors would read where it is installed."""
    global _serving
    _serving = True


def add_extra(extra: str) -> str:
    """The command line that adds an extra to this installation, for sh, cmd and PowerShell alike;
    or a sentence where none of this machine does."""
    if _serving:
        return "`pincite doctor` on the server says how"
    environment = Path(sys.prefix)
    if text := _read(environment / "pincite-extras.txt"):
        return text.strip().replace("EXTRA", extra)
    if text := _read(environment / "uv-receipt.toml"):
        listed = tomllib.loads(text)["tool"]["requirements"]
        ours: Mapping[str, Any] = next((one for one in listed if one["name"] == _NAME), {})
        beside = "".join(f'--with "{_written(one)}" ' for one in listed if one is not ours)
        return f"uv tool install {beside}{_requirement(*ours.get('extras', ()), extra)}"
    if text := _read(environment / "pipx_metadata.json"):
        had = re.search(r"\[([\w,-]+)\]", json.loads(text)["main_package"]["package_or_url"])
        return f"pipx install --force {_requirement(*had[1].split(',') if had else (), extra)}"
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    return f"{python} -m pip install {_requirement(extra)}"


def needs(extra: str, to: str) -> str:
    """The sentence that says which extra is missing; `to` is a clause: what it is needed for."""
    return f"Install {_NAME}[{extra}] to {to}: {add_extra(extra)}"


def _read(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="utf-8")
    return ""


def _written(requirement: Mapping[str, Any]) -> str:
    """A requirement of a receipt of uv, as its command line takes it."""
    places = (requirement.get(kind) for kind in ("path", "directory", "editable", "url"))
    named = requirement["name"] + requirement.get("specifier", "")
    return str(next(filter(None, places), named))


def _requirement(*extras: str) -> str:
    """Pincite from where it came from, with extras, each once."""
    with_extras = f"[{','.join(dict.fromkeys(extras))}]"
    origin: dict[str, Any] = {}
    with suppress(PackageNotFoundError):  # a clone that is not installed
        origin = json.loads(distribution(_NAME).read_text("direct_url.json") or "{}")
    url = origin.get("url", "")
    if origin.get("dir_info", {}).get("editable"):
        from urllib.request import url2pathname  # brings http and ssl

        return f'--editable "{url2pathname(urlsplit(url).path)}{with_extras}"'
    if version := origin.get("vcs_info"):
        url = f"{version['vcs']}+{url}@{version['commit_id']}"
    return f'"{_NAME}{with_extras} @ {url}"' if url else f'"{_NAME}{with_extras}"'


# -- Names of files that come from elsewhere, made valid on any disk

_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(?:[ .]|$)", re.IGNORECASE)


def safe_name(name: str) -> str:
    """The last part of a name, made valid on any disk, with its suffix, which decides the
    loader."""
    last = PurePosixPath(name.replace("\\", "/")).name
    clean = "".join(sign if sign.isprintable() else "_" for sign in last)
    clean = re.sub(r'[<>:"/\\|?*]', "_", clean).strip(" .") or "file"
    if _RESERVED.match(clean):  # Windows opens a device, whatever the suffix
        clean = f"_{clean}"
    stem, suffix = PurePosixPath(clean).stem, PurePosixPath(clean).suffix
    while len((stem + suffix).encode()) > 200:  # disks allow 255 bytes
        stem, suffix = stem[:-1], suffix[:20]
    return stem + suffix


# -- Whether a host is this machine, for those who connect to it


def is_this_machine(host: str) -> bool:
    """Whether it is `localhost` or a number of loopback. No name is looked up."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_secure(address: str) -> bool:
    """Whether nobody on the way reads what is sent there: by https to any host, by http to this
    machine alone. An address that holds a name or password is none."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc or "\\" in address or not address.isprintable():
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(host))


# -- Sets how OpenMP's threads wait for each other, in any library


def wait_calmly() -> None:
    """Let them sleep soon, instead of spinning. Before torch, llama.cpp or CTranslate2 is loaded:
    OpenMP reads it once. What the person has set stays.

    Threads that spin take the time that other work needs. On two busy cores llama.cpp wrote 2.5
    tokens/s instead of 5.7, and a small picture took 5.8 s instead of .15 to .5. On an idle machine
    this costs a tenth, and no spinning at all a quarter.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")


# -- Files that only the person they belong to can open: of a home, new ones and those that exist
# On Windows the folders of a user's profile are closed to others by themselves; nothing is done.

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_usual: list[int] = []  # the mask of the process before it was changed


def keep_private(home: Path) -> None:
    """From now on what this process and its children write is closed to others, and so is what is
    in `home`.

    Only a home that is open anywhere at its top is walked: that costs 40 ms for 10,000 files, once.
    Links are left as they are, hard ones too: what they lead to belongs to another place as well.
    """
    if os.name == "nt":
        return
    home = home.resolve()
    before = os.umask(_OTHERS)
    if not _usual:
        _usual.append(before)
    if _is_open(home) or any(map(_is_open, _entries(home))):
        for folder, names, files in os.walk(home):
            for path in (Path(folder, name) for name in (*files, *names)):
                if _is_open(path):
                    _close(path)
        _close(home)


@contextmanager
def usual_rights() -> Iterator[None]:
    """For a file that a person asked for outside of the home: it gets the rights of other files."""
    if not _usual:
        yield
        return
    private = os.umask(_usual[0])
    try:
        yield
    finally:
        os.umask(private)


def _close(path: Path) -> None:
    with suppress(OSError):  # of another user, who then is the one to decide
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)


def _is_open(path: Path) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    linked = stat.S_ISLNK(found.st_mode) or (stat.S_ISREG(found.st_mode) and found.st_nlink > 1)
    return bool(found.st_mode & _OTHERS) and not linked


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


# -- How a loader reports progress, to nobody outside of the sandbox; and programs that it starts

_listener: Callable[[int, int], None] | None = None


def beat(done: int, total: int) -> None:
    """Report one more page, message or minute; `total` is 0 when unknown."""
    if _listener is not None:
        _listener(done, total)


def set_progress_listener(listener: Callable[[int, int], None] | None) -> None:
    """Set the listener for the beats of this process."""
    global _listener
    _listener = listener


def output_of(
    command: Sequence[str], seconds: int, given: bytes = b"", **options: Any
) -> bytes | None:
    """What a program writes, with `given` on its standard input; None if it takes longer. Then it
    is killed, and with the option `process_group=0` so is what it has started. Raises OSError."""
    pipe, waiting = subprocess.PIPE, given or None
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, **options
    ) as program:
        try:
            for _ in range(seconds):
                with suppress(subprocess.TimeoutExpired):
                    return bytes(program.communicate(waiting, timeout=1)[0])
                waiting = None  # it must not be given again
                beat(0, 0)
            return None
        finally:
            with suppress(ProcessLookupError, PermissionError):
                if "process_group" in options and hasattr(os, "killpg"):
                    os.killpg(program.pid, signal.SIGKILL)
                else:
                    program.kill()
