"""Subtitles become lines that know their second."""

from pathlib import Path

import pytest

from ingest.document.model import Document, count
from ingest.errors import UnreadableFile
from ingest.loaders import load

SRT = """1
00:00:01,500 --> 00:00:03,000
Good <i>morning</i> everybody.

2
01:03:12,040 --> 01:03:15,000
The office in Bergen
opens in March.
"""

VTT = """WEBVTT - Weekly meeting

NOTE recorded on Monday

STYLE
::cue { color: red }

intro
00:01.000 --> 00:03.000 align:start
<v Ann>Good morning &amp; welcome.

00:03.500 --> 00:05.000
<v Ann>Let us begin.

00:06.000 --> 00:08.000
<v Bob>Forty <c.loud>people</c> {\\an8}move.
"""


def loaded(folder: Path, text: str | bytes, name: str = "a.srt") -> Document:
    data = text if isinstance(text, bytes) else text.encode()
    (folder / name).write_bytes(data)
    document = load(folder / name)
    for page in document.pages:
        dropped = sum(one.characters for one in page.dropped)
        assert page.characters == sum(count(line.text) for line in page.lines) + dropped
    return document


def said(document: Document) -> list[tuple[str, float | None]]:
    return [(line.text, line.seconds) for page in document.pages for line in page.lines]


def test_what_is_said_becomes_lines_with_their_seconds(tmp_path: Path) -> None:
    document = loaded(tmp_path, SRT)
    assert said(document) == [
        ("Good morning everybody.", 1.5), ("The office in Bergen opens in March.", 3792.04),
    ]  # fmt: skip
    assert document.pages[0].number == 1


def test_a_speaker_is_named_where_he_begins(tmp_path: Path) -> None:
    found = loaded(tmp_path, VTT, "a.vtt")
    assert said(found)[-3:] == [
        ("Ann: Good morning & welcome.", 1.0), ("Let us begin.", 3.5),
        ("Bob: Forty people move.", 6.0),
    ]  # fmt: skip
    assert [line.begins for line in found.pages[0].lines][-3:] == [True, False, True]


def test_notes_are_kept_and_styles_are_not(tmp_path: Path) -> None:
    text = loaded(tmp_path, VTT, "a.vtt").pages[0].text
    assert "recorded on Monday" in text
    assert "Weekly meeting" in text
    assert "cue" not in text


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_any_line_ends_and_encodings_are_read(tmp_path: Path, end: str) -> None:
    greeting = "Schönen guten Morgen, wir können für die Prüfung über Mühlhausen fahren."
    data = SRT.replace("Good <i>morning</i> everybody.", greeting).replace("\n", end)
    for encoding in ("utf-8-sig", "utf-16", "cp1252"):
        assert said(loaded(tmp_path, data.encode(encoding)))[0] == (greeting, 1.5)


def test_cues_without_blank_lines_between_them_are_told_apart(tmp_path: Path) -> None:
    found = said(loaded(tmp_path, SRT.replace("\n\n", "\n")))
    assert [seconds for _, seconds in found] == [1.5, 3792.04]
    assert found[0][0] == "Good morning everybody."


def test_an_empty_cue_is_no_line(tmp_path: Path) -> None:
    found = loaded(tmp_path, "1\n00:00:01,000 --> 00:00:02,000\n\n" + SRT)
    assert len(said(found)) == 2


def test_text_without_times_is_no_subtitle(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"a\.srt has no subtitles"):
        loaded(tmp_path, "Just some words.\n\nAnd more.\n")
