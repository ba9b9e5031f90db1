"""The process of the app: Streamlit's server behind the door."""

import errno
import os
import socket
import sys
import threading
import tomllib
import webbrowser
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.entrance.asgi import LARGEST, Hosts, is_loopback, is_name, is_wildcard
from assistant.entrance.guests import Guests, unsealed
from assistant.entrance.http_server import server
from assistant.errors import AssistantError
from assistant.libraries.libraries import clear
from assistant.security import network_guard
from assistant.settings import Settings
from assistant.team.accounts import Accounts
from assistant.team.members import Elsewhere, Members
from assistant.ui.door import Door, Entrance, Uploads, with_manifest
from assistant.wiring.people import Known, guesses, provider, sessions, signed_in
from ingest.platform.hardware import memory
from ingest.platform.process import serve_others

if TYPE_CHECKING:
    from streamlit.starlette import App

LOOPBACK = "127.0.0.1"
# A clone has the script at its top. The wheel has it in a folder of its own: Python looks first for
# modules in the folder of a script.
_PLACES = (Path(__file__).with_name("start"), Path(__file__).parents[2])
_START = next(place for place in _PLACES if (place / "streamlit_app.py").exists())
_SCRIPT = _START / "streamlit_app.py"
_TRIED = 50  # ports after the usual one


def serve(
    settings: Settings, port: int | None = None, address: str = LOOPBACK,
    names: Sequence[str] = (), asks: bool = False, paths: Sequence[Path] = (),
) -> None:  # fmt: skip
    """Serve the app until it is stopped, say where it is, and add `paths` to the library of the
    settings, which reach the pages through the environment.

    `names` are further names of the server. Who does not come from this machine alone, or through
    a proxy by one of these names, is asked for a token; with `asks` everybody is. Where people
    have accounts, or get the first one while it runs, each signs in with theirs. Raises
    AssistantError when a port that was asked for is taken, and for an address or a name that
    cannot be one.
    """
    from streamlit.runtime.runtime_util import get_max_widget_state_size_bytes
    from streamlit.web.bootstrap import load_config_options

    check_names(address, names)
    clear(settings)
    port = free_port(settings.port, port, address)
    os.environ["PINCITE_HOME"] = str(settings.home.absolute())
    if settings.by_hand("library"):
        os.environ["PINCITE_LIBRARY"] = settings.library
    hosts = Hosts(address, names)
    alone = is_loopback(address) and not names and not asks
    entrance = _entrance(settings, None if alone else Guests())
    place, first = _shown(address, port, names), entrance()
    if first:
        serve_others()
    sys.argv = [str(_SCRIPT)]  # what the pages take for the place of the app
    app = _guarded(hosts, entrance, _adds(settings))
    load_config_options(options(port, address, hosts))
    # Streamlit's own runner leaves the bounds to uvicorn, which has none.
    server(
        app, address, port, partial(_listens, place, first, paths), settings.proxy,
        get_max_widget_state_size_bytes(), settings.stop_seconds,
    ).run()  # fmt: skip


def _listens(place: str, first: Entrance | None, paths: Sequence[Path]) -> None:
    """Say where the app is, add `paths`, and show it in a browser where nobody is asked for a
    token: a browser gets its address as an argument, which others may list."""
    import streamlit as st

    told = f"Pincite is at {place}  (Ctrl-C stops it)"
    if isinstance(first, Guests):
        told += (
            ". It asks for a token, shown here only:\n"
            f"  yours, to add, remove and measure: {place}/#{first.tokens['owner']}\n"
            f"  for others, to read and ask:       {place}/#{first.tokens['visitor']}"
        )
    print(told, file=sys.stderr, flush=True)
    if paths:
        from assistant.ui import resources

        threading.Thread(target=resources.add_at_start, args=(paths,), daemon=True).start()
    # Streamlit knows whether there is a display; over ssh it would be that of another machine.
    if (
        first is None
        and not st.get_option("server.headless")
        and "SSH_CONNECTION" not in os.environ
    ):
        threading.Thread(target=webbrowser.open, args=(place,), daemon=True).start()


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
    kept, at = sessions(settings), None
    if (found := provider(settings)) is not None:
        at = Elsewhere(found, signed_in(settings, known), kept, known)
    return Members(known, kept, guesses(settings), at)


def _adds(settings: Settings) -> Callable[[str], bool]:
    """Whether who has a mark of the door may add files."""
    kept = cache(partial(sessions, settings))

    def adds(mark: str) -> bool:
        if (who := unsealed(mark)) in ("owner", "visitor"):
            return who == "owner"
        person = kept().person(who)
        return person is not None and person.changes

    return adds


def _held(tab: str) -> int:
    """The bytes of files that Streamlit holds for a tab; for all, where its name is empty."""
    from streamlit.runtime import Runtime

    tabs: dict[str, dict[str, Any]] = Runtime.instance().uploaded_file_mgr.file_storage  # type: ignore[attr-defined]
    chosen = [tabs.get(tab, {})] if tab else list(tabs.values())
    return sum(len(file.data) for files in chosen for file in list(files.values()))


def _guarded(
    hosts: Hosts, entrance: Callable[[], Entrance | None], adds: Callable[[str], bool]
) -> "App":
    """Streamlit's application behind the door."""
    import streamlit as st

    class Guarded(st.App):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await door(scope, receive, send)

    app = Guarded(_SCRIPT)
    files = Uploads(super(Guarded, app).__call__, adds, _held, lambda: memory() // 4)
    door = Door(with_manifest(files), hosts, entrance)
    return app


def options(port: int, address: str, hosts: Hosts) -> dict[str, Any]:
    """Streamlit's configuration, by its names. Nothing of it comes from the folder or the user's
    own configuration of Streamlit."""
    config = _START / ".streamlit" / "config.toml"  # by itself it is read only beside the script
    return {
        **dict(_flat(tomllib.loads(config.read_text("utf-8")))),
        "server.port": port,
        "server.maxUploadSize": LARGEST,
        "server.address": address,
        # A second lock behind the door, for the WebSocket alone.
        "server.allowedHosts": ["*"] if hosts.any_number else sorted(hosts.names),
        "logger.level": "warning",
        "logger.hideWelcomeMessage": True,
    }


def _shown(address: str, port: int, names: Sequence[str]) -> str:
    """The address to type into a browser."""
    here = "localhost" in names if names else address == LOOPBACK  # as the name: in a container
    if names and not here:
        return f"https://{names[0]}"  # of the proxy
    name = socket.gethostname() if is_wildcard(address) else address
    name = "localhost" if here else name
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


# -- The port and the names that a server is asked to have, for app and API


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
