"""How soon the Library page is there with 5,000 documents: `python -m benchmarks.app.library_page`.

The catalogue is synthetic: its documents have a page each and no text. The page is the real one, in
the real app and a headless Chromium without a cache. The peer is a Streamlit page of one line and a
button, on the same machine: what no page of Streamlit can do without. Both are measured in turns.

Usage: python -m benchmarks.app.library_page [TREE], where TREE is another checkout to compare with
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from tests.servers.ports import free_port
from vectorstore.catalog.catalog import Catalog

DOCUMENTS = 5000
_ROOT = Path(__file__).parents[2]
ROUNDS = 10
_PEER = """
import streamlit as st
turned = st.session_state.get("turned", 0)
st.markdown(f'<span class="document-name">{turned}</span>', unsafe_allow_html=True)
st.session_state.turned = turned + 1
st.button("Next")
"""
_INSERT = (
    "INSERT INTO document (sha256, name, title, status, pages, chunks, extracted, ocr,"
    " dropped, empty, added, indexed) VALUES (?, ?, ?, 'ready', ?, 1, 900, 0, 0, 0, ?, 900)"
    " RETURNING id"
)


def fill(folder: Path, count: int = DOCUMENTS) -> None:
    """A catalogue of so many documents, of eight kinds and over a year of days."""
    folder.mkdir(parents=True)
    catalog = Catalog(folder / "catalog.sqlite", folder.name)
    endings = ("pdf", "docx", "xlsx", "pptx", "eml", "txt", "png", "html")
    with catalog.writing() as connection:
        for n in range(count):
            name = f"Report {n:05}.{endings[n % len(endings)]}"
            day = f"2026-{n % 12 + 1:02}-{n % 28 + 1:02}T08:00:00+00:00"
            key = connection.execute(_INSERT, (f"{n:064x}", name, name, n % 40 + 1, day)).fetchone()
            connection.execute("INSERT INTO place VALUES (?, ?)", (f"/in/{name}", *key))
    catalog.close()


@dataclass
class Figures:
    """Of one page: seconds, and processor seconds of the browser's main thread, round by round."""

    paint: list[float] = field(default_factory=list)
    paint_work: list[float] = field(default_factory=list)
    turn: list[float] = field(default_factory=list)
    turn_work: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        first, first_work = median(self.paint), median(self.paint_work)
        turn, turn_work = median(self.turn), median(self.turn_work)
        return (
            f"first paint {first:.2f} s ({first_work * 1000:.0f} ms of work), "
            f"after a click {turn * 1000:.0f} ms ({turn_work * 1000:.0f} ms of work)"
        )


def measure(addresses: Mapping[str, str]) -> dict[str, Figures]:
    """By name of the page: until its first document is there, and until the next ten are."""
    found = {name: Figures() for name in addresses}
    with chromium() as browser:
        for _ in range(ROUNDS):
            for name, address in addresses.items():
                _round(browser, address, found[name])
    return found


@contextmanager
def chromium() -> Iterator[Any]:
    """A headless browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


def _round(browser: Any, address: str, figures: Figures) -> None:
    page = browser.new_page()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})  # not what others take
    name = page.locator(".document-name").first
    begun = time.perf_counter()
    page.goto(address)
    name.wait_for()
    figures.paint.append(time.perf_counter() - begun)
    figures.paint_work.append(work(session))
    page.wait_for_timeout(1500)
    first, before = name.inner_text(), work(session)
    begun = time.perf_counter()
    page.get_by_role("button", name="Next").click()
    name.filter(has_not_text=first).wait_for()
    figures.turn.append(time.perf_counter() - begun)
    figures.turn_work.append(work(session) - before)
    page.close()


def work(session: Any) -> float:
    """Processor seconds of the page's main thread so far."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(float(one["value"]) for one in metrics if one["name"] == "TaskDuration")


def main(other: str = "") -> None:
    """Print the figures of all."""
    with tempfile.TemporaryDirectory() as home, ExitStack() as servers:
        fill(Path(home) / "libraries" / "main")
        peer = Path(home) / "peer.py"
        peer.write_text(_PEER, "utf-8")
        options = ["--server.headless=true", "--server.address=127.0.0.1", "--server.port"]
        bare = ["streamlit", "run", str(peer), *options]
        app = ["assistant.cli.main", "app", "--port"]
        trees = {"this tree": str(_ROOT)} | ({other: other} if other else {})
        addresses = {
            name: f"{servers.enter_context(running_app(app, home, tree))[0]}/library"
            for name, tree in trees.items()
        }
        addresses["a page of one line"], _ = servers.enter_context(
            running_app(bare, home, str(_ROOT))
        )
        for name, figures in measure(addresses).items():
            print(f"{name}: {figures}")


@contextmanager
def running_app(
    module: list[str], home: str, tree: str
) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """The address and the process of a server that takes its port as the last argument."""
    port = free_port()
    command = [sys.executable, "-m", *module, str(port)]
    environment = {**os.environ, "PINCITE_HOME": home, "PYTHONPATH": tree}
    with subprocess.Popen(command, cwd=tree, env=environment, stdout=subprocess.DEVNULL) as app:
        try:
            wait_for_app(address := f"http://127.0.0.1:{port}")
            yield address, app
        finally:
            app.terminate()


def wait_for_app(address: str) -> None:
    """Until the app answers; ends the program when it does not within a minute."""
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("The app did not start.")


if __name__ == "__main__":
    main(*sys.argv[1:])
