"""The app as a process of its own, and visitors to it in headless Chromium."""

import io
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from assistant.models.catalogue import Role, default_model
from assistant.models.fetch import is_whole, weights_of
from assistant.settings import Settings
from assistant.sources.source_list import variable
from assistant.ui import serving
from assistant.wiring import composition
from tests.conftest import models_folder
from tests.pdfs import write_pdf
from tests.servers import source_servers
from tests.servers.ports import free_port

PROJECT = Path(__file__).parents[2]
DRAWS = PROJECT / "tests" / "small_models" / "shapes-drawing"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = {"width": 1366, "height": 850}
PHONE = {"width": 390, "height": 844}
DAV_SOURCE = "127-0-0-1-papers"  # the name of a WebDAV folder whose password the real app has
DRAWING = ".stApp[data-test-script-state=running]"
LEASE = "The lease of the canteen ends on 31 December 2029."

Visit = Callable[..., Any]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    """A browser; of this folder, because Playwright keeps an event loop that others trip over."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        browser = launched(driver.chromium)
        yield browser
        browser.close()


def launched(kind: Any, *flags: str) -> Any:
    """A browser with further flags; `kind` is `chromium.browser_type`, of which one driver is in a
    process."""
    names = ["chromium", "chromium-browser", "google-chrome"]
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    return kind.launch(executable_path=path, headless=True, args=[*FLAGS, *flags])


@pytest.fixture
def visit(chromium: Any) -> Iterator[Visit]:
    """Opens an address as a new visitor, with storage of its own."""
    contexts: list[Any] = []

    def visit(address: str, **options: Any) -> Any:
        usual = {"viewport": WIDE, "reduced_motion": "reduce"}
        context = chromium.new_context(**{**usual, **options})
        context.set_default_timeout(120_000)  # of a machine that others share
        contexts.append(context)
        page = context.new_page()
        page.outside = []
        page.on("request", lambda request: _note_outside(page, request.url))
        page.goto(address)
        _wait_until_drawn(page)
        return page

    yield visit
    for context in contexts:
        context.close()


def _note_outside(page: Any, url: str) -> None:
    if not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")):
        page.outside.append(url)


@pytest.fixture
def picture() -> Callable[[Any, str], None]:
    """Saves what a visitor sees, for people, where PINCITE_TEST_SCREENSHOTS names a folder."""
    folder = os.environ.get("PINCITE_TEST_SCREENSHOTS")

    def picture(page: Any, name: str) -> None:
        if folder:
            settled(page)
            page.screenshot(path=str(Path(folder) / f"{name}.png"))

    return picture


# The server has drawn what it had to, and nothing moves, but for what moves without end.
_SETTLED = """() => {
  const app = document.querySelector(".stApp");
  if (app && app.dataset.testScriptState !== "notRunning") return false;
  const moves = (root) => root.getAnimations().some((one) => one.playState === "running"
      && one.effect.getComputedTiming().endTime !== Infinity)
    || [...root.querySelectorAll("*")].some((one) => one.shadowRoot && moves(one.shadowRoot));
  return !moves(document);
}"""


def settled(page: Any) -> None:
    """Waits until what a visitor sees is as it stays."""
    page.wait_for_function(_SETTLED)


@contextmanager
def acting_while_drawn(*pages: Any) -> Iterator[None]:
    """Within it no click waits until the page is drawn, as who presses Stop does not wait."""
    for page in pages:
        page.remove_locator_handler(page.locator(DRAWING))
    yield
    for page in pages:
        _wait_until_drawn(page)


def _wait_until_drawn(page: Any) -> None:
    """Before each action: what is clicked while the page is drawn may be replaced."""
    page.add_locator_handler(page.locator(DRAWING), lambda: None)


@pytest.fixture(scope="session")
def quoting_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home without a chat model: its answers are quoted, at once."""
    home = tmp_path_factory.mktemp("quoting")
    put_models(home, "embedding")
    return home


@pytest.fixture(scope="session")
def real_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the default models, and the sample company in its library."""
    home = tmp_path_factory.mktemp("home")
    put_models(home, "embedding", "chat")
    # The letter is a scan: no journey asks about it, and reading it takes as long as all the rest.
    add(home, *sorted((PROJECT / "samples").glob("*.pdf")), ocr="off")
    return home


def add(home: Path, *paths: Path, library: str = "main", **settings: Any) -> None:
    """Documents, as the command line does it."""
    chosen = Settings(home=home, **settings)
    with composition.library(chosen, library, make=True) as opened:
        assert opened.add(paths).failed == []


def pincite(home: Path, *arguments: str, accept: Sequence[int] = (0,)) -> None:
    """The real command line."""
    command = [sys.executable, "-m", "assistant.cli.main", *arguments, "--home", str(home)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=300)
    assert done.returncode in accept, done.stderr


def put_models(home: Path, *roles: Role) -> None:
    """Links to the default models of roles, with what was made of them at their first use; they
    are where `make setup` puts them. What is made here stays here."""
    for model in map(default_model, roles):
        weights = weights_of(model, models_folder())
        if not is_whole(model, weights):
            pytest.skip(f"{model.name} is not in {models_folder()}; `make setup` fetches it")
        into = weights_of(model, home / "models").parent
        into.mkdir(parents=True, exist_ok=True)
        for path in weights.parent.iterdir() if model.is_folder else [weights]:
            (into / path.name).symlink_to(path)


@pytest.fixture(scope="package")
def real_address(real_home: Path) -> Iterator[str]:
    """Of the app with the default models and the sample company, one for all its journeys."""
    with real_app(real_home) as address:
        yield address


@pytest.fixture(scope="package")
def quoting_address(quoting_home: Path) -> Iterator[str]:
    """Of the app without a chat model, one for all journeys that no answer of one belongs to."""
    with real_app(quoting_home) as address:
        yield address


@contextmanager
def real_app(home: Path, **settings: str) -> Iterator[str]:
    """The address of `pincite app` on a home, for a journey that needs one of its own."""
    port = free_port()
    command = [sys.executable, "-m", "assistant.cli.main", "app", "--port", str(port)]
    surroundings = {
        "PINCITE_HOME": str(home),
        "PINCITE_PASSAGE_TOKENS": "200",  # the fewest that there may be: an answer is there sooner
        "PINCITE_THREADS": "1",  # other cores run other tests: a model's threads wait for the last
        "PINCITE_DRAWING_MODEL": str(DRAWS),
        variable(DAV_SOURCE): source_servers.PASSWORD,
        **settings,
    }
    with served(command, port, surroundings) as address:
        yield address


@pytest.fixture(scope="package")
def two_libraries(real_home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The names of two small ones in `real_home`, each with a handbook."""
    folder = tmp_path_factory.mktemp("handbooks")
    leave = ["# Leave", "", "There are thirty days of paid leave in a year."]
    write_pdf(folder / "staff" / "Handbook.pdf", leave)
    write_pdf(
        folder / "office" / "Handbook.pdf", ["# Travel", "", "All employees travel by train."]
    )
    (folder / "office" / "Lease.txt").write_text(LEASE, encoding="utf-8")
    for name in ("staff", "office"):
        add(real_home, folder / name, library=name)
    return "staff", "office"


