"""Recordings: speech becomes lines with their seconds; paragraphs begin after pauses."""

import html
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ingest.document.model import Box, Document, Figure, Line, characters_in, count
from ingest.document.source import Engines, Source, described
from ingest.errors import CannotRecognise, UnreadableFile, UnsupportedFile
from ingest.images.image_file import generated, marked
from ingest.images.ocr_engines import recognizer
from ingest.images.stills import scenes
from ingest.media import whisper
from ingest.media.ffmpeg import RATE, DecodedSound, Media, clock
from ingest.media.whisper import Segment
from ingest.page_builder import Flow, PageBuilder
from ingest.text.decoding import read_whole

if TYPE_CHECKING:
    from ingest.media.ffmpeg import Samples


PAUSE = 1.5  # seconds of silence after which a paragraph begins
_PARAGRAPH = 45.0  # seconds after which one begins with the next sentence if there is no pause


def load_audio(source: Source) -> Document:
    """Load a recording as one page without a size. Sound that a model has made is no evidence."""
    page = PageBuilder()
    with Media(source.path) as media:
        if not media.has_sound:
            raise UnreadableFile(f"{source.name} holds no sound.")
        metadata = _hear(media, source, page)
        read = source.document((page.build(1, between=". "),), media.title, metadata)
        return marked(read, generated(source.path))


def _hear(media: Media, source: Source, page: PageBuilder) -> dict[str, str]:
    """Write the speech of a sound track; its metadata.

    Raises UnsupportedFile when there is no speech model, or UnreadableFile.
    """
    if source.engines.speech is None:
        raise UnsupportedFile(
            f"{source.name} is a recording: get a speech model with "
            "`pincite models pull whisper-base`, then add it again."
        )
    samples = 0

    def counted() -> "Iterator[Samples]":
        nonlocal samples
        for piece in media.sound():
            samples += len(piece)
            yield piece

    model, stated = whisper.transcriber(source.engines.speech), media.seconds
    heard = list(model.hear(counted(), source.engines.languages, stated))
    sure = [said.segment for said in heard if not said.doubtful]
    doubtful = sum(count(said.segment.text) for said in heard if said.doubtful)
    if not samples:
        raise UnreadableFile(f"{source.name} is damaged: none of its sound can be decoded.")
    page.lines += _lines(sure)
    page.leave_out("words heard in noise", doubtful)
    lacking = DecodedSound(samples / RATE, stated, media.damaged).note
    if lacking or not sure:
        page.note(lacking or "nothing is said")
    language = {"language": heard[-1].language} if sure else {}
    return _lasting(samples / RATE) | language


def _lasting(seconds: float) -> dict[str, str]:
    """The length of a recording as metadata: for people, and in seconds."""
    return {"duration": clock(seconds), "seconds": f"{seconds:.2f}"} if seconds else {}


def _lines(segments: Sequence[Segment]) -> Iterator[Line]:
    began, end, ended = 0.0, 0.0, True
    for segment in segments:
        long = ended and segment.start - began >= _PARAGRAPH
        begins = long or segment.start - end >= PAUSE or segment is segments[0]
        began = segment.start if begins else began
        yield Line(
            segment.text,
            begins=begins,
            confidence=segment.confidence,
            seconds=round(segment.start, 2),
        )
        end, ended = segment.end, segment.text.endswith((".", "!", "?"))


# -- Subtitles (WebVTT, SRT): speech becomes lines with their second and speaker
# A speaker's name precedes their first line, and counts as spoken.

_TIME = r"(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
_CUE = re.compile(rf"^[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}")
_BLANK = re.compile(r"\n[ \t]*\n+")
_NOT_SAID = ("STYLE", "REGION")
_VOICE = re.compile(r"<v(?:\.[\w.-]++)?+[ \t]++([^<>]++)>")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*+>|</>|<\d[\d:.]*+>|\{\\[^{}]*+\}")


_Cue = tuple[float, str, str]  # its second, who speaks, and what


def load_subtitles(source: Source) -> Document:
    """Raises UnreadableFile when no line has a time."""
    found = read_whole(source)
    whole = found.text.replace("\r\n", "\n").replace("\r", "\n")
    flow = Flow()
    speaker, cues = "", 0
    for entry in _entries(whole):
        if isinstance(entry, str):
            flow.paragraph(entry, Line("", begins=True))
            continue
        before, (seconds, speaker, text) = speaker, entry
        changed = speaker != before
        said = f"{speaker}: {text}" if changed and speaker else text
        flow.paragraph(said, Line("", begins=changed or cues == 0, seconds=seconds))
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
        lasts = lines[start + 1 : end]
        if end < len(lines) and lasts and lasts[-1].strip().isdecimal():
            lasts.pop()  # the number of the next one
        said = " ".join(lasts)
        voice = _VOICE.search(said)
        if text := " ".join(html.unescape(_TAG.sub("", said)).split()):
            speaker = html.unescape(voice[1]).strip() if voice else ""
            yield _seconds(lines[start]), speaker, text


def _seconds(line: str) -> float:
    match = _CUE.match(line)
    hours, minutes, seconds, parts = match.groups()[:4] if match else ("0", "0", "0", "0")
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return whole + int(parts.ljust(3, "0")) / 1000


# -- Videos: the speech, then the text on the first picture of each scene


def load_video(source: Source) -> Document:
    """Load a video as one page without a size, like a recording."""
    page = PageBuilder()
    with Media(source.path) as media:
        if not (media.has_sound or media.has_pictures):
            raise UnreadableFile(f"{source.name} holds neither sound nor pictures.")
        sound = _hear(media, source, page) if media.has_sound else _lasting(media.seconds)
    with Media(source.path) as again:  # a second pass over the file
        if again.has_pictures:
            _see(again, source.engines, page)
    return source.document((page.build(1, between=". "),), media.title, sound)


def _see(media: Media, engines: Engines, page: PageBuilder) -> None:
    try:
        reader = recognizer(engines)
    except CannotRecognise as error:
        page.note(str(error).rstrip("."))
        return
    before: set[str] = set()
    for scene in scenes(media.pictures(), media.seconds):
        picture = scene.picture()
        found = [line for line in reader.lines(picture, 1.0) if line.text.strip()]
        new = [line for line in found if line.text not in before]
        at = round(scene.seconds, 2)
        page.lines += [
            Line(line.text, begins=line is new[0], confidence=line.confidence, seconds=at)
            for line in new
        ]
        repeated = characters_in(found) - characters_in(new)
        page.leave_out("stands on the picture before, too", repeated)
        before = {line.text for line in found}
        shows, why_not = described(engines.captioner, picture)
        text = shows or " ".join(line.text for line in found)
        page.figures.append(Figure(Box(0, 0, *media.size), clock(scene.seconds), text))
        if why_not:
            page.note(why_not)
    if media.damaged:
        page.note(f"{media.damaged} damaged pictures could not be decoded")
