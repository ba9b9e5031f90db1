"""The composer: questions in line, files that are read at once, and what becomes of them."""

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from time import sleep

import pytest
from streamlit.testing.v1 import AppTest

from assistant import attachments
from assistant.conversation.assistant import Assistant
from assistant.errors import AssistantError
from assistant.ui import resources
from ingest.document.model import Line, Page
from tests.assistant.ui.conftest import ask, attach, compose, composer, conversation, finish, report
from tests.assistant.ui.fakes import FakeTool

Visit = Callable[..., AppTest]
LEAVE = "How many days of leave are there?"


def test_the_next_question_waits_in_line_and_may_be_taken_back(
    visit: Visit, tool: FakeTool
) -> None:
    app = visit()
    ask(app, "slow leave", wait=False)
    for question in (LEAVE, "unknown"):
        ask(app, question, wait=False)
    first, second = composer(app)["line"]
    assert (first["text"], second["text"]) == (LEAVE, "unknown")
    compose(app, "unline", id=second["id"])
    assert composer(app)["line"] == [first]
    tool.go.set()
    assert finish(app)
    assert finish(app)
    assert [asked.question for asked in tool.asked] == ["slow leave", LEAVE]
    assert composer(app)["line"] == [] and not app.exception


def test_a_question_in_line_is_not_asked_in_another_conversation(
    visit: Visit, tool: FakeTool
) -> None:
    app = visit()
    ask(app, "slow leave", wait=False)
    ask(app, LEAVE, wait=False)
    first = conversation(app)
    app.button(key="new-conversation").click().run()
    tool.go.set()
    running = resources.answers().of(first)
    assert running is not None and running.wait(60)
    app.run()
    assert composer(app)["line"] == [] and len(tool.asked) == 1


def test_a_question_waits_for_that_of_another_tab_and_comes_back_where_it_cannot_be_asked(
    visit: Visit, tool: FakeTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = visit()
    ask(app, LEAVE)
    attach(app, "Lease.txt", b"The lease ends in 2029.")
    other = visit(conversation=conversation(app))
    ask(other, "slow leave", wait=False)
    ask(app, "unknown", wait=False)
    assert [one["text"] for one in composer(app)["line"]] == ["unknown"] and not app.error

    def busy(*_: object) -> None:
        raise AssistantError("Another question is being answered.")

    monkeypatch.setattr(resources.answers(), "start", busy)
    tool.go.set()
    assert finish(app)
    assert "Another question" in app.error[0].value
    assert composer(app)["back"][1] == "unknown" and composer(app)["line"] == []
    assert [row["name"] for row in composer(app)["files"]] == ["Lease.txt"]


def test_the_line_stands_still_after_an_error_and_an_act_that_comes_again_is_done_once(
    visit: Visit, tool: FakeTool
) -> None:
    app = visit()
    first = {"do": "ask", "text": "slow leave", "number": 1}
    second = {"do": "ask", "text": LEAVE, "number": 2}
    report(app, "pincite_composer", "act", [first])
    report(app, "pincite_composer", "act", [first, second])
    assert composer(app)["done"] == 2
    assert [one["text"] for one in composer(app)["line"]] == [LEAVE]
    running = resources.answers().of(conversation(app))
    assert running is not None
    tool.go.set()
    assert running.wait(60)
    running.error = "The model has gone."
    app.run()
    assert [one["text"] for one in composer(app)["line"]] == [LEAVE] and len(tool.asked) == 1


def test_a_document_is_read_at_once_and_goes_with_the_question(
    visit: Visit, tool: FakeTool
) -> None:
    app = visit()
    attach(app, "Lease.txt", b"The lease ends in 2029.")
    [row] = composer(app)["files"]
    assert row["state"] == "ready" and row["into"] == "Add to main"
    assert row["words"] == "1 page \u00b7 for this conversation only"
    ask(app, "When does the lease end?")
    assert [path.name for path in tool.asked[0].files] == ["Lease.txt"]
    assert composer(app)["files"] == []


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("noise.xyz", bytes(range(256)) * 9, "this kind of file cannot be read yet."),
        ("empty.txt", b"", "empty.txt is empty: 0 bytes."),
        ("papers.zip", b"PK", "An archive is unpacked in a library."),
    ],
)
def test_what_is_refused_says_why_and_stays_beside_the_question(
    visit: Visit, tool: FakeTool, name: str, data: bytes, why: str
) -> None:
    app = visit()
    attach(app, name, data)
    [row] = composer(app)["files"]
    assert (row["state"], row["words"]) == ("refused", why)
    assert bool(row["into"]) is name.endswith(".zip")
    ask(app, LEAVE)
    assert tool.asked[0].files == () and len(composer(app)["files"]) == 1
    compose(app, "drop", id=row["id"])
    assert composer(app)["files"] == []


def test_a_question_takes_ten_files_and_two_are_read_at_a_time(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, most, lock = 0, 0, Lock()

    def read(*_: object) -> tuple[Page, ...]:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        sleep(0.05)
        with lock:
            now -= 1
        return (Page(1, 0, 0, (Line("The lease ends in 2029."),)),)

    monkeypatch.setattr(attachments, "pages_of", read)
    counted: list[int] = []
    monkeypatch.setattr(resources, "count_files", lambda sizes: counted.extend(sizes))
    app = visit()
    field = next(box for box in app.file_uploader if box.key.startswith("composer-files-"))
    field.set_value([(f"{n}.txt", b"lease", "text/plain") for n in range(12)]).run()
    while any(row["state"] == "reading" for row in composer(app)["files"]):
        app.run()
    assert [row["state"] for row in composer(app)["files"]] == ["ready"] * 10
    assert composer(app)["refused"].startswith(
        "A question takes 10 files at most. Not taken: 10.txt, "
    )
    assert counted == [5] * 10 and most == 2


def test_a_file_goes_into_the_library_instead(visit: Visit, tool: FakeTool, tmp_path: Path) -> None:
    app = visit()
    attach(app, "Lease.txt", b"The lease ends in 2029.")
    compose(app, "add", id=composer(app)["files"][0]["id"])
    [row] = composer(app)["files"]
    assert row["words"] == "goes into main" and not app.error
    assert not list((tmp_path / "attached").rglob("*.txt"))
    ask(app, LEAVE)
    assert tool.asked[0].files == ()
    for upload in resources.uploads().of("main"):
        assert upload.wait(60)


def test_a_pause_reads_ahead_what_is_typed(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(Assistant, "prepare", lambda self, text, *_, **__: read.append(text))
    app = visit()
    assert composer(app)["ahead"]
    report(app, "pincite_composer", "pause", LEAVE)
    last = resources.ahead().last
    assert last is None or last.wait(60)
    assert read == ([LEAVE] if last else []), "nothing on a battery"
