import base64
import os
import random
import zlib
from pathlib import Path

import pytest

from ingest.text.decoding import is_text

PROSE = (
    "Full-time employees start with 25 days of paid annual leave in a calendar year.\n"
    "Leave that is not taken by the end of March lapses.\n"
)
LOG = "2026-11-27 12:00:05.755 INFO pincite.app started on port 8501\n" * 20
SOURCE = (
    "all: build\n\tgcc -O2 -o tool main.c util.c -lm\n\n.PHONY: all clean\nclean:\n\trm -f tool\n"
)
NOISE = random.Random(3).randbytes(20_000)


@pytest.mark.parametrize(
    "data",
    [
        PROSE.encode(), LOG.encode(), SOURCE.encode(), PROSE.encode("utf-16"),
        b"\xef\xbb\xbf" + PROSE.encode(), "Für jede Änderung genügt ein Brief.".encode("cp1252"),
        "社員には年に二十五日の有給休暇があり、三月末までに取得しなければ失効する。".encode() * 300,
        "Сотрудники получают 25 дней отпуска.".encode(), b"\x1b[32mdone\x1b[0m in four seconds\n",
        b"= Handbook\n:toc:\n\n== Leave\n\n* 25 days\n* more after ten years\n",
    ],
)  # fmt: skip
def test_what_people_read_is_text(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "unknown").write_bytes(data)

    assert is_text(tmp_path / "unknown")


@pytest.mark.parametrize(
    "data",
    [
        b"", b"  \n\n", NOISE, zlib.compress(PROSE.encode() * 50), b"\x7fELF\x02\x01\x01\x00" * 9,
        b"-----BEGIN PRIVATE KEY-----\n" + base64.encodebytes(NOISE), base64.b64encode(NOISE),
        b"<svg xmlns='http://www.w3.org/2000/svg'><text>words and more words</text></svg>",
        b"<?xml version='1.0'?><a>words and more words</a>",
        b"0.12 3.45 6.78\n9.01 2.34 5.67\n" * 90, PROSE.encode() + b"\x00",
        NOISE[:40].hex().encode(),
    ],
)  # fmt: skip
def test_what_programs_read_is_not(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "unknown").write_bytes(data)

    assert not is_text(tmp_path / "unknown")


def test_a_letter_that_is_cut_at_the_end_of_the_look_is_no_flaw(tmp_path: Path) -> None:
    (tmp_path / "unknown").write_bytes(b"a " * 4095 + b"a" + "ü".encode() * 9)

    assert is_text(tmp_path / "unknown")


def test_a_file_that_is_not_there_or_a_folder_is_none(tmp_path: Path) -> None:
    assert not is_text(tmp_path / "nothing")
    assert not is_text(tmp_path)


def test_a_file_that_has_changed_is_looked_at_again(tmp_path: Path) -> None:
    path = tmp_path / "unknown"
    path.write_bytes(NOISE)
    assert not is_text(path)
    path.write_text(PROSE)
    os.utime(path, ns=(1, 1))
    assert is_text(path)
