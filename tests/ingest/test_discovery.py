import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.discovery import Discovery, discover
from ingest.errors import NothingFound


def made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("text")
    return path


def found(folder: Path) -> Discovery:
    return discover([folder])


def names(discovery: Discovery) -> list[str]:
    return [file.name for file in discovery.files]


def reasons(discovery: Discovery) -> dict[str, str]:
    return {left.path.name: left.reason for left in discovery.left_out}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    made(tmp_path / "in" / "a.pdf")
    yield tmp_path / "in"
    # pytest cannot remove folders that are nested deeper than Python's stack.
    subprocess.run(["rm", "-rf", tmp_path / "in"], check=True)


def test_files_of_known_kinds_are_found_below_a_folder(folder: Path) -> None:
    made(folder / "deep" / "er" / "B.PDF")
    assert names(found(folder)) == ["a.pdf", "B.PDF"]
    assert all(file.path.is_absolute() for file in found(folder).files)


def test_a_name_that_repeats_gets_its_folder_in_front(folder: Path) -> None:
    made(folder / "2023" / "a.pdf")
    assert names(found(folder)) == ["2023/a.pdf", "a.pdf"]


def test_a_file_is_found_once_however_often_it_is_named(folder: Path) -> None:
    assert names(discover([folder, folder / "a.pdf", folder])) == ["a.pdf"]


def test_unsupported_kinds_and_hidden_files_are_counted(folder: Path) -> None:
    for name in ["x.exe", "y.EXE", "Makefile", ".hidden.pdf", ".git/a.pdf", "~$a.pdf"]:
        made(folder / name).write_bytes(b"\x7fELF\x00\x01")
    discovery = found(folder)
    assert names(discovery) == ["a.pdf"]
    assert [path.name for path in discovery.unsupported] == ["Makefile", "x.exe", "y.EXE"]
    assert discovery.hidden == 3


def test_text_of_any_kind_is_found(folder: Path) -> None:
    made(folder / "notes.xyz")
    (folder / "tool.bin").write_bytes(b"\x7fELF\x00\x01")
    os.mkfifo(folder / "pipe.xyz")

    discovery = discover([folder])

    assert names(discovery) == ["a.pdf", "notes.xyz"]
    assert discovery.unsupported == (folder / "tool.bin",)
    assert set(reasons(discovery)) == {"pipe.xyz"}


def test_a_link_out_of_the_folder_is_not_followed(folder: Path) -> None:
    secret = made(folder.parent / "secret.pdf")
    (folder / "link.pdf").symlink_to(secret)
    (folder / "up").symlink_to(folder.parent)
    discovery = found(folder)
    assert names(discovery) == ["a.pdf"]
    assert reasons(discovery)["link.pdf"] == f"a link to {secret}, outside of the folder"
    assert reasons(discovery)["up"].endswith("outside of the folder")


def test_links_within_the_folder_are_followed_and_loops_end(folder: Path) -> None:
    (folder / "again.pdf").symlink_to(folder / "a.pdf")
    (folder / "loop").symlink_to(folder)
    (folder / "self.pdf").symlink_to(folder / "self.pdf")
    (folder / "gone.pdf").symlink_to(folder / "nothing.pdf")
    made(folder / ".cache" / "hidden.pdf")
    (folder / "cache").symlink_to(folder / ".cache")
    discovery = found(folder)
    assert names(discovery) == ["a.pdf", "again.pdf"]
    assert set(reasons(discovery)) == {"self.pdf", "gone.pdf", "cache"}
    assert reasons(discovery)["gone.pdf"] == "it cannot be opened: No such file or directory"


def test_a_link_that_is_named_itself_is_followed(folder: Path) -> None:
    (folder.parent / "link").symlink_to(folder)
    assert names(found(folder.parent / "link")) == ["a.pdf"]


def test_pipes_sockets_and_devices_are_left_out(folder: Path) -> None:
    os.mkfifo(folder / "pipe.pdf")
    (folder / "null.pdf").symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(folder / "socket.pdf"))  # a short path: at most 108 bytes
        discovery = found(folder)
    assert names(discovery) == ["a.pdf"]
    assert reasons(discovery)["pipe.pdf"] == "a pipe, not a file"
    assert reasons(discovery)["socket.pdf"] == "a socket, not a file"
    assert "/dev/null" in reasons(discovery)["null.pdf"]


def test_a_pipe_that_is_named_itself_is_left_out(folder: Path) -> None:
    os.mkfifo(folder / "pipe.pdf")
    assert reasons(discover([folder / "pipe.pdf"])) == {"pipe.pdf": "a pipe, not a file"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every folder")
def test_a_folder_that_cannot_be_opened_is_named(folder: Path) -> None:
    made(folder / "locked" / "b.pdf")
    (folder / "locked").chmod(0)
    try:
        assert reasons(found(folder)) == {
            "locked": "the folder cannot be opened: Permission denied"
        }
    finally:
        (folder / "locked").chmod(0o700)


def dig(folder: Path, name: str, depth: int) -> None:
    """Folders in folders with a file in the last: relative, since long paths are refused."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("deep.pdf", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)


def test_folders_nested_a_thousand_deep_are_walked(folder: Path) -> None:
    dig(folder, "d", 1100)  # more than Python's stack
    assert names(found(folder)) == ["a.pdf", "deep.pdf"]


def test_folders_nested_too_deep_for_the_system_are_named(folder: Path) -> None:
    dig(folder, "d" * 200, 30)  # paths end at 4096 bytes
    discovery = found(folder)
    assert names(discovery) == ["a.pdf"]
    assert list(reasons(discovery).values()) == ["the folder cannot be opened: File name too long"]


def test_what_does_not_exist_or_holds_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(NothingFound, match=r"There is no file or folder .*missing"):
        discover([tmp_path / "missing"])
    (tmp_path / "nothing").mkdir()
    with pytest.raises(NothingFound, match=r"nothing holds no file of a known kind \(\.pdf, "):
        discover([tmp_path / "nothing"])
