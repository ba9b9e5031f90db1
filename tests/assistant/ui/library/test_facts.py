"""What a row of the document list says of a document."""

from dataclasses import replace

from assistant.libraries.libraries import document_row
from assistant.ui.library.document_list import facts
from vectorstore.catalog.rows import Coverage, DocumentInfo

PAPER = DocumentInfo("a.pdf", "/a.pdf", "main", 3, 9, "ready", Coverage(50, 0, 0, 0, 50), "ab")


def test_of_a_recording_it_says_how_long_it_is_instead_of_its_pages() -> None:
    call = replace(PAPER, document="call.mp3", pages=1, seconds=754.3)
    assert facts(PAPER)[:2] == ["3 pages", "9 passages"]
    assert facts(call)[:2] == ["12:34 long", "9 passages"]
    assert document_row(call)["seconds"] == 754.3
    assert "seconds" not in document_row(PAPER)
