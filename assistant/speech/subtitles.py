"""Writes a transcript as text and as subtitles."""

from collections.abc import Callable, Sequence

from ingest.media.ffmpeg import clock
from ingest.media.whisper import Segment


def srt(segments: Sequence[Segment]) -> str:
    """SubRip, numbered from 1."""
    shown = (
        f"{number}\n{_moment(s.start, ',')} --> {_moment(s.end, ',')}\n{s.text}\n"
        for number, s in enumerate(segments, start=1)
    )
    return "\n".join(shown)


def vtt(segments: Sequence[Segment]) -> str:
    """WebVTT."""
    shown = (
        f"{_moment(s.start, '.')} --> {_moment(s.end, '.')}\n{_escaped(s.text)}\n" for s in segments
    )
    return "\n".join(["WEBVTT\n", *shown])


def timed(segments: Sequence[Segment]) -> str:
    """A line for each segment, with its time in front."""
    return "".join(f"{clock(s.start)}  {s.text}\n" for s in segments)


WRITERS: dict[str, Callable[[Sequence[Segment]], str]] = {".srt": srt, ".vtt": vtt}


def _moment(seconds: float, point: str) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    minutes, rest = divmod(whole, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest:02}{point}{thousandths:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
