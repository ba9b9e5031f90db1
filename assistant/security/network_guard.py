"""Nothing leaves this machine: telemetry is switched off, and connections beyond loopback are
refused and logged unless `allow_network` is open around them.

The guard sits in Python's `socket` module and covers what runs on it: http clients, asyncio,
Chroma, Streamlit, the hub libraries. It does not cover native code that calls the system itself,
modules that copied a socket function before `install_guard` ran, or child processes. Those are
covered by the test that adds documents and asks questions in a network namespace without a route.
"""

import contextlib
import contextvars
import functools
import ipaddress
import logging
import logging.handlers
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from assistant.errors import NetworkRefused

QUIET = {
    "ANONYMIZED_TELEMETRY": "False",  # Chroma
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_XET": "1",  # native code that connects past the guard
    "HF_HUB_OFFLINE": "1",  # our own download does not go by it
    "LANGCHAIN_TRACING_V2": "false",
    "LANGSMITH_TRACING": "false",
    "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime 1.32 sends from native code
    "OTEL_SDK_DISABLED": "true",
    "RAY_USAGE_STATS_ENABLED": "0",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    "TRANSFORMERS_OFFLINE": "1",
}

_Place = tuple[str, int]  # host or address, and port
_permitted: dict[_Place, str] = {}  # for good, and what for
_meanwhile: contextvars.ContextVar[tuple[dict[_Place, str], ...]] = contextvars.ContextVar(
    "meanwhile", default=()
)
_reasons: contextvars.ContextVar[tuple[str, ...]] = contextvars.ContextVar("reasons", default=())


def quiet_telemetry() -> None:
    """Call this before Chroma, Streamlit, LangChain or a hub library is imported."""
    os.environ.update(QUIET)


@contextlib.contextmanager
def allow_network(reason: str) -> Iterator[None]:
    """Allow this thread, and no other, to connect anywhere; may be nested."""
    token = _reasons.set((*_reasons.get(), reason))
    try:
        yield
    finally:
        _reasons.reset(token)


def permit(host: str, port: int, reason: str) -> None:
    """Allow all threads to connect to one port of one host from now on, which a person has chosen;
    each connection stands in the log with its reason. This machine is open anyway."""
    if host and not _is_inside(host):
        _permitted[host, port] = reason


@contextlib.contextmanager
def permit_meanwhile(host: str, port: int, reason: str) -> Iterator[None]:
    """The same for this thread alone, until the block ends; may be nested."""
    token = _meanwhile.set((*_meanwhile.get(), {(host, port): reason}))
    try:
        yield
    finally:
        _meanwhile.reset(token)


def is_allowed() -> bool:
    """Whether this thread is inside of `allow_network`."""
    return bool(_reasons.get())


def install_guard(log: Path, listen_on: str = "127.0.0.1") -> Callable[[], None]:
    """Refuse connections beyond loopback from now on, in all threads; the result removes the guard.

    `listen_on` is the address, or a name of this machine, that servers of this process may bind
    besides loopback.
    """
    journal, ours = _journal(log), _addresses(listen_on)
    originals = {
        (owner, name): getattr(owner, name)
        for owner, names in _GUARDED.items()
        for name in names
        if hasattr(owner, name)  # Windows has no sendmsg
    }
    for (owner, name), original in originals.items():
        setattr(owner, name, _guarded(name, original, journal, ours))

    def remove_guard() -> None:
        for (owner, name), original in originals.items():
            setattr(owner, name, original)
        for handler in journal.handlers:
            handler.close()

    return remove_guard


def is_installed() -> bool:
    """Whether a guard is there."""
    return hasattr(socket.socket.connect, "__wrapped__")


def _addresses(listen_on: str) -> frozenset[str]:
    """What a server binds, also by a name; empty for loopback, which is open anyway."""
    if _is_inside(listen_on):
        return frozenset()
    try:
        found = socket.getaddrinfo(listen_on, None)
    except OSError:  # whoever listens says so
        found = []
    return frozenset({listen_on, *(str(where[0]) for *_, where in found)})


_GUARDED: dict[Any, tuple[str, ...]] = {
    socket.socket: ("bind", "connect", "connect_ex", "sendto", "sendmsg"),
    socket: ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr"),
}


def _guarded(
    name: str, original: Callable[..., Any], journal: logging.Logger, ours: frozenset[str]
) -> Callable[..., Any]:
    @functools.wraps(original)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        address = _address(name, args, kwargs)
        inside = address is None or address in ours or _is_inside(str(address))
        chosen = _chosen(name, str(address), args)
        reasons = (*_reasons.get(), *chosen)
        if address:
            _note(journal, name, address, inside or bool(reasons), reasons)
        if not inside and not reasons:
            raise NetworkRefused(
                f"Refused {name} to {address}: Pincite stays on this machine. "
                "Only fetching a model or a program goes to the network."
            )
        found = original(*args, **kwargs)
        if chosen and name == "getaddrinfo":
            _follow(str(address), found)
        return found

    return guarded


def _chosen(name: str, address: str, args: tuple[Any, ...]) -> tuple[str, ...]:
    """Why a call to a host that a person has chosen is allowed; empty for any other."""
    permitted = {
        place: reason for places in _open_places() for place, reason in dict(places).items()
    }  # copies: other threads add
    ports = [port for host, port in permitted if host == address]
    if name in ("connect", "connect_ex"):
        target = args[-1] if isinstance(args[-1], tuple) else ()
        ports = [port for port in ports if len(target) > 1 and target[1] == port]
    elif name != "getaddrinfo":
        return ()
    return tuple(permitted[address, port] for port in ports)


def _follow(host: str, found: Any) -> None:
    """The addresses of a host that is permitted are permitted, as long as it is."""
    addresses = {str(where[0]) for *_, where in found} - {host}
    for places in _open_places():
        for (known, port), reason in dict(places).items():
            if known == host:
                places.update(((address, port), reason) for address in addresses)


def _open_places() -> list[dict[_Place, str]]:
    return [*_meanwhile.get(), _permitted]


def _address(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
    """The host that a call is about, or None when it is about no other machine."""
    if not isinstance(args[0] if args else None, socket.socket):
        host = args[0] if args else kwargs.get("host")
        return host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if args[0].family not in (socket.AF_INET, socket.AF_INET6):
        return None
    # sendmsg(buffers, ancillary, flags, address) and sendto(data, [flags,] address) may end in
    # an address; without one they use a connection that was already looked at.
    target = args[-1] if name != "sendmsg" else (args[4] if len(args) > 4 else None)
    return str(target[0]) if isinstance(target, tuple) and target else None


def _is_inside(host: str) -> bool:
    if host in ("localhost", "localhost."):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _note(
    journal: logging.Logger, name: str, address: str, allowed: bool, reasons: tuple[str, ...]
) -> None:
    verdict = "allowed" if allowed else "refused"
    reason = f" ({reasons[-1]})" if reasons else ""
    thread = threading.current_thread().name
    journal.info("%s %s %s%s thread=%s", verdict, name, address, reason, thread)


class _Log(logging.handlers.RotatingFileHandler):
    """On a full disk a line is missing; by itself it would print a traceback for each."""

    def handleError(self, record: logging.LogRecord) -> None:
        pass


def _journal(log: Path) -> logging.Logger:
    """Log each attempt as a line; at most two files of a megabyte are kept."""
    journal = logging.Logger("pincite.network", logging.INFO)
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = _Log(log, maxBytes=1_000_000, backupCount=1, encoding="utf-8")
    except OSError:  # a home that cannot be written to is no reason to lose the guard
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    journal.addHandler(handler)
    return journal
