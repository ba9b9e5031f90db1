from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdf.annotations import FreeText
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, StreamObject, TextStringObject

from ingest.containers import Expanded, expand
from ingest.document.source import Limits

SUFFIXES = {".txt", ".pdf"}


def opened(writer: PdfWriter, folder: Path) -> Expanded:
    writer.write(folder / "a.pdf")
    return expand(folder / "a.pdf", folder / "out", Limits(free=0), suffixes=SUFFIXES)


def texts(expanded: Expanded) -> dict[str, bytes]:
    return {part.name: part.path.read_bytes() for part in expanded.parts}


@pytest.fixture
def writer(tmp_path: Path) -> PdfWriter:
    (tmp_path / "out").mkdir()
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    return writer


def test_attached_files_are_unpacked(writer: PdfWriter, tmp_path: Path) -> None:
    writer.add_attachment("notes.txt", b"some notes")
    writer.add_attachment("C:\\mine\\more.txt", b"more notes")
    writer.add_attachment("tool.exe", b"MZ")
    expanded = opened(writer, tmp_path)
    assert texts(expanded) == {"notes.txt": b"some notes", "more.txt": b"more notes"}
    assert [omitted.name for omitted in expanded.omitted] == ["tool.exe"]


def test_a_file_pinned_to_a_page_is_unpacked(writer: PdfWriter, tmp_path: Path) -> None:
    stream = StreamObject()
    stream.set_data(b"pinned")
    stream[NameObject("/Type")] = NameObject("/EmbeddedFile")
    reference = writer._add_object(stream)
    note = FreeText(text="", rect=(0, 0, 9, 9))
    note[NameObject("/Subtype")] = NameObject("/FileAttachment")
    note[NameObject("/FS")] = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Filespec"),
            NameObject("/F"): TextStringObject("pinned.txt"),
            NameObject("/EF"): DictionaryObject({NameObject("/F"): reference}),
        }
    )
    writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(note)])
    assert texts(opened(writer, tmp_path)) == {"pinned.txt": b"pinned"}


def test_attachments_of_an_encrypted_file_that_opens_without_a_password_are_unpacked(
    writer: PdfWriter, tmp_path: Path
) -> None:
    writer.add_attachment("notes.txt", b"some notes")
    writer.encrypt("", "owner")
    assert texts(opened(writer, tmp_path)) == {"notes.txt": b"some notes"}


def test_a_pdf_without_attachments_has_none(writer: PdfWriter, tmp_path: Path) -> None:
    assert opened(writer, tmp_path) == Expanded(())


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7 /EmbeddedFile", b"no pdf"])
def test_a_damaged_pdf_has_no_attachments(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.pdf").write_bytes(data)
    assert expand(tmp_path / "a.pdf", tmp_path, Limits(), suffixes=SUFFIXES) == Expanded(())
