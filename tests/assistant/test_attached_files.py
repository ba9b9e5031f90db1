""""""

from pathlib import Path

import pytest

from assistant import attachments
from assistant.errors import AssistantError
from ingest.document.model import Document, Line, Page
from ingest.errors import UnreadableFile


class Dropped:
    def __init__(self, name: str, data: bytes = b"data") -> None:
        self.name = name
        self._data = data

    def getbuffer(self) -> memoryview:
        return memoryview(self._data)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.PNG", "picture"), ("a.heic", "picture"), ("a.mp3", "recording"),
        ("a.opus", "recording"), ("a.mp4", "video"), ("a.pdf", "document"), ("a.srt", "document"),
        ("a", "document"), ("a.ZIP", None),
    ],
)  # fmt: skip
def test_the_kind_is_told_by_the_suffix(name: str, kind: str | None) -> None:
    assert attachments.attachment_kind(Path(name)) == kind


def test_files_of_one_name_are_kept_beside_each_other(tmp_path: Path) -> None:
    first, second = attachments.keep_files(
        [Dropped("a.png", b"1"), Dropped("a.png", b"2")], tmp_path
    )
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")
    assert first.name == second.name == "a.png"


def test_a_name_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    [kept] = attachments.keep_files([Dropped("../../etc/passwd.png")], tmp_path / "attached")
    assert kept.is_relative_to(tmp_path / "attached")


def test_what_tools_do_not_read_is_named(tmp_path: Path) -> None:
    letter = tmp_path / "letter.docx"
    letter.write_text("Dear all")
    with pytest.raises(AssistantError, match=r"letter.docx is not a picture, recording or video"):
        attachments.checked_file(letter)
    with pytest.raises(AssistantError, match="There is no file"):
        attachments.checked_file(tmp_path / "gone.png")


def test_a_home_that_cannot_be_written_to_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(AssistantError, match=r"a.png could not be saved"):
        attachments.keep_files([Dropped("a.png")], tmp_path / "file")


def test_a_document_is_read_once_and_again_when_it_has_changed(tmp_path: Path) -> None:
    letter, read = tmp_path / "letter.txt", list[Path]()
    letter.write_text("Dear all")

    def load(path: Path) -> Document:
        read.append(path)
        lines = [Line(text) for text in path.read_text().splitlines()]
        return Document("", path.name, path.name, (Page(1, 0, 0, tuple(lines)),))

    for _question in range(2):
        [page] = attachments.pages_of(letter, load)
        assert page.text == "Dear all"
    assert len(read) == 1

    (tmp_path / "empty.txt").touch()
    with pytest.raises(UnreadableFile, match=r"empty.txt: there is no text to read in it"):
        attachments.pages_of(tmp_path / "empty.txt", load)
