import zipfile
from pathlib import Path

import pytest

from ingest.document.model import count
from ingest.errors import UnreadableFile
from ingest.loaders import load


def test_an_archive_is_a_page_of_the_names_inside(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "annual.zip", "w") as archive:
        for name in ["2023/", "2023/report.pdf", "data.xlsx", "tool.exe"]:
            archive.writestr(name, "")
    document = load(tmp_path / "annual.zip")
    (page,) = document.pages
    assert page.text == "2023/report.pdf\ndata.xlsx\ntool.exe"
    assert page.characters == count(page.text)
    assert document.title == "annual"


def test_an_archive_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("no archive")
    with pytest.raises(UnreadableFile, match=r"a\.zip is not a ZIP archive"):
        load(tmp_path / "a.zip")


def test_the_archive_of_the_evaluation_set_names_its_files(evaluation: Path) -> None:
    document = load(evaluation / "office" / "files" / "simple.zip")
    assert document.pages[0].text == "ideas-page.html\nstanley-cups.csv"
