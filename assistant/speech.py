"""Transcribes a recording or a video into timed text as it goes.

FFmpeg decodes it in a confined child process, as it does the files of a library; what is said is
written down in this process, where the model stays loaded for the next one.
"""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ingest.document.source import Bounds, Engines
from ingest.errors import NothingFound, PinciteError, Stopped, UnreadableFile
from ingest.media import whisper
from ingest.media.ffmpeg import DecodedSound, clock, decode, samples
from ingest.media.whisper import Said, Segment
from ingest.sandbox.pool import Sandbox

# -- Writes a transcript as text and as subtitles


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


_LOOK = 0.05  # seconds between two looks at whether it was stopped
_SOUND = "sound"
_loading = threading.Lock()

_Heard = queue.SimpleQueue[Said | PinciteError | None]  # None: that was all


@dataclass(frozen=True)
class Ear:
    """A transcriber: a speech model, and the bounds of decoding a file."""

    model: Path  # a folder of faster-whisper
    languages: tuple[str, ...] = ("en",)  # the likely ones, where too little is said to tell
    bounds: Bounds = field(default_factory=Bounds)

    def decode(self, recording: Path, folder: Path, cancel: threading.Event) -> DecodedSound:
        """Put its sound into `folder`. Raises NothingFound, UnreadableFile, Stopped."""
        if not recording.is_file():
            raise NothingFound(f"There is no recording {recording}.")
        with Sandbox(engines=Engines(bounds=self.bounds), folder=folder) as sandbox:
            job = partial(decode, target=folder / _SOUND)
            waiting = sandbox.start_work(recording, job, DecodedSound)
            thread = ThreadPoolExecutor(1)
            done = thread.submit(waiting)
            thread.shutdown(wait=False)
            while not cancel.is_set():
                if wait([done], _LOOK).done:
                    return done.result()
        raise Stopped("Listening was stopped.")  # as was the child, when its sandbox closed

    def hear(self, folder: Path, decoded: DecodedSound, cancel: threading.Event) -> Iterator[Said]:
        """What is said in the sound of `folder`, as soon as it is understood.

        Raises UnreadableFile when the model cannot be used, and Stopped on `cancel`.
        """
        # By a thread: Whisper looks at half a minute at a time, and cannot be stopped within it.
        # No daemon: CTranslate2 aborts the process when Python ends in the midst of its work.
        heard: _Heard = queue.SimpleQueue()
        arguments = (folder / _SOUND, decoded.seconds, heard, cancel)
        threading.Thread(target=self._write_down, args=arguments).start()
        while not cancel.is_set():
            with suppress(queue.Empty):
                said = heard.get(timeout=_LOOK)
                if said is None:
                    return
                if isinstance(said, PinciteError):
                    raise said
                yield said
        raise Stopped("Listening was stopped.")

    def _write_down(
        self, sound: Path, seconds: float, heard: _Heard, cancel: threading.Event
    ) -> None:
        try:
            with _loading:
                model = whisper.transcriber(self.model)
            for said in model.hear(samples(sound), self.languages, seconds):
                if cancel.is_set():
                    return
                heard.put(said)
            heard.put(None)
        except PinciteError as error:
            heard.put(error)
        except Exception as error:
            heard.put(UnreadableFile(f"What is said could not be written down: {error!r}."))
