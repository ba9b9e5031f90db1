"""Owner and visitors in a browser, and pages of others that try to use the app."""

import http.server
import re
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from assistant.ui.session import LIBRARY_COOKIE
from tests.browser.conftest import Visit, ask, harmless, served
from tests.servers.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    """Of an app that asks for a token; what it says on its terminal is in `home/told`."""
    port = free_port()
    start = f"exec {sys.executable} -m tests.assistant.ui.fake_server {home} {port} token"
    command = ["sh", "-c", f"{start} 2>{home}/told"]
    with served(command, port, {"PINCITE_HOME": str(home)}) as address:
        yield address


@pytest.fixture
def tokens(address: str, home: Path) -> list[str]:
    """Of the owner, and of others."""
    return re.findall(r"/#([\w-]{24})$", (home / "told").read_text(), re.MULTILINE)


def test_a_visitor_signs_in_asks_finds_nothing_to_change_and_no_script_of_theirs_gets_out(
    address: str, home: Path, tokens: list[str], visit: Visit
) -> None:
    page = visit(address)
    page.get_by_label("Token").fill("wrong")
    page.get_by_role("button", name="Come in").click()
    page.get_by_text("That is not the token").wait_for()
    page.get_by_label("Token").fill(tokens[1])
    page.get_by_role("button", name="Come in").click()

    ask(page, "How many days of leave are there?")
    page.locator(".mark").first.click()
    page.locator(".quote").wait_for()

    assert page.get_by_text("Measure").count() == 0
    assert page.get_by_test_id("stFeedback").count() == 0
    page.goto(f"{address}/library")
    page.locator(".document-name").first.wait_for()
    page.get_by_role("button", name="Open").first.wait_for()
    for name in ("Remove", "Rebuild it"):
        assert page.get_by_role("button", name=name).count() == 0
    assert page.get_by_text("Add documents").count() == 0
    assert (home / "conversations.sqlite").exists()
    assert not [path for path in (home, *home.rglob("*")) if path.stat().st_mode & 0o077]
    page.goto(f"{address}/measure")
    page.get_by_text("Page not found").first.wait_for()
    assert page.get_by_text("What came out").count() == 0
    harmless(page)
    _no_script_reaches_another_server(page)


def test_the_owner_signs_in_by_a_link_and_no_page_of_another_origin_comes_in_with_them(
    address: str, tokens: list[str], visit: Visit, tmp_path: Path
) -> None:
    page = visit(f"{address}/library#{tokens[0]}")

    page.get_by_role("button", name="Remove").first.wait_for()

    assert tokens[0] not in page.url
    ours = [kept for kept in page.context.cookies() if kept["name"].startswith("pincite_")]
    (cookie,) = [
        kept for kept in ours if kept["name"] != LIBRARY_COOKIE
    ]  # that one names the library
    assert cookie["httpOnly"]
    assert not {kept["value"] for kept in ours} & set(tokens)
    readable = page.evaluate("document.cookie")
    assert "pincite_" not in readable.replace(LIBRARY_COOKIE, "")
    assert cookie["value"] not in readable
    _no_page_of_another_origin_frames_it_connects_or_reads(page, address, tmp_path)


def _no_page_of_another_origin_frames_it_connects_or_reads(
    page: Any, address: str, folder: Path
) -> None:
    """In the same browser, with the owner's cookie, which is not parted by ports."""
    place = address.removeprefix("http://")
    (folder / "evil.html").write_text(f"""
        <iframe id=frame src="{address}" onload="this.title='ended'"></iframe>
        <img id=picture src="{address}/favicon.png"
          onload="this.alt='loaded'" onerror="this.alt='refused'">
        <script>
        const socket = new WebSocket("ws://{place}/_stcore/stream")
        socket.onopen = () => document.title = "open"
        socket.onerror = () => document.title = "refused"
        </script>""")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as evil:
        threading.Thread(target=evil.serve_forever, daemon=True).start()
        page.goto(f"http://127.0.0.1:{evil.server_port}/evil.html")
        page.wait_for_function(
            "() => document.title && document.getElementById('picture').alt"
            " && document.getElementById('frame').title"
        )

        assert page.title() == "refused"
        assert page.locator("#picture").get_attribute("alt") == "refused"
        (framed,) = [frame for frame in page.frames if frame != page.main_frame]
        assert framed.url.startswith("chrome-error:"), "it was framed"
        assert framed.locator("form, .stApp").count() == 0
        evil.shutdown()


def _no_script_reaches_another_server(page: Any) -> None:
    """Not even one that is in the page."""
    asked: list[str] = []
    page.context.route(
        "http://tracker.invalid/**", lambda r: (asked.append(r.request.url), r.abort())
    )

    page.evaluate(
        """async () => {
            window.refused = []
            document.addEventListener("securitypolicyviolation",
                event => window.refused.push(event.effectiveDirective))
            await fetch("http://tracker.invalid/a").catch(() => 0)
            new Image().src = "http://tracker.invalid/b.png"
            for (const [name, field] of [["script", "src"], ["iframe", "src"], ["video", "src"]]) {
                const made = document.createElement(name)
                made[field] = "http://tracker.invalid/" + name
                document.body.append(made)
            }
            const inline = document.createElement("script")
            inline.textContent = "document.title = 'owned'"
            document.body.append(inline)
        }"""
    )
    page.wait_for_function("() => window.refused.length >= 6")  # each of them is told

    refused = page.evaluate("window.refused")
    assert set(refused) == {
        "connect-src", "frame-src", "img-src", "media-src", "script-src-elem",
    }  # fmt: skip
    assert refused.count("script-src-elem") == 2
    assert page.title() != "owned"
    assert asked == []
