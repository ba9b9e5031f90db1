"""Files of kinds without a reader of their own: text is read, and the others are named."""

import os
from pathlib import Path

import pytest

from tests.commands import Pincite

LEAVE = "Employees of {} get {} days of paid annual leave in each calendar year.\n"
KINDS = ["asciidoc", "adoc", "rst", "org", "tex", "log", "conf", "textile", "xyz", "1"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for number, kind in enumerate(KINDS):
        (folder / f"Site.{kind}").write_text(LEAVE.format(f"site{number}", 20 + number))
    (folder / "README").write_text(LEAVE.format("sitex", 40))
    (folder / "tool.exe").write_bytes(b"MZ\x00\x00" * 99)
    (folder / "data.BIN").write_bytes(bytes(range(256)))
    return folder


def test_text_of_any_kind_is_read(pincite: Pincite, folder: Path) -> None:
    added = pincite("add", folder, "--json")

    assert added.status == 0
    assert added.json["added"] == len(KINDS) + 1
    for number, kind in enumerate(KINDS):
        assert f"site{number} get" in pincite("show", f"Site.{kind}").out


def test_a_file_of_an_unknown_kind_that_is_named_itself_is_read(
    pincite: Pincite, folder: Path
) -> None:
    assert pincite("add", folder / "Site.xyz", "--json").json["added"] == 1
    assert pincite("add", folder / "tool.exe", "--json").status == 1


def test_what_was_not_read_is_named_with_its_path(pincite: Pincite, folder: Path) -> None:
    os.mkfifo(folder / "pipe.pdf")
    added = pincite("add", folder, "--json")

    assert added.json["unsupported"] == [str(folder / "data.BIN"), str(folder / "tool.exe")]
    assert added.json["left_out"] == [
        {"path": str(folder / "pipe.pdf"), "reason": "a pipe, not a file"}
    ]
    assert "of kinds that cannot be read: 2 files (1 .bin, 1 .exe)" in pincite("add", folder).err
