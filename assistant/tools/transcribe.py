"""Transcribes a recording or a video, with times, as it goes."""

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.contract.activity import Progress
from assistant.contract.facts import Heard
from assistant.contract.intents import Transcribe
from assistant.contract.outcome import Offer, Outcome
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.i18n.told import told
from assistant.i18n.translation import N_, _, ngettext
from assistant.llm.model_lock import TurnTaking
from assistant.speech.transcription import Ear
from ingest.document.source import readable
from ingest.errors import Stopped
from ingest.media.pcm import DecodedSound
from ingest.media.whisper import Said, Segment

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
    """Handles the intent Transcribe. One recording at a time; another one waits."""

    name = "transcribe"

    def __init__(
        self, ear: Callable[[], Ear | None], offers: Callable[[], tuple[Offer, ...]]
    ) -> None:
        """`ear` is asked at each recording, `offers` where there is no speech model."""
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
