"""Folders that the app follows: the same engine as `pincite watch`, beside uploads."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.settings import Settings
from assistant.uploads.upload import turn_of
from assistant.uploads.watched_folders import WatchedFolders, folders
from ingest.errors import NothingFound
from tests.fakes import WordEmbedder
from tests.pdfs import write_pdf
from vectorstore.errors import LibraryError
from vectorstore.library import Library


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(home=tmp_path / "home")


@pytest.fixture
def library(settings: Settings) -> Iterator[Library]:
    with Library(settings.libraries_folder / "main", "main", WordEmbedder) as made:
        yield made


@pytest.fixture
def watches() -> Iterator[WatchedFolders]:
    made = WatchedFolders(settle=0.0, pause=0.02)
    yield made
    made.stop("main")


def holds(library: Library, *names: str) -> bool:
    return eventually(lambda: sorted(d.document for d in library.documents()) == sorted(names))


def eventually(what: Callable[[], bool]) -> bool:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.05)
    return False


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

    assert folders(settings, "main") == [] == watches.of("main")


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
        assert eventually(lambda: not ended.is_alive())
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
    again.resume(settings, library)
    assert [one.path for one in again.of("main")] == [papers]
    again.remove(settings, "main", papers)
    assert again.of("main") == [] and folders(settings, "main") == []
    assert holds(library, "One.pdf"), "its documents stay"


def test_a_folder_that_is_not_there_is_named_and_not_kept(
    settings: Settings, library: Library, watches: WatchedFolders, tmp_path: Path
) -> None:
    with pytest.raises(NothingFound, match="There is no folder"):
        watches.add(settings, library, tmp_path / "nowhere")
    assert folders(settings, "main") == []


def test_a_damaged_list_is_none(settings: Settings, library: Library) -> None:
    (settings.libraries_folder / "main" / "watched.json").write_text("{", encoding="utf-8")
    assert folders(settings, "main") == []
