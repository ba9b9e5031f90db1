import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.platform import process
from ingest.platform.process import keep_private, usual_rights

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")


@pytest.fixture(autouse=True)
def usual(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(process, "_usual", [])
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.lstat().st_mode))


def made(path: Path, mode: int = 0o644) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    path.chmod(mode)
    return path


def test_what_is_written_from_now_on_is_closed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    keep_private(home)

    file = made(home / "libraries" / "main" / "catalog.sqlite", 0o600)
    file.with_name("new").write_text("x")

    assert {mode(home), mode(file.parent)} == {"0o700"}
    assert mode(file.with_name("new")) == "0o600"


def test_a_home_that_exists_is_closed_all_the_way_down(tmp_path: Path) -> None:
    home = tmp_path / "home"
    deep = made(home / "libraries" / "main" / "files" / "0123.pdf")
    program = made(home / "programs" / "bin" / "python", 0o755)
    home.chmod(0o755)

    keep_private(home)

    assert (mode(home), mode(deep), mode(program)) == ("0o700", "0o600", "0o700")
    assert {mode(folder) for folder in home.rglob("*") if folder.is_dir()} == {"0o700"}


def test_a_closed_home_with_open_files_in_it_is_noticed_by_its_top(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(0o700)
    file = made(home / "conversations.sqlite", 0o666)

    keep_private(home)

    assert mode(file) == "0o600"


def test_what_links_lead_to_belongs_to_others_and_is_left(tmp_path: Path) -> None:
    shared, home = made(tmp_path / "shared" / "model.gguf"), tmp_path / "home"
    (home / "models").mkdir(parents=True)
    (home / "models" / "linked").symlink_to(shared.parent)
    (home / "models" / "hard.gguf").hardlink_to(shared)
    shared.parent.chmod(0o755)

    keep_private(home)

    assert (mode(shared), mode(shared.parent)) == ("0o644", "0o755")
    assert mode(home / "models") == "0o700"


def test_a_home_that_is_a_link_is_closed_where_it_is(tmp_path: Path) -> None:
    file = made(tmp_path / "real" / "network.log")
    (tmp_path / "home").symlink_to(file.parent)

    keep_private(tmp_path / "home")

    assert mode(file) == "0o600"


def test_a_file_that_a_person_asked_for_gets_the_rights_of_their_other_files(
    tmp_path: Path,
) -> None:
    keep_private(tmp_path / "home")

    with usual_rights():
        made_for_others = tmp_path / "picture.png"
        made_for_others.write_text("x")
    (tmp_path / "after").write_text("x")

    assert (mode(made_for_others), mode(tmp_path / "after")) == ("0o644", "0o600")
