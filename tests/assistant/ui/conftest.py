"""The real pages in Streamlit's own test runner, over fakes."""

import functools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from assistant import first_run
from assistant.security import network_guard
from assistant.settings import Settings
from assistant.sources.fetching import Fetchings
from assistant.ui import resources
from assistant.wiring import composition
from tests.assistant.ui import fakes

APP = Path(__file__).parents[3] / "streamlit_app.py"
LIBRARY_PAGE = "library"


# It parses the metadata of each package of the environment anew for each visitor.
manifest_scanner.scan_component_manifests = functools.cache(
    manifest_scanner.scan_component_manifests
)


@pytest.fixture
def library() -> fakes.FakeLibrary:
    return fakes.FakeLibrary(fakes.SAMPLES / fakes.HANDBOOK)


@pytest.fixture
def tool() -> fakes.FakeTool:
    return fakes.FakeTool()


@pytest.fixture(autouse=True)
def over_fakes(
    library: fakes.FakeLibrary,
    tool: fakes.FakeTool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[None]:
    monkeypatch.setenv("PINCITE_HOME", str(tmp_path))
    monkeypatch.setattr(network_guard, "install_guard", lambda *_: None)
    # Its thread would fetch into the next test: tests/assistant/sources have it.
    monkeypatch.setattr(Fetchings, "follow", lambda *_: None)
    write_catalog(tmp_path, "main")
    first_run.set_mark(Settings(home=tmp_path), "over")
    monkeypatch.setattr(composition, "library", lambda settings, name, make=False: library)
    monkeypatch.setattr(
        composition,
        "assistant_of",
        lambda settings, library, *_, **__: fakes.assistant(library, tmp_path, tool),
    )
    st.cache_resource.clear()
    yield
    tool.go.set()
    library.go.set()
    st.cache_resource.clear()


def write_catalog(home: Path, name: str) -> None:
    """A library is there; what is in it, the fakes say."""
    folder = home / "libraries" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "catalog.sqlite").touch()


@pytest.fixture
def visit() -> Callable[..., AppTest]:
    """A new visitor, on the page and in the conversation that are named."""

    def visit(page: str = "", conversation: str = "") -> AppTest:
        app = AppTest.from_file(APP, default_timeout=120)
        if conversation:
            app.query_params["c"] = conversation
        app.run()
        return open_page(app, page) if page else app

    return visit


def open_page(app: AppTest, page: str) -> AppTest:
    """To another page of the app, by its address."""
    app._page_hash = calc_hash(page)
    return app.run()


def ask(app: AppTest, question: str, wait: bool = True) -> None:
    """Ask, and see the answer once it is done."""
    compose(app, "ask", text=question)
    if wait:
        assert finish(app)


def compose(app: AppTest, does: str, **given: Any) -> None:
    """Do something with the composer: ask, stop, open tools, remove a file or a question."""
    act = {"do": does, "number": time.monotonic_ns(), **given}
    report(app, "pincite_composer", "act", [act])


def composer(app: AppTest) -> dict[str, Any]:
    """What the composer shows; empty where there is none."""
    return next(iter(drawn(app, "pincite_composer")), {})


def attach(app: AppTest, name: str, data: bytes, kind: str = "") -> None:
    """Drop a file on the composer, and wait until it is read."""
    field = next(box for box in app.file_uploader if box.key.startswith("composer-files-"))
    field.set_value([(name, data, kind or "application/octet-stream")]).run()
    deadline = time.monotonic() + 60
    while any(row["state"] == "reading" for row in composer(app)["files"]):
        assert time.monotonic() < deadline
        app.run()


def finish(app: AppTest, seconds: float = 10) -> bool:
    """Wait for the answer in work, and draw the page as the timer would."""
    running = resources.answers().of(conversation(app))
    done = running is None or running.wait(seconds)
    app.run()
    return done


def conversation(app: AppTest) -> str:
    """The id in the address."""
    named: str | list[str] = app.query_params.get("c", "")
    return named if isinstance(named, str) else named[0]


def answers(app: AppTest) -> list[dict[str, Any]]:
    """What the page gives to the browser to draw: each answer, oldest first."""
    return drawn(app, "pincite_answer")


def copies(app: AppTest) -> list[str]:
    """What the copy button of each answer copies, oldest first."""
    return [data["text"] for data in drawn(app, "pincite_copy_button")]


def drawn(app: AppTest, component: str) -> list[dict[str, Any]]:
    """What the page gives to the browser to draw, of a component."""
    return [json.loads(node.proto.json) for node in _nodes(app, component)]


def listed(app: AppTest) -> list[dict[str, Any]]:
    """The rows of the list of documents."""
    return [row for given in drawn(app, "pincite_document_rows") for row in given["rows"]]


def opened(app: AppTest, part: str) -> AppTest:
    """After a click on a folded part of the page, or on a menu."""
    app.session_state[part] = True
    return app.run()


def library_choice(app: AppTest) -> Any:
    """The field that chooses the library, also in the menu of a chip."""
    return next(box for box in opened(app, "where-library").selectbox if box.label == "Library")


def act(app: AppTest, does: str, document: str, page: int = 1, **picks: bool) -> None:
    """Click on a row of the list of documents; `picks` are ticks that were not told yet."""
    given = {"do": does, "document": document, "page": page, "picks": picks}
    report(app, "pincite_document_rows", "act", given)


def _nodes(app: AppTest, component: str) -> list[Any]:
    nodes = app.get("bidi_component")
    return [node for node in nodes if node.proto.component_name == component]


def click(app: AppTest, identity: str, answer: int = -1) -> None:
    """Click on a mark, a source or a passage, as the component in the browser reports it."""
    report(app, "pincite_answer", "open", identity, answer)


def report(app: AppTest, component: str, event: str, value: object, which: int = -1) -> None:
    """What a component in the browser reports."""
    states = app._tree.get_widget_states()
    widget = states.widgets.add()
    node = _nodes(app, component)[which]
    widget.id = f"$$STREAMLIT_INTERNAL_KEY_{node.proto.id}__events"
    widget.json_trigger_value = json.dumps([{"event": event, "value": value}])
    app._run(states)


def html(app: AppTest) -> str:
    """All that is shown through st.html, without the style sheet."""
    bodies = [node.proto.body for node in app.get("html")]
    return "\n".join(body for body in bodies if not body.startswith("<style>"))
