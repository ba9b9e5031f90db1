"""Owners at this machine add, see, fetch, pause and remove the sources of a library."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from assistant.settings import Settings
from assistant.sources import source_list
from assistant.sources.fetching import Fetchings
from assistant.sources.source_list import Source
from assistant.ui import resources
from assistant.ui.library import library_sources
from tests.assistant.main_library import eventually
from tests.assistant.ui.conftest import LIBRARY_PAGE, open_page, opened
from tests.fakes import WordEmbedder
from tests.kept_keyring import Kept
from tests.kept_keyring import kept as kept
from tests.servers.source_servers import PASSWORD, Dav
from vectorstore.indexing.jobs import alone
from vectorstore.library import Library

Visit = Callable[..., AppTest]


@pytest.fixture
def source(tmp_path: Path) -> Source:
    settings = Settings.load(home=tmp_path)
    Library(settings.libraries_folder / "main", "main", WordEmbedder).close()
    made = source_list.add(
        settings, source_list.new(settings, "main", "imaps://ann@mail.example.org/INBOX")
    )
    source_list.note(settings, made, "2026-01-02T03:04:05+00:00", "It is *away*.")
    return made


def test_they_are_listed_with_what_came_of_them_and_fetched(
    visit: Visit, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[tuple[str, str]] = []
    monkeypatch.setattr(
        Fetchings, "start", lambda self, _, lib, one, turn: begun.append((lib.name, one.name))
    )
    app = opened(visit(LIBRARY_PAGE), "sources:main")
    when = datetime(2026, 1, 2, 3, 4, tzinfo=UTC).astimezone()
    assert any(f"fetched {when:%Y-%m-%d %H:%M}" in html.body for html in app.get("html"))
    assert any("away" in error.value for error in app.error)

    app.button(key=f"fetch-{source.name}").click().run()

    assert begun == [("main", "mail-example-org-inbox")]


def test_one_is_removed(visit: Visit, source: Source, tmp_path: Path) -> None:
    opened(visit(LIBRARY_PAGE), "sources:main").button(
        key=f"remove-source-{source.name}"
    ).click().run()

    assert source_list.listed(Settings.load(home=tmp_path), "main") == []


def test_the_interval_is_changed_and_fetching_paused_and_resumed(
    visit: Visit, source: Source, tmp_path: Path
) -> None:
    settings = Settings.load(home=tmp_path)
    app = opened(visit(LIBRARY_PAGE), "sources:main")
    app.selectbox(key=f"every-{source.name}-15").set_value(60).run()
    assert source_list.find(settings, source.name, "main").every == 60

    app.button(key=f"pause-{source.name}").click().run()
    assert source_list.find(settings, source.name, "main").paused
    assert any(" · paused" in html.body for html in app.get("html"))
    app.button(key=f"pause-{source.name}").click().run()
    assert not source_list.find(settings, source.name, "main").paused


def test_one_that_another_program_fetches_is_told(
    visit: Visit, source: Source, tmp_path: Path
) -> None:
    settings = Settings.load(home=tmp_path)
    source_list.note(settings, source, "2026-01-02T03:04:05+00:00", "")
    folder = source_list.folder(settings, source)
    folder.mkdir(parents=True)
    app = opened(visit(LIBRARY_PAGE), "sources:main")
    assert not [one for one in app.text_input if one.key == f"password-of-{source.name}:main-0"]

    with alone(folder / source_list.LOCK):
        app.button(key=f"fetch-{source.name}").click().run()
        assert eventually(lambda: any("being fetched by" in one.value for one in app.run().error))
    # There is no password: its field stands below whatever went wrong.
    assert [one for one in app.text_input if one.key == f"password-of-{source.name}:main-0"]


@pytest.fixture
def dav(tmp_path: Path) -> Iterator[Dav]:
    server = Dav(tmp_path / "shared")
    yield server
    server.stop()


def fill(app: AppTest, **fields: str) -> AppTest:
    """Fill in the form for a WebDAV folder, and submit it."""
    if app.segmented_control(key="source-kind:main").value != "webdav":
        app.segmented_control(key="source-kind:main").set_value("webdav").run()
    for label, value in fields.items():
        next(one for one in app.text_input if one.label == label).set_value(value)
    return next(one for one in app.button if one.label == "Check and add").click().run()


def test_a_folder_is_added_by_a_form_once_its_server_lets_it_in(
    visit: Visit, dav: Dav, kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    monkeypatch.setattr(Fetchings, "start", lambda self, _, lib, one, turn: begun.append(one.name))
    settings = Settings.load(home=tmp_path)
    Library(settings.libraries_folder / "main", "main", WordEmbedder).close()
    (dav.folder / "papers").mkdir()
    server = dav.address().replace("ann@", "")
    named = {"Folder on the server": "papers"}
    app = opened(visit(LIBRARY_PAGE), "sources:main")

    fill(app, Address=server, User="ann", Password="wrong", **named)
    assert app.error[0].value.startswith("Password: 127")
    fill(app, Address="", User="ann", Password=PASSWORD, **named)
    assert app.error[0].value.startswith("Address: Write the name of the server")
    assert source_list.listed(settings) == []
    fill(app, Address=server, User="ann", Password=PASSWORD, **named)

    (made,) = source_list.listed(settings, "main")
    assert made.address == dav.address("papers")
    assert (begun, len(app.error), list(kept.passwords.values())) == ([made.name], 0, [PASSWORD])
    assert PASSWORD not in (settings.libraries_folder / "main" / "sources.json").read_text()


def test_an_error_does_not_stand_below_the_next_empty_form(
    visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings.load(home=tmp_path)
    Library(settings.libraries_folder / "main", "main", WordEmbedder).close()
    app = opened(visit(LIBRARY_PAGE), "sources:main")
    assert fill(app).error, "nothing was typed"
    new = source_list.new(settings, "main", "imaps://ann@mail.example.org/INBOX")
    monkeypatch.setattr(library_sources, "written", lambda *_: new.address)
    monkeypatch.setattr(library_sources, "add_checked", lambda *_: new)
    monkeypatch.setattr(Fetchings, "start", lambda *_: None)
    assert not fill(app, Address="https://cloud.example.org").error


def test_an_error_does_not_stand_over_a_form_that_was_emptied(visit: Visit, tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path)
    Library(settings.libraries_folder / "main", "main", WordEmbedder).close()
    app = opened(visit(LIBRARY_PAGE), "sources:main")
    fill(app, Address="https://cloud.example.org:99999/dav", User="ann", Password="secret")
    assert app.error and app.run().error, "it stays with what was typed"

    open_page(app, "settings")
    opened(open_page(app, LIBRARY_PAGE), "sources:main")

    fields = [one.value for one in app.text_input if one.label in ("Address", "Server", "User")]
    assert fields and not any(fields) and not app.error


def test_a_password_that_a_server_refuses_is_renewed_in_its_row(
    visit: Visit, dav: Dav, kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    monkeypatch.setattr(Fetchings, "start", lambda self, _, lib, one, turn: begun.append(one.name))
    settings = Settings.load(home=tmp_path)
    Library(settings.libraries_folder / "main", "main", WordEmbedder).close()
    made = source_list.add(settings, source_list.new(settings, "main", dav.address(), "papers"))
    source_list.note(settings, made, "", "papers: It refuses the user.", refused=True)
    app = opened(visit(LIBRARY_PAGE), "sources:main")

    for password in ("wrong", PASSWORD):
        app.text_input(key="password-of-papers:main-0").set_value(password)
        next(one for one in app.button if one.label == "Sign in").click().run()
        now = source_list.find(settings, "papers", "main")
        assert now.refused == (password == "wrong")
    assert (begun, list(kept.passwords.values())) == (["papers"], [PASSWORD])
    assert not [one for one in app.text_input if one.key == "password-of-papers:main-0"]


def test_others_do_not_see_them(
    visit: Visit, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "is_owner", lambda: False)
    app = opened(visit(LIBRARY_PAGE), "sources:main")
    assert not [b for b in app.button if b.key == f"fetch-{source.name}"]
    assert not [one for one in app.segmented_control if one.key == "source-kind:main"]
