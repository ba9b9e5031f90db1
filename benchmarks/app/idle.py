"""What an open tab costs while nobody does anything: `python -m benchmarks.app.idle [TREE]`.

Each page of the real app, over a small synthetic catalogue, in a headless Chromium without a GPU:
messages on its connection, and processor time of the server and of the page's main thread.

Usage: python -m benchmarks.app.idle [TREE], where TREE is another checkout to compare with,
in turns
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.app.library_page import chromium, fill, running_app, work

PAGES = ("", "library", "sheet", "measure", "settings")
SECONDS = 40
_SETTLE = 8  # seconds, until the page is drawn and what it fetches has come
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Idle:
    """Of one page, a minute."""

    sent: float  # messages of the browser
    received: float
    server: float  # milliseconds of processor time, of all its threads
    browser: float  # the same, of the page's main thread

    def __str__(self) -> str:
        return (
            f"{self.sent:.0f} sent, {self.received:.0f} received, "
            f"server {self.server:.0f} ms, browser {self.browser:.0f} ms"
        )


def measure(browser: Any, address: str, server: psutil.Process) -> Idle:
    """The page at an address, opened anew and left alone."""
    with _opened(browser, address) as (page, session, frames):
        page.wait_for_timeout(_SETTLE * 1000)
        frames.update(sent=0, received=0)
        begun, cpu, drawn = time.monotonic(), _processor(server), work(session)
        page.wait_for_timeout(SECONDS * 1000)
        minute = 60 / (time.monotonic() - begun)
        return Idle(
            frames["sent"] * minute,
            frames["received"] * minute,
            (_processor(server) - cpu) * 1000 * minute,
            (work(session) - drawn) * 1000 * minute,
        )


@contextmanager
def _opened(browser: Any, address: str) -> Iterator[tuple[Any, Any, dict[str, int]]]:
    page, frames = browser.new_page(), {"sent": 0, "received": 0}
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    session.send("Network.enable")
    for name in frames:
        session.on(
            f"Network.webSocketFrame{name.title()}",
            lambda _, name=name: frames.update({name: frames[name] + 1}),
        )
    page.goto(address)
    yield page, session, frames
    page.close()


def _processor(server: psutil.Process) -> float:
    times = server.cpu_times()
    return float(times.user + times.system)


def main(other: str = "") -> None:
    """Print a line for each page and tree."""
    trees = {"this tree": str(_ROOT)} | ({other: other} if other else {})
    with tempfile.TemporaryDirectory() as folder, ExitStack() as opened:
        apps = {}
        for at, (name, tree) in enumerate(trees.items()):
            home = f"{folder}/{at}"
            fill(Path(home) / "libraries" / "main", 50)
            app = ["assistant.cli.main", "app", "--port"]
            apps[name] = opened.enter_context(running_app(app, home, tree))
        browser = opened.enter_context(chromium())
        for address, process in apps.values():  # what a server loads for its first visitor
            measure(browser, address, psutil.Process(process.pid))
        for page in PAGES:
            for name, (address, process) in apps.items():
                found = measure(browser, f"{address}/{page}", psutil.Process(process.pid))
                print(f"/{page}, {name}: {found}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
