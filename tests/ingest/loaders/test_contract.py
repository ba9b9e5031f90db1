"""Every loader keeps the contract, on a small file of its kind."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook

from ingest.loaders import LOADERS, Loader
from tests.contracts.loaders import LoaderContract
from tests.ingest.made import docx, odf, paragraph, pptx, shape, written
from tests.pdfs import write_pdf

# They need a model, or LibreOffice; tests of their own hold the same.
ELSEWHERE = {"load_image", "load_audio", "load_video", "load_legacy"}
TEXT = "There are thirty days of leave."
MAIL = f"From: a@b.c\nTo: d@e.f\nSubject: Leave\nContent-Type: text/plain\n\n{TEXT}\n"
PAGE = f"<html><head><title>Leave</title></head><body><p>{TEXT}</p></body></html>"
TEXTS = {
    ".txt": TEXT,
    ".py": f'print("{TEXT}")\n',
    ".csv": f"Name,Rule\nLeave,{TEXT}\n",
    ".html": PAGE,
    ".mhtml": f"Content-Type: text/html\nSubject: Leave\nMIME-Version: 1.0\n\n{PAGE}",
    ".md": f"# Leave\n\n{TEXT}\n",
    ".json": f'{{"leave": "{TEXT}"}}',
    ".jsonl": f'{{"leave": "{TEXT}"}}\n{{"leave": "none"}}\n',
    ".xml": f"<rules><leave>{TEXT}</leave></rules>",
    ".rtf": rf"{{\rtf1\ansi {TEXT}\par}}",
    ".srt": f"1\n00:00:01,000 --> 00:00:02,000\n{TEXT}\n",
    ".eml": MAIL,
}


def workbook(path: Path) -> Path:
    book = Workbook()
    book.active.append(["Leave", 30])
    book.save(path)
    return path


def archive(path: Path, inside: str = "a.txt") -> Path:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(inside, TEXT)
    return path


def epub(path: Path) -> Path:
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="a" href="a.xhtml"'
        ' media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine>'
        "</package>"
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="a.opf"/></rootfiles></container>'
    )
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("META-INF/container.xml", container)
        file.writestr("a.opf", package)
        file.writestr("a.xhtml", PAGE)
    return path


MADE: dict[str, Callable[[Path], Path]] = {
    ".pdf": lambda path: write_pdf(path, [TEXT]),
    ".docx": lambda path: docx(path, paragraph(TEXT)),
    ".pptx": lambda path: pptx(path, shape(TEXT)),
    ".odt": lambda path: odf(path, f"<office:text><text:p>{TEXT}</text:p></office:text>"),
    ".xlsx": workbook,
    ".zip": archive,
    ".epub": epub,
}


class TestLoaders(LoaderContract):
    @pytest.fixture(params=[*TEXTS, *MADE])
    def file(self, request: pytest.FixtureRequest, tmp_path: Path) -> Path:
        path = tmp_path / f"Rules{request.param}"
        if request.param in MADE:
            return MADE[request.param](path)
        return written(path, TEXTS[request.param])

    @pytest.fixture
    def loader(self, file: Path) -> Loader:
        return LOADERS[file.suffix]


def test_no_loader_is_forgotten() -> None:
    tested = {LOADERS[suffix].__name__ for suffix in (*TEXTS, *MADE)}
    assert tested == {loader.__name__ for loader in LOADERS.values()} - ELSEWHERE
