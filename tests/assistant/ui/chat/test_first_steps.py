"""The three steps of who opens Pincite before there are documents."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from assistant import first_run
from assistant.models.catalogue import default_model
from assistant.models.installed import Models
from assistant.settings import Settings
from assistant.ui import resources
from assistant.ui.chat import sidebar
from assistant.wiring.chosen_models import InUse
from tests.assistant.ui.conftest import html, write_catalog
from tests.assistant.ui.fakes import HANDBOOK, SAMPLES, FakeLibrary

Visit = Callable[..., AppTest]
CHAT = default_model("chat")


@pytest.fixture(autouse=True)
def empty(library: FakeLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library without documents, and an embedding model; the first run has just begun."""
    library.remove([HANDBOOK])
    shutil.rmtree(Settings().home / "first-run")
    monkeypatch.setattr(sidebar, "missing_defaults", lambda settings: [])


def finished(app: AppTest) -> None:
    """Wait for the uploads, and draw the page as the timer would."""
    for upload in resources.uploads().of("main"):
        assert upload.wait(60)
    app.run()


def test_a_folder_of_this_machine_comes_in_and_stays_where_it_is(
    visit: Visit, library: FakeLibrary, tmp_path: Path
) -> None:
    # The fake library adds files; folders are the real one's.
    copy = tmp_path / HANDBOOK
    copy.write_bytes((SAMPLES / HANDBOOK).read_bytes())
    app = visit()

    app.text_input(key="folder-to-add:main").set_value(str(copy)).run()
    app.button(key="add-folder").click().run()
    finished(app)

    assert "Where are your documents? <span" in html(app), "the step is done"
    assert app.radio(key="first-model"), "the choice of models stays"
    assert list(library.files) == [HANDBOOK] and copy.exists()
    app.button(key="without-model").click().run()
    assert "Ask your documents" in html(app)
    library.remove([HANDBOOK])
    assert "Three steps" not in html(visit()), "it was the first run of the home"


def test_a_folder_that_is_not_there_is_named(visit: Visit) -> None:
    app = visit()
    app.text_input(key="folder-to-add:main").set_value("/no/such/place").run()
    app.button(key="add-folder").click().run()
    assert "There is no file or folder /no/such/place" in app.error[0].value.replace("\\", "")


def test_what_comes_in_is_told_above_the_steps(
    visit: Visit, library: FakeLibrary, tmp_path: Path
) -> None:
    copy = tmp_path / HANDBOOK  # the fake library writes beside it
    copy.write_bytes((SAMPLES / HANDBOOK).read_bytes())
    library.go.clear()  # it reads, until the end of the test
    app = visit()
    app.text_input(key="folder-to-add:main").set_value(str(copy)).run()
    app.button(key="add-folder").click().run()
    drawn = list(app.main)
    progress = next(at for at, part in enumerate(drawn) if part.type == "progress")
    step = next(at for at, part in enumerate(drawn) if "your documents?" in str(part.proto))
    assert progress < step


def test_the_sample_company_comes_on_request(
    visit: Visit, library: FakeLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in first_run.sample_documents():  # the fake library writes beside what it adds
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(first_run, "_PLACES", (tmp_path,))
    monkeypatch.setattr(first_run, "sample_library", lambda settings: first_run.LIBRARY)
    write_catalog(Settings().home, first_run.LIBRARY)
    app = visit()
    app.button(key="sample-company").click().run()
    finished(app)
    assert len(library.files) == 5 and HANDBOOK in library.files
    assert "5 documents" in html(app.button(key="hide-steps").click().run())


def test_a_model_is_fetched_that_was_chosen_by_what_it_costs(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulled: list[str] = []
    monkeypatch.setattr(Models, "pull", lambda self, name, *_: pulled.append(name))
    app = visit()
    radio = app.radio(key="first-model")
    assert radio.value == CHAT.name, "the usual one is picked beforehand"
    assert all("to the first word" in str(caption) for caption in radio.proto.captions)

    app.button(key="fetch-first").click().run()
    fetch = resources.fetches().of(CHAT.name)
    assert fetch and fetch.wait(60) and pulled == [CHAT.name]


def test_who_has_a_model_is_asked_nothing(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_run, "in_use", lambda *_: InUse("tiny-writer"))
    app = visit()
    assert "Settings has others." in html(app) and "tiny-writer" not in html(app)
    assert not app.radio


def test_visitors_neither_add_nor_fetch(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "is_owner", lambda: False)
    monkeypatch.setattr(resources, "may_change", lambda: False)
    app = visit()
    assert "There are no documents in this library yet." in html(app)
    assert len(app.file_uploader) == 1 and not [b for b in app.button if b.key == "fetch-first"]
