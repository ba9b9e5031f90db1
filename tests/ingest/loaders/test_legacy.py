""""""

import shutil
from pathlib import Path

import pytest

from ingest import loaders
from ingest.errors import UnreadableFile, UnsupportedFile
from tests.ingest.made import docx, lines, paragraph, read, written

OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def test_without_libreoffice_one_sentence_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaders, "_PROGRAMS", ("no-such-office",))
    path = written(tmp_path / "a.doc", OLD)
    with pytest.raises(UnsupportedFile, match=r"^a\.doc is .*: install LibreOffice .*\.docx\.$"):
        read(path)


def test_rtf_and_todays_formats_under_old_names_need_no_libreoffice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaders, "_PROGRAMS", ("no-such-office",))
    assert lines(read(written(tmp_path / "a.doc", r"{\rtf1 Hello\par}"))) == ["Hello"]
    new = docx(tmp_path / "b.docx", paragraph("Hello"))
    assert lines(read(new.rename(tmp_path / "b.doc"))) == ["Hello"]


def test_a_program_that_makes_nothing_is_no_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaders, "_PROGRAMS", ("true",))
    with pytest.raises(UnreadableFile, match=r"^LibreOffice cannot open a\.ppt: "):
        read(written(tmp_path / "a.ppt", OLD))


def test_a_program_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hangs = written(tmp_path / "hangs", "#!/bin/sh\nsleep 60\n")
    hangs.chmod(0o755)
    monkeypatch.setattr(loaders, "_PROGRAMS", (str(hangs),))
    monkeypatch.setattr(loaders, "_SECONDS", 1)
    with pytest.raises(UnreadableFile, match=r"longer than 1 seconds to open a\.doc"):
        read(written(tmp_path / "a.doc", OLD))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_makes_a_document_of_an_old_one(tmp_path: Path) -> None:
    import subprocess

    new = written(tmp_path / "a.rtf", r"{\rtf1 Thirty days of leave.\par}")
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "doc", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(new)], check=True, capture_output=True)
    assert "Thirty days of leave." in lines(read(tmp_path / "a.doc"))