@pytest.fixture(scope="package")
def fake_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of `fake_address`."""
    return tmp_path_factory.mktemp("faked")


@pytest.fixture(scope="package")
def fake_address(fake_home: Path) -> Iterator[str]:
    """Of the app over a library and answers without models, one for all its journeys."""
    with fake_app(fake_home, "many") as address:
        yield address


@contextmanager
def fake_app(home: Path, *options: str) -> Iterator[str]:
    """The address of the app over fakes with options of `tests.assistant.ui.fake_server`."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "tests.assistant.ui.fake_server",
        str(home),
        str(port),
        *options,
    ]
    with served(command, port, {"PINCITE_HOME": str(home)}) as address:
        yield address


@contextmanager
def served(command: Sequence[str], port: int, surroundings: Mapping[str, str]) -> Iterator[str]:
    """The address of an app that runs until the block ends."""
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        command,
        cwd=PROJECT,
        env={**os.environ, **surroundings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _wait_for(f"{address}/_stcore/health", process)
            yield address
        finally:
            process.terminate()
            process.wait(60)
            assert serving.free_port(port, port) == port, "something of the app goes on"


def _wait_for(address: str, process: "subprocess.Popen[bytes]", seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the app ended with status {process.returncode}"
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError(f"the app did not answer within {seconds} s")


def ask(page: Any, question: str) -> None:
    """Type a question and send it."""
    box = page.get_by_test_id("composer")
    box.fill(question)
    box.press("Enter")
    page.locator(".question", has_text=question).last.wait_for()


def from_menu(page: Any, entry: str) -> None:
    """Choose something from the menu of the composer."""
    page.get_by_role("button", name="Files, recording and tools").click()
    page.get_by_role("option", name=entry).click()


def attach(page: Any, *files: Path) -> None:
    """Give files to the composer, and wait until they are read."""
    page.locator(".st-key-composer input[type=file]").set_input_files(files)
    page.locator(".file", has_text=files[-1].name).wait_for()
    page.locator(".file.reading").first.wait_for(state="detached")


def yellow(png: bytes) -> int:
    """How many points of a picture are marked."""
    colours = Image.open(io.BytesIO(png)).convert("RGB").getcolors(1 << 24) or []
    return sum(
        count
        for count, (red, green, blue) in colours
        if red > 235 and 200 < green < 240 and 70 < blue < 120
    )


def harmless(page: Any) -> None:
    """Nothing has run, and nothing was fetched or can be followed to another place."""
    assert page.outside == []
    assert page.title() != "owned"
    links = page.locator("a[href]").evaluate_all("all => all.map(a => a.href)")
    here = ("http://127.0.0.1:", "about:blank#")  # the second one within a page without a server
    assert all(link.startswith(here) for link in links), links


# Letters that turn the direction of what follows them, in the same block, without an end.
_TURNED = """() => {
  const found = [], isolates = ["isolate", "isolate-override", "plaintext"];
  const look = (root) => {
    for (const node of root.childNodes) {
      if (node.shadowRoot) look(node.shadowRoot);
      if (node.nodeType === Node.ELEMENT_NODE) {
        if (!["SCRIPT", "STYLE", "TEXTAREA"].includes(node.tagName)) look(node);
      } else if (/[\u202a-\u202e\u2066-\u2069]/.test(node.data || "")) {
        let around = node.parentElement;
        const inline = (e) => getComputedStyle(e).display === "inline"
          && !isolates.includes(getComputedStyle(e).unicodeBidi);
        while (inline(around)) around = around.parentElement;
        const text = around.textContent;
        const behind = text.slice(text.lastIndexOf(node.data) + node.data.length);
        const count = (signs) => (text.match(signs) || []).length;
        const open = count(/[\u202a\u202b\u202d\u202e\u2066-\u2068]/g) - count(/[\u202c\u2069]/g);
        if (behind.trim() && open > 0) found.push(text.slice(-300));
      }
    }
  };
  look(document.body);
  return found;
}"""


def not_turned(page: Any) -> None:
    """No sign that turns the direction of letters reaches words of the app."""
    assert page.evaluate(_TURNED) == []
