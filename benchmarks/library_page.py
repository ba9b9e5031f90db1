"""How soon the Library page is there with 5,000 documents: `python -m benchmarks.library_page`.

The catalogue is synthetic: its documents have a page each and no text. The page is the real one, in
the real app and a headless Chromium.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from vectorstore.catalog.catalog import Catalog

DOCUMENTS = 5000
ROUNDS = 10
_INSERT = (
    "INSERT INTO document (sha256, name, title, status, outline, pages, chunks, extracted, ocr,"
    " dropped, empty, added, indexed) VALUES (?, ?, ?, 'ready', '[]', ?, 1, 900, 0, 0, 0, ?, 900)"
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
            row = connection.execute(_INSERT, (f"{n:064x}", name, name, n % 40 + 1, day))
            connection.execute("INSERT INTO place VALUES (?, ?)", (f"/in/{name}", row.lastrowid))
    catalog.close()


def measure(address: str) -> tuple[float, float]:
    """Seconds to the first document of the page, and until the next ten are there."""
    with chromium() as browser:
        paints = [_paint(browser, address) for _ in range(ROUNDS)]
        page = browser.new_page()
        page.goto(f"{address}/library")
        turns = [_turn(page, n) for n in range(1, ROUNDS + 1)]
    return median(paints), median(turns)


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


def _paint(browser: Any, address: str) -> float:
    page = browser.new_page()
    begun = time.perf_counter()
    page.goto(f"{address}/library")
    page.locator(".document-name").first.wait_for()
    seconds = time.perf_counter() - begun
    page.close()
    return seconds


def _turn(page: Any, to: int) -> float:
    page.locator(".document-name").first.wait_for()
    page.wait_for_timeout(1000)
    begun = time.perf_counter()
    page.get_by_role("button", name="Next").click()
    page.locator(".document-name", has_text=f"Report {to * 10:05}").wait_for()
    return time.perf_counter() - begun


def main() -> None:
    """Print both figures."""
    with tempfile.TemporaryDirectory() as home, socket.socket() as probe:
        fill(Path(home) / "libraries" / "main")
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        command = [sys.executable, "-m", "assistant.cli.main", "app", "--port", str(port)]
        with subprocess.Popen(command, env={**os.environ, "PINCITE_HOME": home}) as app:
            try:
                address = f"http://127.0.0.1:{port}"
                wait_for_app(address)
                first, again = measure(address)
            finally:
                app.terminate()
    print(f"{DOCUMENTS} documents: first paint {first:.2f} s, next ten {again * 1000:.0f} ms")


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
    main()
