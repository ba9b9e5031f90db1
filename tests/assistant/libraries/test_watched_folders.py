"""Folders that the app follows: the same engine as `pincite watch`, beside uploads."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.libraries.uploads import (
    NotFollowed,
    WatchedFolders,
    add_watched_folder,
    remove_watched_folder,
    turn_of,
    watched_folders,
)
from assistant.settings import Settings
from ingest.errors import NothingFound
from tests.assistant.main_library import eventually, names
from tests.assistant.main_library import library as library
from tests.assistant.main_library import settings as settings
from tests.pdfs import write_pdf
from vectorstore.errors import LibraryError, UnknownLibrary
from vectorstore.library import Library


@pytest.fixture
def watches() -> Iterator[WatchedFolders]:
    made = WatchedFolders(settle=0.0, pause=0.02)
    yield made
    made.stop("main")


def holds(library: Library, *expected: str) -> bool:
    return eventually(lambda: names(library) == sorted(expected))


def test_what_comes_into_a_folder_comes_into_the_library_and_leaves_with_it(
    settings: Settings, library: Library, watches: WatchedFolders, tmp_path: Path
) -> None:
    papers = tmp_path / "papers"
    write_pdf(papers / "One.pdf", ["Dogs are welcome on Fridays."])
    watches.add(settings, library, papers)
    assert holds(library, "One.pdf")

    write_pdf(papers / "Two.pdf", ["Cats are not."])
    assert holds(library, "One.pdf", "Two.pdf")
    (papers / "One.pdf").unlink()
    assert holds(library, "Two.pdf")
    (one,) = watches.of("main")
    told = ["added", "added", "removed"]
    assert eventually(lambda: [change.outcome for change in one.changes] == told)


@pytest.mark.parametrize("folder", [".", "home", "home/uploads"])
def test_a_folder_around_what_was_dropped_into_the_app_is_refused(
    settings: Settings, library: Library, watches: WatchedFolders, tmp_path: Path, folder: str
) -> None:
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)

    with pytest.raises(NothingFound, match=r"holds Pincite's own files"):
        watches.add(settings, library, tmp_path / folder)

    assert watched_folders(settings, "main") == [] == watches.of("main")


def test_one_that_ended_by_an_error_is_followed_anew_when_it_is_asked_for(
    settings: Settings, library: Library, watches: WatchedFolders, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def fails(*_: object, **__: object) -> None:
        raise LibraryError("The server is gone.")

    papers = tmp_path / "papers"
    write_pdf(papers / "One.pdf", ["Dogs are welcome on Fridays."])
    with monkeypatch.context() as patched:
        patched.setattr(library, "add", fails)
        watches.add(settings, library, papers)
        (ended,) = watches.of("main")
        assert eventually(lambda: ended.ended)
    assert ended.error == "The server is gone."

    watches.add(settings, library, papers)

    assert holds(library, "One.pdf")


def test_it_waits_for_the_upload_whose_turn_it_is(
    settings: Settings, library: Library, watches: WatchedFolders, tmp_path: Path
) -> None:
    papers = tmp_path / "papers"
    write_pdf(papers / "One.pdf", ["Dogs are welcome on Fridays."])
    with turn_of(settings.home, "main"):
        watches.add(settings, library, papers)
        time.sleep(0.3)
        assert not library.documents()
    assert holds(library, "One.pdf")


def test_a_folder_is_followed_again_by_the_next_app_until_it_is_no_longer_watched(
    settings: Settings, library: Library, watches: WatchedFolders, tmp_path: Path
) -> None:
    papers = tmp_path / "papers"
    write_pdf(papers / "One.pdf", ["Dogs are welcome on Fridays."])
    watches.add(settings, library, papers)
    assert holds(library, "One.pdf")
    watches.stop("main")

    again = WatchedFolders(settle=0.0, pause=0.02)
    again.sync(settings, library)
    assert [one.path for one in again.of("main")] == [papers]
    again.remove(settings, "main", papers)
    assert again.of("main") == [] and watched_folders(settings, "main") == []
    assert holds(library, "One.pdf"), "its documents stay"


def test_what_another_process_lists_is_followed_and_what_it_leaves_no_longer(
    settings: Settings, library: Library, watches: WatchedFolders, tmp_path: Path
) -> None:
    papers = tmp_path / "papers"
    write_pdf(papers / "One.pdf", ["Dogs are welcome on Fridays."])
    add_watched_folder(settings, "main", papers)
    watches.sync(settings, library)
    assert holds(library, "One.pdf")

    remove_watched_folder(settings, "main", papers)
    watches.sync(settings, library)
    assert watches.of("main") == []
    with pytest.raises(NotFollowed, match="follows no folder"):
        remove_watched_folder(settings, "main", papers)


def test_a_folder_that_is_not_there_is_named_and_not_kept(
    settings: Settings, library: Library, watches: WatchedFolders, tmp_path: Path
) -> None:
    with pytest.raises(NothingFound, match="There is no folder"):
        watches.add(settings, library, tmp_path / "nowhere")
    assert watched_folders(settings, "main") == []


def test_a_damaged_list_is_none(settings: Settings, library: Library) -> None:
    (settings.libraries_folder / "main" / "watched.json").write_text("{", encoding="utf-8")
    assert watched_folders(settings, "main") == []


def test_two_that_change_the_list_at_once_lose_nothing_and_a_gone_library_gets_none(
    settings: Settings, library: Library, tmp_path: Path
) -> None:
    places = [tmp_path / f"papers {number}" for number in range(8)]
    for place in places:
        place.mkdir()
    threads = [
        threading.Thread(target=add_watched_folder, args=(settings, "main", place))
        for place in places
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(watched_folders(settings, "main")) == places

    with pytest.raises(UnknownLibrary):
        add_watched_folder(settings, "gone", places[0])
    assert not (settings.libraries_folder / "gone").exists()
