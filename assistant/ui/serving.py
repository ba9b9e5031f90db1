"""The process of the app: Streamlit's server behind the door."""

import argparse
import socket
import sys
import threading
import tomllib
import webbrowser
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.accounts.accounts import Accounts, Known
from assistant.accounts.audit import Audit
from assistant.accounts.provider import provider
from assistant.accounts.sessions import sessions
from assistant.accounts.signed_in import signed_in
from assistant.entrance.elsewhere import Elsewhere
from assistant.entrance.guests import Guests
from assistant.entrance.hosts import Hosts, is_loopback, is_wildcard
from assistant.entrance.members import Members
from assistant.settings import Settings
from assistant.ui.door.door import Door, Entrance
from assistant.ui.door.web_app import with_manifest
from ingest.errors import PinciteError

if TYPE_CHECKING:
    from streamlit.starlette import App

LOOPBACK = "127.0.0.1"
_LISTENS = 1.0  # seconds after which the server answers
_ROOT = Path(__file__).parents[2]
_SCRIPT = _ROOT / "streamlit_app.py"
_CONFIG = _ROOT / ".streamlit" / "config.toml"


def serve(
    port: int, address: str = LOOPBACK, names: Sequence[str] = (), asks: bool = False
) -> None:
    """Serve the app until it is stopped, and say where it is.

    `names` are further names of the server. Who does not come from this machine alone, or through
    a proxy by one of these names, is asked for a token; with `asks` everybody is. Where people
    have accounts, or get the first one while it runs, each signs in with theirs.
    """
    hosts = Hosts(address, names)
    alone = is_loopback(address) and not names and not asks
    entrance = _entrance(Settings.load(), None if alone else Guests())
    place, first = _shown(address, port, names), entrance()
    app = _guarded(hosts, entrance, place, shows=first is None)
    print(_welcome(place, first), file=sys.stderr, flush=True)
    sys.argv = [str(_SCRIPT)]  # what Streamlit takes for the place of the app
    app.run(config=options(port, address, hosts))


def _entrance(
    settings: Settings, guests: Guests | None, known: Known | None = None
) -> Callable[[], Entrance | None]:
    """Who lets people in: nobody needs to, those with a token of this process, or, as soon as
    somebody has an account, their accounts."""
    known, members = known or Known(settings), cache(partial(_members, settings))

    def entrance() -> Entrance | None:
        people = known.now()
        return members(people) if people else guests

    return entrance


def _members(settings: Settings, known: Accounts) -> Members:
    """Raises SettingsError."""
    audit, kept, at = Audit(settings.home / "audit", "app-door"), sessions(settings), None
    if (found := provider(settings)) is not None:
        at = Elsewhere(found, signed_in(settings, known), kept, audit)
    return Members(known, kept, audit, at)


def _guarded(
    hosts: Hosts, entrance: Callable[[], Entrance | None], place: str, shows: bool
) -> "App":
    """Streamlit's application behind the door; `shows` it in a browser."""
    import streamlit as st

    class Guarded(st.App):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await door(scope, receive, send)

    @asynccontextmanager
    async def opened(_: st.App) -> AsyncIterator[None]:
        # Never with a token: a browser gets its address as an argument, which others may list.
        if shows and not st.get_option("server.headless"):
            threading.Timer(_LISTENS, webbrowser.open, (place,)).start()
        yield

    app = Guarded(_SCRIPT, lifespan=opened)
    door = Door(with_manifest(super(Guarded, app).__call__), hosts, entrance)
    return app


def options(port: int, address: str, hosts: Hosts) -> dict[str, Any]:
    """Streamlit's configuration, by its names. Nothing of it comes from the folder or the user's
    own configuration of Streamlit."""
    return {
        **_config(),
        "server.port": port,
        "server.address": address,
        # A second lock behind the door, for the WebSocket alone.
        "server.allowedHosts": ["*"] if hosts.any_number else sorted(hosts.names),
        "logger.level": "warning",
        "logger.hideWelcomeMessage": True,
    }


def _shown(address: str, port: int, names: Sequence[str]) -> str:
    """The address to type into a browser."""
    if names and is_loopback(address):
        return f"https://{names[0]}"  # of the proxy
    name = socket.gethostname() if is_wildcard(address) else address
    name = "localhost" if address == LOOPBACK else name
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _welcome(place: str, guests: Entrance | None) -> str:
    if not isinstance(guests, Guests):
        return f"Pincite is at {place}  (Ctrl-C stops it)"
    return (
        f"Pincite is at {place}  (Ctrl-C stops it). It asks for a token, shown here only:\n"
        f"  yours, to add, remove and measure: {place}/#{guests.tokens['owner']}\n"
        f"  for others, to read and ask:       {place}/#{guests.tokens['visitor']}"
    )


def _config() -> dict[str, Any]:
    """Streamlit reads this file by itself only beside the script."""
    if not _CONFIG.exists():
        return {}
    return dict(_flat(tomllib.loads(_CONFIG.read_text(encoding="utf-8"))))


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def main(arguments: Sequence[str]) -> None:
    """Serve as the arguments say; `server.command` makes them. What stands in the way, such as a
    database that is away, is told in its sentence."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--address", default=LOOPBACK)
    parser.add_argument("--host", action="append", default=[])
    parser.add_argument("--token", action="store_true")
    chosen = parser.parse_args(arguments)
    try:
        serve(chosen.port, chosen.address, chosen.host, chosen.token)
    except PinciteError as error:
        sys.exit(f"pincite: {error}")
