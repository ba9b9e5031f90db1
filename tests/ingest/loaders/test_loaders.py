import hashlib
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.errors import PdfReadError

from ingest.document.model import Heading
from ingest.errors import EncryptedFile, UnreadableFile, UnsupportedFile
from ingest.loaders import digest, load
from tests.pdfs import write_pdf, write_picture_pdf


def test_a_pdf_becomes_a_document_that_knows_its_bytes(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "Rules.pdf", ["Be kind."])
    document = load(path)
    assert document.name == "Rules.pdf"
    assert document.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [page.text for page in document.pages] == ["Be kind."]


def test_the_title_comes_from_the_file_or_else_from_its_name(tmp_path: Path) -> None:
    assert load(write_pdf(tmp_path / "a.pdf", ["x"], title=" House Rules ")).title == "House Rules"
    assert load(write_pdf(tmp_path / "House Rules.pdf", ["x"])).title == "House Rules"


def test_the_outline_names_the_page_of_each_heading(tmp_path: Path) -> None:
    pages = ["# Leave", "Words."], ["Words."], ["# Travel", "Words."]
    document = load(write_pdf(tmp_path / "a.pdf", *pages, outline=["Leave", "Travel"]))
    assert document.outline == (Heading(1, "Leave", 1), Heading(1, "Travel", 3))


def test_the_suffix_may_be_in_capitals(tmp_path: Path) -> None:
    assert load(write_pdf(tmp_path / "SCAN.PDF", ["text"])).pages[0].text == "text"


def test_a_file_that_only_pdfium_can_read_loads_with_its_title(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", ["Still here."], title="Lost")
    path.write_bytes(path.read_bytes().replace(b"startxref", b"startxxxx"))
    with pytest.raises(PdfReadError):
        PdfReader(path)
    document = load(path)
    assert document.pages[0].text == "Still here."
    assert document.title == "Lost"


def test_pages_without_text_are_kept_with_their_numbers(tmp_path: Path) -> None:
    document = load(write_picture_pdf(tmp_path / "scan.pdf", pages=2))
    assert [(page.number, page.text) for page in document.pages] == [(1, ""), (2, "")]


def test_an_encrypted_file_is_refused_by_name(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "locked.pdf", ["secret"], password="x")
    with pytest.raises(EncryptedFile, match=r"locked\.pdf"):
        load(path)


def test_a_file_with_an_owners_password_only_is_read(tmp_path: Path) -> None:
    writer = PdfWriter(write_pdf(tmp_path / "a.pdf", ["Read me."]))
    writer.encrypt(user_password="", owner_password="owner", algorithm="AES-256")
    writer.write(tmp_path / "b.pdf")
    assert load(tmp_path / "b.pdf").pages[0].text == "Read me."


def test_a_damaged_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"these are not the bytes of a PDF" * 20)
    with pytest.raises(UnreadableFile, match=r"bad\.pdf .* damaged"):
        load(tmp_path / "bad.pdf")


def test_an_empty_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "none.pdf").touch()
    with pytest.raises(UnreadableFile, match=r"none\.pdf is empty: 0 bytes"):
        load(tmp_path / "none.pdf")


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"gone\.pdf cannot be opened: No such file"):
        digest(tmp_path / "gone.pdf")


def test_an_unknown_kind_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "a.xyz").write_bytes(b"\x00hello")
    with pytest.raises(UnsupportedFile, match=r"a\.xyz: .* Known: .*\.pdf"):
        load(tmp_path / "a.xyz")
