"""The queue on the Library page, over a real library."""

import io
import os
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from assistant.libraries.uploads import (
    Upload,
    clear_leftovers,
    describe_step,
    staged,
    upload_folder,
)
from assistant.ui.library import library_queue
from assistant.ui.library.library_queue import FileState, Waiting, waiting
from assistant.ui.widgets import SELDOM
from assistant.wiring import composition
from tests.assistant.ui.conftest import LIBRARY_PAGE, html, listed
from tests.fakes import WordEmbedder
from tests.pdfs import write_pdf
from vectorstore.add_report import AddProgress
from vectorstore.library import Library

Visit = Callable[..., AppTest]
LEAVE = ["Thirty days of leave are paid in a year."]
BROKEN = b"no pdf"


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """A library of its own for the app."""
    with Library(tmp_path / "libraries" / "main", "main", WordEmbedder) as library:
        monkeypatch.setattr(composition, "library", lambda settings, name, make=False: library)
        yield library


def button(app: AppTest, label: str) -> "AppTest":
    return next(b for b in app.button if b.label == label).click().run()


def settled(app: AppTest) -> AppTest:
    """Once this visitor's upload has ended."""
    ended: Upload = app.session_state["upload"]
    assert ended.wait(60)
    return app.run()


def test_what_another_process_could_not_add_is_shown_with_its_reason_and_can_be_dismissed(
    real: Library, visit: Visit, tmp_path: Path
) -> None:
    bad = tmp_path / "Broken.pdf"
    bad.write_bytes(BROKEN)
    real.add([bad])

    app = visit(LIBRARY_PAGE)
    assert "1 file could not be added" in html(app)
    assert "Broken.pdf is not a readable PDF" in html(app)
    button(app, "Dismiss")

    assert "could not be added" not in html(app)
    assert bad.exists(), "it is a file of the person's own"


