"""What `verify` deletes, while others are at work in the same library."""

from pathlib import Path

import pytest

from tests.pdfs import write_pdf
from vectorstore.copies import Folder
from vectorstore.library import Library


def test_what_is_added_while_it_compares_is_no_stray(
    full: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may compare for hours: copies that came in the first of them are old at its end."""
    late, intact = write_pdf(tmp_path / "Late.pdf", ["# Parking", "", "Cars stay outside."]), []

    def compared(sha256: str) -> bool:
        if not intact:
            intact.append(sha256)
            assert full.add([late]).added == 1
        return True

    monkeypatch.setattr(full._files, "intact", compared)
    monkeypatch.setattr(Folder, "left_over", -1.0)
    full.maintenance.verify()
    assert full.file("Late.pdf").exists()
