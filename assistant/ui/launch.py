"""Starts the app: settings become a process that works from any folder."""

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from assistant.entrance.asgi import is_name
from assistant.errors import AssistantError
from assistant.libraries.libraries import clear
from assistant.security import network_guard
from assistant.settings import Settings

LOOPBACK = "127.0.0.1"
_ROOT = Path(__file__).parents[2]
_TRIED = 50  # ports after the usual one


def serve(
    settings: Settings,
    port: int | None = None,
    address: str = LOOPBACK,
    names: Sequence[str] = (),
    asks: bool = False,
    paths: Sequence[Path] = (),
) -> int:
    """Run the app until it is stopped, and return its exit status.

    `names`, `asks` and `paths` are explained in `serving.serve`. Raises AssistantError when a port
    that was asked for is taken, and for an address or a name that cannot be one.
    """
    check_names(address, names)
    clear(settings)
    chosen = free_port(settings.port, port, address)
    return _run(command(chosen, address, names, asks, paths), environment(settings))


_START = """\
import sys
sys.path.insert(0, {root!r})
try:
    from assistant.ui import serving
    serving.main(sys.argv[1:])
except KeyboardInterrupt:  # also while it starts; the server has ended what it could
    sys.exit(130)
"""


def command(
    port: int, address: str = LOOPBACK, names: Sequence[str] = (), asks: bool = False,
    paths: Sequence[Path] = (),
) -> list[str]:  # fmt: skip
    """The process to start. The settings reach it through `environment`."""
    arguments = [f"--port={port}", f"--address={address}", *(f"--host={name}" for name in names)]
    arguments += ["--token"] if asks else []
    arguments += ["--", *map(str, paths)] if paths else []
    # -P: the folder that a person happens to be in holds none of our modules.
    return [sys.executable, "-P", "-c", _START.format(root=str(_ROOT)), *arguments]


def environment(settings: Settings) -> dict[str, str]:
    """The environment variables for the process that `command` starts."""
    return {
        **os.environ,
        **network_guard.QUIET,
        "PINCITE_HOME": str(settings.home.absolute()),
        **({"PINCITE_LIBRARY": settings.library} if settings.by_hand("library") else {}),
    }


def free_port(usual: int, wanted: int | None, address: str = LOOPBACK) -> int:
    """The wanted port, or the first free one from the usual one on. Raises AssistantError."""
    if wanted is not None:
        if _is_free(wanted, address):
            return wanted
        raise AssistantError(
            f"Port {wanted} is taken, perhaps by another Pincite. "
            "Choose another with --port, or leave it out to take the next free one."
        )
    for port in range(usual, min(usual + _TRIED, 65536)):
        if _is_free(port, address):
            return port
    raise AssistantError(f"No port from {usual} on is free. Choose one with --port.")


def _run(command: list[str], surroundings: Mapping[str, str]) -> int:
    if sys.platform != "win32":  # one process: ending it in any way ends the app
        os.execve(command[0], command, surroundings)
    with subprocess.Popen(command, env=surroundings) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the terminal has sent it to the child as well
            return process.wait()


def _is_free(port: int, address: str) -> bool:
    """Raises AssistantError for an address of another machine."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe, network_guard.allow_network("listening"):
        if os.name != "nt":  # a port that was in use a moment ago is free; on Windows it means
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # any port is
        try:
            probe.bind((address, port))
        except OverflowError as error:
            raise AssistantError(f"{port} is no port: choose one from 1 to 65535.") from error
        except OSError as error:
            if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
                raise AssistantError(
                    f"{address} is no address of this machine. Choose another with --address; "
                    "0.0.0.0 stands for all of them."
                ) from error
            return False
    return True


def check_names(address: str, names: Sequence[str]) -> None:
    """Raises AssistantError for an address or a name of the server that cannot be one."""
    for option, name in [("--address", address), *(("--host", name) for name in names)]:
        if not is_name(name):
            raise AssistantError(
                f"{option} {name!r} is neither an address nor a name of a machine: give one "
                "without a port and without https://."
            )
