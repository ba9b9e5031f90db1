"""Starts the app: settings become a `streamlit run` that works from any folder."""

import os
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from assistant.settings import Settings

LOOPBACK = "127.0.0.1"
_ROOT = Path(__file__).parents[2]
_SCRIPT = _ROOT / "streamlit_app.py"
_CONFIG = _ROOT / ".streamlit" / "config.toml"
_TRIED = 50  # ports after the usual one


def serve(settings: Settings, port: int | None = None, address: str = LOOPBACK) -> int:
    """Run the app until it is stopped, and return its exit status.

    Raises AssistantError when a port that was asked for is taken.
    """
    chosen = free_port(settings.port, port, address)
    shown = "localhost" if address == LOOPBACK else address
    print(f"Pincite is at http://{shown}:{chosen}  (Ctrl-C stops it)", file=sys.stderr, flush=True)
    return _run(command(settings, chosen, address), environment(settings))


def command(settings: Settings, port: int, address: str = LOOPBACK) -> list[str]:
    """The process to start. The settings reach it through `environment`."""
    options = {
        **_config(),
        "server.port": str(port),
        "server.address": address,
        "logger.level": "warning",
        "logger.hideWelcomeMessage": "true",  # `serve` says where the app is
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "streamlit", "run", str(_SCRIPT), *flags]


def environment(settings: Settings) -> dict[str, str]:
    """The environment of that process."""
    from assistant.security import network_guard

    return {
        **os.environ,
        **network_guard.QUIET,
        "PINCITE_HOME": str(settings.home.absolute()),
        "PINCITE_LIBRARY": settings.library,
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
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        if os.name != "nt":  # a port that was in use a moment ago is free; on Windows it means
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # any port is
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def _config() -> dict[str, str]:
    """Streamlit reads this file by itself only beside the script."""
    if not _CONFIG.exists():
        return {}
    return dict(_flat(tomllib.loads(_CONFIG.read_text(encoding="utf-8"))))


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", str(value).lower() if isinstance(value, bool) else str(value)
