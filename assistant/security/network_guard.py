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
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
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
_permitted: dict[_Place, str] = {}  # what for
_for_good: set[_Place] = set()
_followed: dict[_Place, set[str]] = {}  # the addresses of a host that is permitted
_uses: Counter[_Place] = Counter()  # of what is permitted for a while
_counting = threading.Lock()
_reasons: contextvars.ContextVar[tuple[str, ...]] = contextvars.ContextVar("reasons", default=())
_HERE = Path(__file__)
_PROJECT = _HERE.parents[2]
_OURS = {"assistant", "ingest", "streamlit_app.py", "tests", "vectorstore"}


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
    each connection stands in the log with its reason."""
    _for_good.add((host, port))
    _permitted[host, port] = reason


@contextlib.contextmanager
def permit_meanwhile(host: str, port: int, reason: str) -> Iterator[None]:
    """The same until the block ends, and until the last of several such blocks does; what was
    permitted for good stays so."""
    place = host, port
    with _counting:
        _begin_use(place, reason)
    try:
        yield
    finally:
        with _counting:
            _end_use(place)


def _begin_use(place: _Place, reason: str) -> None:
    _uses[place] += 1
    _permitted.setdefault(place, reason)


def _end_use(place: _Place) -> None:
    """And that of the addresses of a host that nobody needs any more."""
    _uses[place] -= 1
    if _uses[place] > 0:
        return
    del _uses[place]
    if place not in _for_good:
        _permitted.pop(place, None)
        for address in _followed.pop(place, ()):
            _end_use((address, place[1]))


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
    permitted = dict(_permitted)  # other threads add and withdraw
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
    with _counting:
        for (known, port), reason in dict(_permitted).items():
            if known == host:
                before = _followed.setdefault((host, port), set())
                for address in addresses - before:
                    _begin_use((address, port), reason)
                    before.add(address)


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
    journal.info("%s %s %s%s thread=%s at %s", verdict, name, address, reason, thread, _caller())


def _caller() -> str:
    """The innermost line of this project, other than these, that led to the call."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path != _HERE and path.is_relative_to(_PROJECT):
            place = path.relative_to(_PROJECT)
            if place.parts[0] in _OURS:
                return f"{place}:{frame.f_lineno}"
        frame = frame.f_back
    return "outside of the project"


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
