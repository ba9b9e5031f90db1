"""Only owners at this machine choose folders to watch."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from streamlit.testing.v1 import AppTest

from assistant.libraries.uploads import WatchedFolders
from assistant.ui import resources
from tests.assistant.ui.conftest import LIBRARY_PAGE, opened
from tests.assistant.ui.fakes import FakeLibrary

Visit = Callable[..., AppTest]


def test_a_folder_is_given_to_the_watches_of_the_server(
    visit: Visit, library: FakeLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[str, Path]] = []
    monkeypatch.setattr(
        WatchedFolders, "add", lambda self, _, lib, path: given.append((lib.name, path))
    )
    app = opened(visit(LIBRARY_PAGE), "watched:main")
    app.text_input(key="folder-to-watch:main").set_value(f" {tmp_path} ").run()
    app.button(key="watch-folder").click().run()
    assert given == [("main", tmp_path)]


def test_a_wrong_folder_is_told(visit: Visit) -> None:
    app = opened(visit(LIBRARY_PAGE), "watched:main")
    app.text_input(key="folder-to-watch:main").set_value("/no/such/place").run()
    app.button(key="watch-folder").click().run()
    assert "There is no file or folder /no/such/place" in app.error[0].value.replace("\\", "")
    assert resources.watched_folders().of("main") == []


@pytest.mark.parametrize("lacking", [(resources, "is_owner"), (resources, "at_machine")])
def test_others_are_not_asked(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, lacking: tuple[ModuleType, str]
) -> None:
    monkeypatch.setattr(*lacking, lambda: False)
    assert not [
        b for b in opened(visit(LIBRARY_PAGE), "watched:main").button if b.key == "watch-folder"
    ]


def test_a_right_that_is_gone_since_the_drawing_counts(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    app = opened(visit(LIBRARY_PAGE), "watched:main")
    app.text_input(key="folder-to-watch:main").set_value(str(tmp_path)).run()
    monkeypatch.setattr(resources, "is_owner", lambda: False)
    app.button(key="watch-folder").click().run()
    assert resources.watched_folders().of("main") == []
