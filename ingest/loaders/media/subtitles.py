"""Subtitles (WebVTT, SRT): speech becomes lines with their second and speaker.

A speaker's name precedes their first line, and counts as spoken.
"""

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

from ingest.document.model import Document, Line
from ingest.document.source import Source
from ingest.errors import UnreadableFile
from ingest.page_builder.flowing_text import Flow
from ingest.text.decoding import read_whole

_TIME = r"(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
_CUE = re.compile(rf"^[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}")
_BLANK = re.compile(r"\n[ \t]*\n+")
_NOT_SAID = ("STYLE", "REGION")
_VOICE = re.compile(r"<v(?:\.[\w.-]++)?+[ \t]++([^<>]++)>")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*+>|</>|<\d[\d:.]*+>|\{\\[^{}]*+\}")


class _Cue(NamedTuple):
    seconds: float
    speaker: str
    text: str


def load_subtitles(source: Source) -> Document:
    """Raises UnreadableFile when no line has a time."""
    found = read_whole(source)
    text = found.text.replace("\r\n", "\n").replace("\r", "\n")
    flow = Flow()
    speaker, cues = "", 0
    for entry in _entries(text):
        if isinstance(entry, str):
            flow.paragraph(entry, Line("", begins=True))
            continue
        changed, speaker = entry.speaker != speaker, entry.speaker
        said = f"{speaker}: {entry.text}" if changed and speaker else entry.text
        flow.paragraph(said, Line("", begins=changed or cues == 0, seconds=entry.seconds))
        cues += 1
    if not cues:
        raise UnreadableFile(f"{source.name} has no subtitles: no line in it has a time.")
    return source.document(flow.finished(), metadata={"encoding": found.encoding})


def _entries(text: str) -> Iterator[_Cue | str]:
    """Cues, and notes between them."""
    for block in _BLANK.split(text):
        lines = block.strip("\n").split("\n")
        at = next((n for n, line in enumerate(lines[:3]) if _CUE.match(line)), None)
        if at is None:
            note = block.removeprefix("WEBVTT").removeprefix("NOTE").strip(" \t\n-")
            if note and not block.startswith(_NOT_SAID):
                yield note
            continue
        yield from _cues(lines, at)


def _cues(lines: list[str], at: int) -> Iterator[_Cue]:
    """The cues of a block; without blank lines between them there are several."""
    starts = [n for n, line in enumerate(lines) if n >= at and _CUE.match(line)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        said = lines[start + 1 : end]
        if end < len(lines) and said and said[-1].strip().isdecimal():
            said = said[:-1]  # the number of the next one
        speaker, text = _plain(" ".join(said))
        if text:
            yield _Cue(_seconds(lines[start]), speaker, text)


def _plain(text: str) -> tuple[str, str]:
    voice = _VOICE.search(text)
    plain = html.unescape(_TAG.sub("", text))
    return (html.unescape(voice[1]).strip() if voice else ""), " ".join(plain.split())


def _seconds(line: str) -> float:
    match = _CUE.match(line)
    hours, minutes, seconds, parts = match.groups()[:4] if match else ("0", "0", "0", "0")
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return whole + int(parts.ljust(3, "0")) / 1000