def test_the_page_reads_the_queue_once_in_each_drawing(
    real: Library, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, reads, read = visit(LIBRARY_PAGE), list[Library](), library_queue.waiting

    def counted(library: Library) -> Waiting:
        reads.append(library)
        return read(library)

    monkeypatch.setattr(library_queue, "waiting", counted)
    app.run()
    assert len(reads) == 1


def test_a_file_that_was_mended_gets_in_with_retry(
    real: Library, visit: Visit, tmp_path: Path
) -> None:
    bad = tmp_path / "Broken.pdf"
    bad.write_bytes(BROKEN)
    real.add([bad])
    write_pdf(bad, LEAVE)

    app = settled(button(visit(LIBRARY_PAGE), "Retry"))

    assert "1 added" in app.markdown[0].value
    assert "could not be added" not in html(app)
    assert [d.document for d in real.documents()] == ["Broken.pdf"]


def test_a_retry_of_a_file_that_is_gone_is_a_sentence(
    real: Library, visit: Visit, tmp_path: Path
) -> None:
    bad = tmp_path / "Broken.pdf"
    bad.write_bytes(BROKEN)
    real.add([bad])
    bad.unlink()

    app = settled(button(visit(LIBRARY_PAGE), "Retry"))

    assert "No longer in its place: Broken.pdf" in app.error[0].value.replace("\\", "")
    assert not app.exception


def test_a_dropped_file_that_failed_is_kept_until_it_is_dismissed(
    real: Library, visit: Visit, tmp_path: Path
) -> None:
    app = visit(LIBRARY_PAGE)
    app.file_uploader[0].set_value([("Broken.pdf", BROKEN, "application/pdf")]).run()
    settled(app)
    [kept] = (tmp_path / "uploads" / "main").rglob("Broken.pdf")

    button(app, "Dismiss")

    assert not kept.exists()


def test_what_was_stopped_can_be_continued(real: Library, visit: Visit, tmp_path: Path) -> None:
    papers = [write_pdf(tmp_path / f"{name}.pdf", [f"{name} is paid leave."]) for name in "ABC"]
    cancel = threading.Event()
    cancel.set()
    real.add(papers, cancel=cancel)

    app = visit(LIBRARY_PAGE)
    assert "Stopped: 3 files wait to be continued" in html(app)
    settled(button(app, "Continue"))

    assert "Stopped" not in html(app)
    assert len(real.documents()) == 3


def test_stop_ends_an_upload_and_keeps_the_files_that_wait(
    real: Library, visit: Visit, tmp_path: Path
) -> None:
    papers = [write_pdf(tmp_path / f"{n}.pdf", [f"{n} leave"]) for n in range(40)]
    files = [(paper.name, io.BytesIO(paper.read_bytes())) for paper in papers]
    running = Upload(real, tmp_path, staged(upload_folder(tmp_path, real.name), files))
    while not running.pages:
        time.sleep(0.01)

    running.stop()

    assert running.wait(60)
    left = waiting(real).left
    assert left and running.summary is not None
    assert len(left) == running.summary.cancelled
    added = running.added({job.path for job in left})
    assert len(added) == running.summary.added, "what was stopped is not called added"
    assert all(Path(job.path).exists() for job in left)
    again = Upload(real, tmp_path)
    assert again.wait(60)
    assert len(real.documents()) == 40
    assert not list((tmp_path / "uploads").rglob("*.pdf"))


def test_files_of_a_process_that_was_killed_are_offered_to_be_continued(
    real: Library, visit: Visit, tmp_path: Path
) -> None:
    paper = write_pdf(tmp_path / "A.pdf", LEAVE)
    real.jobs.wait([(str(paper), "A.pdf")])

    with real.jobs.run():
        assert waiting(real).work == (FileState("A.pdf", "waiting"),)
    assert [job.name for job in waiting(real).left] == ["A.pdf"]

    settled(button(visit(LIBRARY_PAGE), "Continue"))
    assert [d.document for d in real.documents()] == ["A.pdf"]


def test_an_idle_page_is_drawn_again_seldom_and_a_busy_one_often(
    real: Library, visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: dict[str, float | None] = {}
    fragment = st.fragment

    def noted(func: Any = None, *, run_every: float | None = None) -> Any:
        if func is None:  # as a decorator
            return partial(noted, run_every=run_every)
        drawn[f"{func.__module__.rpartition('.')[2]}.{func.__name__}"] = run_every
        return fragment(func, run_every=run_every)

    monkeypatch.setattr(st, "fragment", noted)
    app = visit(LIBRARY_PAGE)
    assert drawn["library_queue._draw"] == SELDOM

    with real.jobs.run():
        real.jobs.wait([(str(tmp_path / "A.pdf"), "A.pdf")])
        app.run()
        assert drawn["library_queue._draw"] == 1.0
    app.run()
    assert "waits to be continued" in html(app)
    assert drawn["library_queue._draw"] == SELDOM


def test_a_file_of_the_queue_is_not_cleared_when_the_app_starts(
    real: Library, tmp_path: Path
) -> None:
    dropped = tmp_path / "uploads" / "main" / "uploaded" / "A.pdf"
    write_pdf(dropped, LEAVE)
    os.utime(dropped.parent, (0, 0))
    real.jobs.wait([(str(dropped), "A.pdf")])

    clear_leftovers(tmp_path, real)
    assert dropped.exists()
    real.jobs.drop([str(dropped)])
    clear_leftovers(tmp_path, real)
    assert not dropped.exists()


def test_an_older_version_says_which_is_newer(real: Library, visit: Visit, tmp_path: Path) -> None:
    text = [f"Rule {n}: leave of kind {n * 7} is asked for {n} days before it." for n in range(30)]
    write_pdf(tmp_path / "in" / "Leave Policy v1.pdf", text)
    write_pdf(tmp_path / "in" / "Leave Policy v2.pdf", [*text, "Rule 31: none."])
    real.add([tmp_path / "in"])

    warnings = [row["warnings"] for row in listed(visit(LIBRARY_PAGE))]
    assert ["older version of Leave Policy v2.pdf"] in warnings


def test_the_page_of_a_long_file_is_told() -> None:
    assert describe_step(AddProgress("A.pdf", 0, 1, "reading", 3, 20)) == "reading, page 3 of 20"
    assert describe_step(AddProgress("A.pdf", 0, 1, "reading", 3)) == "reading, page 3"
    assert describe_step(AddProgress("A.pdf", 0, 1, "indexing", 3, 20)) == "preparing"


# -- making it anew


@pytest.fixture
def old(real: Library, tmp_path: Path) -> Library:
    """With two documents that an earlier Pincite has read."""
    write_pdf(tmp_path / "Leave.pdf", LEAVE)
    write_pdf(tmp_path / "Travel.pdf", ["Travel by train."])
    real.add([tmp_path / "Leave.pdf", tmp_path / "Travel.pdf"])
    real._catalog.database.write("UPDATE document SET reader = 'pdf/0'")
    return real


def test_a_library_that_is_as_it_would_be_made_now_has_no_notice(
    real: Library, visit: Visit, tmp_path: Path
) -> None:
    real.add([write_pdf(tmp_path / "Leave.pdf", LEAVE)])
    assert "rebuild" not in [b.key for b in visit(LIBRARY_PAGE).button]


def test_an_old_library_is_told_and_made_anew_with_one_button(old: Library, visit: Visit) -> None:
    app = visit(LIBRARY_PAGE)
    assert "All documents of the library" in html(app)
    assert "were read by an earlier version of Pincite." in html(app)
    assert "Everything in it is still found." in html(app)

    settled(button(app, "Rebuild it"))

    assert "earlier version" not in html(app)
    assert app.markdown[0].value == "**The library was rebuilt**"
    assert old.embedders.notice() == ""
    assert not app.exception


def test_its_progress_is_in_the_queue_and_stop_keeps_what_is_done(
    old: Library, visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    monkeypatch.setattr(WordEmbedder, "passages", _waits(go))
    old._catalog.database.write("UPDATE chunk SET text = ''")  # so that all is embedded again
    app = button(visit(LIBRARY_PAGE), "Rebuild it")
    running: Upload = app.session_state["upload"]
    while not running.progress.file:
        time.sleep(0.01)
    app.run()
    assert "Rebuilding the library" in html(app)
    assert "Leave.pdf" in html(app) and "anew" not in html(app)
    assert "rebuild" not in [b.key for b in app.button]

    button(app, "Stop")
    go.set()
    settled(app)

    assert app.markdown[0].value.startswith("**Stopped.")
    assert "earlier version" in html(app), "and it can be continued"
    settled(button(button(app, "OK"), "Rebuild it"))
    assert old.embedders.notice() == ""


def test_a_file_that_is_dropped_on_an_old_library_makes_it_anew_before(
    old: Library, visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    monkeypatch.setattr(WordEmbedder, "passages", _waits(go))
    old._catalog.database.write("UPDATE chunk SET text = ''")
    new = write_pdf(tmp_path / "New.pdf", ["A visitor."]).read_bytes()
    app = visit(LIBRARY_PAGE)
    app.file_uploader[0].set_value([("New.pdf", new, "application/pdf")]).run()
    running: Upload = app.session_state["upload"]
    while not running.progress.file:
        time.sleep(0.01)
    app.run()
    assert "Rebuilding the library" in html(app)
    assert "Adding 1 file" in html(app)
    go.set()
    settled(app)
    assert old.embedders.notice() == ""
    assert [d.document for d in old.documents()] == ["Leave.pdf", "New.pdf", "Travel.pdf"]


def _waits(go: threading.Event) -> Callable[..., object]:
    embed = WordEmbedder.passages

    def passages(self: WordEmbedder, texts: list[str]) -> object:
        assert go.wait(60)
        return embed(self, texts)

    return passages
