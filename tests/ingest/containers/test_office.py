import zipfile
from pathlib import Path

import pytest

from ingest.containers import Expanded, expand
from ingest.document.source import Limits

SUFFIXES = {".xlsx"}


def test_documents_embedded_in_a_document_are_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as archive:
        archive.writestr("word/document.xml", "<document/>")
        archive.writestr("word/embeddings/Sheet1.xlsx", "cells")
        archive.writestr("word/embeddings/oleObject1.bin", "binary")
    expanded = expand(tmp_path / "a.docx", tmp_path, Limits(free=0), suffixes=SUFFIXES)
    assert [(part.name, part.path.read_text()) for part in expanded.parts] == [
        ("Sheet1.xlsx", "cells")
    ]
    assert [omitted.name for omitted in expanded.omitted] == ["oleObject1.bin"]


@pytest.mark.parametrize("name", ["a.docx", "a.html"])
def test_what_is_no_container_holds_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("no zip")
    assert expand(tmp_path / name, tmp_path) == Expanded(())
