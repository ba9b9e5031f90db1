"""A WebDAV folder at a real server (WsgiDAV)."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.libraries.forget import forget_documents
from assistant.libraries.libraries import rename
from assistant.settings import Settings
from assistant.sources import source_list
from assistant.sources.address import SourceFailed
from assistant.sources.fetching import bring
from assistant.sources.source_list import Source, variable
from assistant.sources.webdav import Shared
from tests.assistant.main_library import names
from tests.assistant.sources.conftest import Fetch
from tests.fakes import WordEmbedder
from tests.servers.source_servers import Dav
from vectorstore.errors import LibraryBusy
from vectorstore.library import Library

MakeSource = Callable[..., Source]


def write(dav: Dav, name: str, text: str) -> None:
    place = dav.folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


def test_files_come_once_change_and_stay_when_they_are_gone(
    dav: Dav, source: MakeSource, fetch: Fetch, library: Library
) -> None:
    write(dav, "One.txt", "Dogs are welcome on Fridays.")
    write(dav, "deep/er/Zwei ä.txt", "Cats are not.")
    write(dav, ".hidden.txt", "Nobody.")
    shared = source(dav.address())
    first, added = fetch(shared)
    assert added
    assert (first.new, first.known, first.left_out, added.added) == (2, 0, 0, 2)
    assert names(library) == ["One.txt", "Zwei ä.txt"]

    dav.asked.clear()
    assert fetch(shared)[0].known == 2
    assert {method for method, _ in dav.asked} == {"PROPFIND"}

    write(dav, "One.txt", "Dogs are welcome on Mondays and Tuesdays.")
    (dav.folder / "deep/er/Zwei ä.txt").unlink()
    changed, updated = fetch(shared)
    assert updated
    assert (changed.new, changed.gone, updated.updated) == (1, [], 1)
    assert "Mondays" in library.page("One.txt", 1).text
    assert names(library) == ["One.txt", "Zwei ä.txt"]


def test_a_mirror_removes_what_is_gone_but_not_all(
    dav: Dav, source: MakeSource, fetch: Fetch, library: Library
) -> None:
    write(dav, "One.txt", "Dogs are welcome.")
    write(dav, "Two.txt", "Cats are not.")
    shared = source(dav.address(), mirror=True)
    fetch(shared)

    (dav.folder / "Two.txt").unlink()
    assert [path.name for path in fetch(shared)[0].gone] == ["Two.txt"]
    assert names(library) == ["One.txt"]

    (dav.folder / "One.txt").unlink()  # an empty share may be one that is not mounted
    assert fetch(shared)[0].gone == []
    assert names(library) == ["One.txt"]


def test_what_broke_off_goes_on_and_nothing_is_lost_or_doubled(
    dav: Dav, source: MakeSource, fetch: Fetch, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        write(dav, f"{number}.txt", f"Text number {number}.")
    shared = source(dav.address())
    read, count = Shared.read, []

    def breaks(self: Shared, *given: object) -> object:
        count.append(1)
        if len(count) == 3:
            raise KeyboardInterrupt
        return read(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Shared, "read", breaks)
    with pytest.raises(KeyboardInterrupt):
        fetch(shared)
    assert names(library) == []

    dav.asked.clear()
    done, added = fetch(shared)
    assert added
    assert (done.new, done.known, added.added) == (2, 2, 4)
    assert [method for method, _ in dav.asked].count("GET") == 2
    assert names(library) == ["0.txt", "1.txt", "2.txt", "3.txt"]


def test_a_busy_library_reads_them_the_next_time(
    dav: Dav, source: MakeSource, fetch: Fetch, settings: Settings, library: Library
) -> None:
    write(dav, "One.txt", "Dogs are welcome.")
    shared = source(dav.address())

    def busy(_: object) -> None:
        raise LibraryBusy("main is in use.")

    with pytest.raises(LibraryBusy):
        bring(settings, library, shared, busy)  # type: ignore[arg-type]
    assert source_list.find(settings, shared.name).error == "main is in use."

    fetch(shared)
    assert names(library) == ["One.txt"]
    assert source_list.find(settings, shared.name).error == ""
    assert source_list.find(settings, shared.name).fetched


def test_a_forgotten_document_is_gone_from_the_home_and_does_not_come_again(
    dav: Dav, source: MakeSource, fetch: Fetch, settings: Settings, library: Library
) -> None:
    write(dav, "One.txt", "Pincushions are welcome.")
    write(dav, "Two.txt", "Cats are not.")
    shared = source(dav.address())
    fetch(shared)

    forget_documents(settings, library, ["One.txt"])

    assert not [
        path for path in settings.home.rglob("*")
        if path.is_file() and b"Pincushions" in path.read_bytes()
    ]  # fmt: skip
    fetch(shared)
    assert names(library) == ["Two.txt"]


def test_a_renamed_library_keeps_its_sources(
    dav: Dav, source: MakeSource, fetch: Fetch, settings: Settings, library: Library
) -> None:
    write(dav, "One.txt", "Dogs are welcome.")
    shared = source(dav.address(), mirror=True)
    fetch(shared)
    library.close()

    rename(settings, "main", "papers")

    (moved,) = source_list.listed(settings)
    assert (moved.name, moved.library) == (shared.name, "papers")
    with Library(settings.libraries_folder / "papers", "papers", WordEmbedder) as renamed:
        assert renamed.sources.count_below(source_list.folder(settings, moved)) == 1
        (dav.folder / "One.txt").rename(dav.folder / "Two.txt")
        done, _ = bring(settings, renamed, moved, renamed.add)
        assert (done.new, len(done.gone), names(renamed)) == (1, 1, ["Two.txt"])


def test_a_source_that_is_removed_leaves_its_documents(
    dav: Dav, source: MakeSource, fetch: Fetch, settings: Settings, library: Library
) -> None:
    write(dav, "One.txt", "Dogs are welcome.")
    shared = source(dav.address())
    fetch(shared)

    source_list.remove(settings, shared)

    assert source_list.listed(settings) == []
    assert not source_list.folder(settings, shared).exists()
    assert names(library) == ["One.txt"]


def test_the_list_has_no_password_and_is_private(
    dav: Dav, source: MakeSource, settings: Settings, library: Library
) -> None:
    made = source(dav.address())
    place = settings.libraries_folder / "main" / "sources.json"

    (row,) = json.loads(place.read_text())
    assert (row["address"], place.stat().st_mode & 0o777) == (dav.address(), 0o600)
    with pytest.raises(SourceFailed, match="already"):
        source_list.add(settings, source_list.new(settings, "main", dav.address()))
    assert (
        source_list.add(settings, source_list.new(settings, "main", dav.address("x/"))).name
        != made.name
    )


@pytest.mark.parametrize(
    ("path", "password", "said"),
    [("", "wrong", "refuses the user 'ann'"), ("", "", "set PINCITE_SOURCE_PASSWORD_"),
     ("nowhere", None, "check the path")],
)  # fmt: skip
def test_what_a_server_refuses_names_the_source_and_the_remedy(
    dav: Dav, source: MakeSource, fetch: Fetch, settings: Settings, library: Library, path: str,
    password: str | None, said: str, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    shared = source(dav.address(path))
    if password is not None:
        monkeypatch.setenv(variable(shared.name), password)

    with pytest.raises(SourceFailed) as failed:
        fetch(shared)

    assert str(failed.value).startswith(f"{shared.name}: ")
    assert said in str(failed.value)
    assert source_list.find(settings, shared.name).error == str(failed.value)


def test_one_source_is_fetched_once_at_a_time(
    dav: Dav, source: MakeSource, fetch: Fetch, settings: Settings, library: Library, tmp_path: Path
) -> None:
    write(dav, "One.txt", "Dogs are welcome.")
    shared = source(dav.address())
    go, begun = threading.Event(), threading.Event()

    def slow(paths: list[Path]) -> object:
        begun.set()
        go.wait(60)
        return library.add(paths)

    thread = threading.Thread(target=bring, args=(settings, library, shared, slow))
    thread.start()
    begun.wait(60)
    try:
        with pytest.raises(SourceFailed, match="being fetched"):
            fetch(shared)
        with pytest.raises(SourceFailed, match="being fetched"):
            source_list.remove(settings, shared)
    finally:
        go.set()
        thread.join(60)
    assert names(library) == ["One.txt"]
