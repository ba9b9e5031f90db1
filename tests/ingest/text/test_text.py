""""""

from pathlib import Path

import pytest

from ingest.errors import UnreadableFile
from ingest.text import decoding
from tests.ingest.made import dropped, lines, read, written

RUSSIAN = "Отпуск составляет тридцать дней. Заявление подаётся начальнику отдела за неделю. " * 3
JAPANESE = "休暇は三十日です。申請書は一週間前に部長へ提出してください。よろしくお願いします。" * 3


def test_lines_stay_and_a_blank_line_ends_a_paragraph(tmp_path: Path) -> None:
    document = read(written(tmp_path / "a.txt", "One\n  two\r\n\r\nthree\n- four\n"))
    assert lines(document) == ["One", "  two", "three", "- four"]
    assert [x.begins for x in document.pages[0].lines] == [True, False, True, True]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "Café – naïve"),
        ("utf-8-sig", "Café – naïve"),
        ("utf-16", "Café – naïve"),
        ("utf-16-le", "Thirty days of leave"),
        ("utf-16-be", "Thirty days of leave"),
        ("utf-32", "Café – naïve"),
        ("cp1252", "Die Bürgschaft für Äpfel kostet 5 € und heißt „Größe“, so der Käufer."),
        ("cp1251", RUSSIAN.strip()),
        ("shift_jis", JAPANESE),
        ("iso2022_jp", JAPANESE),
    ],
)
def test_text_in_any_encoding(tmp_path: Path, encoding: str, text: str) -> None:
    document = read(written(tmp_path / "a.txt", text, encoding))
    assert "".join("".join(lines(document)).split()) == "".join(text.split())


def test_control_and_invisible_characters_are_dropped_and_counted(tmp_path: Path) -> None:
    document = read(written(tmp_path / "a.txt", "a\x01b\x02 soft\u00adhyphen \U000e0041tag"))
    assert lines(document) == ["ab softhyphen tag"]
    assert dropped(document) == {"control characters": 2, "invisible characters": 2}


def test_a_form_feed_ends_a_page(tmp_path: Path) -> None:
    document = read(written(tmp_path / "a.txt", "one\ftwo"))
    assert [(page.number, page.text) for page in document.pages] == [(1, "one"), (2, "two")]


def test_an_entry_of_a_log_begins_with_its_time(tmp_path: Path) -> None:
    log = "2024-01-02 10:00:00 started\n  in main\n2024-01-02 10:00:01 stopped\n"
    document = read(written(tmp_path / "a.log", log))
    assert [x.begins for x in document.pages[0].lines] == [True, False, True]


def test_a_long_file_is_cut_into_pages(tmp_path: Path) -> None:
    document = read(written(tmp_path / "a.txt", "\n".join(f"line {n}" for n in range(2000))))
    assert len(document.pages) > 2
    assert sum(len(page.lines) for page in document.pages) == 2000


def test_bytes_behind_the_most_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MOST", 10)
    document = read(written(tmp_path / "a.txt", "0123456789 and more"))
    assert lines(document) == ["0123456789"]
    assert dropped(document) == {"bytes behind the longest text that is read": 9}
    assert document.pages[-1].note == "The file is too long: its last 9 bytes were not read."


def test_an_empty_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"^a\.txt is empty: 0 bytes\.$"):
        read(written(tmp_path / "a.txt", b""))


def test_bytes_that_are_no_text_are_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"^a\.txt is not text: .*\.$"):
        read(written(tmp_path / "a.txt", bytes(range(256)) * 40))
