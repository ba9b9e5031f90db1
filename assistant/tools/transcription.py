"""Transcribes a recording or a video into timed text as it goes.

FFmpeg decodes it in a confined child process, as it does the files of a library; what is said is
written down in this process, where the model stays loaded for the next one.
"""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

from assistant.contract.facts import Heard, Offer, Outcome
from assistant.contract.intents import Transcribe
from assistant.contract.reply import Progress, Reply
from assistant.contract.request import Request
from assistant.i18n.translation import N_, _, ngettext, told
from assistant.images.vision import unless
from assistant.llm.odds import TurnTaking
from ingest.document.source import Bounds, Engines, readable
from ingest.errors import NothingFound, PinciteError, Stopped, UnreadableFile
from ingest.media import whisper
from ingest.media.ffmpeg import DecodedSound, clock, decode, samples
from ingest.media.whisper import Said, Segment
from ingest.sandbox.pool import Sandbox

# -- Writes a transcript as text and as subtitles


def srt(segments: Sequence[Segment]) -> str:
    """Timed text as SubRip (.srt), numbered from 1."""
    shown = (
        f"{number}\n{_moment(s.start, ',')} --> {_moment(s.end, ',')}\n{s.text}\n"
        for number, s in enumerate(segments, start=1)
    )
    return "\n".join(shown)


def vtt(segments: Sequence[Segment]) -> str:
    """Timed text as WebVTT (.vtt)."""
    shown = (
        f"{_moment(s.start, '.')} --> {_moment(s.end, '.')}\n{escape(s.text, quote=False)}\n"
        for s in segments
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


_SOUND = "sound"
_loading = threading.Lock()


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
            return unless(cancel, sandbox.start_work(recording, job, DecodedSound))

    def hear(self, folder: Path, decoded: DecodedSound, cancel: threading.Event) -> Iterator[Said]:
        """What is said in the sound of `folder`, as soon as it is understood.

        Raises UnreadableFile when the model cannot be used, and Stopped on `cancel`.
        """
        # By threads: Whisper looks at half a minute at a time, and cannot be stopped within it.
        # No daemons: CTranslate2 aborts the process when Python ends in the midst of its work.
        understood = self._understood(folder / _SOUND, decoded.seconds)
        try:
            while (said := unless(cancel, partial(next, understood, None))) is not None:
                yield said
        except PinciteError:
            raise
        except Exception as error:
            raise UnreadableFile(f"What is said could not be written down: {error!r}.") from error

    def _understood(self, sound: Path, seconds: float) -> Iterator[Said]:
        with _loading:
            model = whisper.transcriber(self.model)
        yield from model.hear(samples(sound), self.languages, seconds)


# -- The tool that transcribes

PAUSE = 1.5  # seconds of silence after which a paragraph begins
MISSING = N_("There is no speech model for the transcription.")


@dataclass
class Transcription(Reply):
    """A reply that also knows when each part of its text is said."""

    segments: tuple[Segment, ...] = ()
    language: str = ""  # as an ISO 639-1 code; empty when nothing is said
    seconds: float = 0.0  # of the recording
    doubtful: list[Segment] = field(default_factory=list)  # left out: made up over noise

    def to_json(self) -> dict[str, Any]:
        """The answer document, with the seconds of each segment."""
        document = super().to_json()
        rows = [
            {"start": round(s.start, 2), "end": round(s.end, 2), "text": s.text,
             "confidence": s.confidence}
            for s in self.segments
        ]  # fmt: skip
        known = {"language": self.language, "seconds": round(self.seconds, 2)}
        return {**document, "segments": rows, **known}


class Transcribing:
    """The tool of the intent Transcribe. One recording at a time; others wait."""

    name = "transcribe"

    def __init__(
        self, ear: Callable[[], Ear | None], offers: Callable[[], tuple[Offer, ...]]
    ) -> None:
        """`ear` is called for each recording, `offers` where there is no speech model."""
        self._ear = ear
        self._offers = offers
        self._turns = TurnTaking(N_("Waiting for another recording"))

    def offer(self, request: Request) -> Reply | None:
        """The reply; None for any other intent."""
        if not isinstance(request.intent, Transcribe):
            return None
        return self.transcription(request.intent.recording, request.question)

    def transcription(self, recording: Path, question: str = "") -> Transcription:
        """Raises, when it is iterated, NothingFound and UnreadableFile."""

        def work(reply: Reply) -> Iterator[str]:
            assert isinstance(reply, Transcription)
            return self._work(recording, reply)

        return Transcription(question, work, self.name)

    def _work(self, recording: Path, reply: Transcription) -> Iterator[str]:
        ear = self._ear()
        if ear is None:
            yield _(MISSING)
            reply.outcome = Outcome(_(MISSING), grounded=False, offers=self._offers())
            return
        reply.model = ear.model.name
        decoded = None
        try:
            with (
                self._turns.turn(reply),
                tempfile.TemporaryDirectory(prefix="pincite-", ignore_cleanup_errors=True) as made,
            ):
                reply.activity.stage = _("Opening the recording")
                decoded = ear.decode(recording, Path(made), reply.cancel)
                reply.seconds = decoded.seconds
                yield from _write(ear.hear(Path(made), decoded, reply.cancel), reply)
        except Stopped:
            reply.cancel.set()
        reply.outcome = _outcome(readable(recording.name), decoded, reply)
        reply.trace.facts.heard = _heard(reply)


def _heard(reply: Transcription) -> Heard:
    kept = [(s.start, s.text, s.confidence, False) for s in reply.segments]
    left_out = [(s.start, s.text, s.confidence, True) for s in reply.doubtful]
    told = sorted(
        (round(start, 2), text, round(sure, 3), out) for start, text, sure, out in kept + left_out
    )
    return Heard(reply.language, round(reply.seconds, 2), tuple(told))


def _write(heard: Iterator[Said], reply: Transcription) -> Iterator[str]:
    reply.activity.stage = _("Listening")
    began, end = time.monotonic(), 0.0
    reply.activity.progress = Progress(0, reply.seconds)
    for said in heard:
        segment = said.segment
        passed = time.monotonic() - began
        left = passed / segment.end * max(reply.seconds - segment.end, 0) if segment.end else None
        reply.activity.progress = Progress(min(segment.end, reply.seconds), reply.seconds, left)
        if said.doubtful:
            reply.doubtful.append(segment)
            continue
        reply.language = said.language
        between = "\n\n" if segment.start - end >= PAUSE else " "
        yield f"{between if reply.segments else ''}{segment.text}"
        reply.segments += (segment,)
        end = segment.end


def _outcome(name: str, decoded: DecodedSound | None, reply: Transcription) -> Outcome:
    notices = []
    stopped = reply.cancel.is_set()
    if not reply.segments and not stopped:
        notices.append(_("{name} contains no speech.", name=name))
    if decoded and decoded.note:
        notices.append(f"{name}: {told(decoded.note)}.")
    if count := len(reply.doubtful):
        notices.append(
            ngettext(
                "Left out once: words that were probably invented over noise.",
                "Left out {count} times: words that were probably invented over noise.",
                count,
            )
        )
    return Outcome(reply.so_far, stopped=stopped, notices=tuple(notices), grounded=False)
