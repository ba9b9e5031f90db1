"""Transcribes a recording or a video, with times, as it goes."""

import sys
import tempfile
import time
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.contract.facts import Heard, Offer, Outcome
from assistant.contract.intents import Draw, Edit, Enhance, Speak, Transcribe, Vary
from assistant.contract.reply import Progress, Reply
from assistant.contract.request import Request
from assistant.errors import AssistantError
from assistant.i18n.translation import N_, _, ngettext, told
from assistant.llm.odds import TurnTaking
from assistant.speech import Ear
from assistant.storage.files import Made
from assistant.studio import canvas
from assistant.studio.canvas import marks, open_picture, program
from assistant.studio.painter import CannotPaint, DrawingJob
from assistant.studio.queue import Studio
from assistant.studio.spoken_text import pieces
from assistant.studio.super_resolution import Enlarger, check, enhance
from assistant.studio.voices import NONE, Voice, Voices
from ingest.document.source import readable
from ingest.errors import Stopped
from ingest.images.ai_provenance import Provenance
from ingest.media.ffmpeg import DecodedSound, clock
from ingest.media.whisper import Said, Segment

if TYPE_CHECKING:
    from PIL.Image import Image


# -- Draws a new picture of a description; with another kind of model, a clip or a sound


class Drawing:
    """Handles the intent Draw."""

    name = "draw"

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def offer(self, request: Request) -> Reply | None:
        """The reply; None for any other intent."""
        intent = request.intent
        if not isinstance(intent, Draw):
            return None
        return self._studio.reply(request.question, self.name, lambda: _drawing_job(intent), intent)


def _drawing_job(intent: Draw) -> DrawingJob:
    """Raises CannotPaint: without words a model paints anything."""
    if not intent.prompt.strip():
        raise CannotPaint(_("Describe the picture, such as: a lighthouse at dusk."))
    return DrawingJob(
        intent.prompt, intent.negative, intent.size, intent.steps, intent.guidance, intent.seed
    )


# -- Changes a picture by words: all of it, a masked part, or beyond its edges


class Editing:
    """Handles the intent Edit."""

    name = "edit"

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def offer(self, request: Request) -> Reply | None:
        """The reply; None for any other intent."""
        intent = request.intent
        if not isinstance(intent, Edit):
            return None
        return self._studio.reply(request.question, self.name, lambda: _editing_job(intent), intent)


def _editing_job(intent: Edit) -> DrawingJob:
    """Raises CannotPaint or UnreadableFile."""
    picture, mask = canvas.open_picture(intent.picture), None
    if intent.grow is not None:
        if intent.mask is not None:
            raise CannotPaint(_("Give either a mask or a number of pixels to grow, not both."))
        picture, mask = canvas.grown(picture, intent.grow)
    elif intent.mask is not None:
        mask = canvas.open_mask(intent.mask, picture.size)
    return DrawingJob(
        intent.prompt, intent.negative, None, intent.steps, intent.guidance, intent.seed,
        picture, mask, intent.strength,
    )  # fmt: skip


# -- Makes a small or blurred picture larger and sharper, or repairs a damaged one

_NONE = N_("Real-ESRGAN, which enhances pictures, is not installed.")
WAITING = N_("Waiting for another picture")
INVENTED = N_(
    "Fine detail in it is invented: a network has seen many pictures, not this scene. It is never "
    "evidence."
)


class Enhancing:
    """Handles the intent Enhance."""

    name = "enhance"

    def __init__(self, enlarger: Enlarger, made: Made) -> None:
        self._enlarger = enlarger
        self._made = made
        self._turns = TurnTaking(WAITING)

    def offer(self, request: Request) -> Reply | None:
        """The reply; None for any other intent."""
        intent = request.intent
        if not isinstance(intent, Enhance):
            return None
        return Reply(
            request.question,
            lambda reply: self._work(intent, reply),
            self.name,
            self._enlarger.name,
        )

    def _work(self, intent: Enhance, reply: Reply) -> Iterator[str]:
        small = checked(intent)
        if offers := self._enlarger.offers():
            yield _(_NONE)
            reply.outcome = Outcome(_(_NONE), grounded=False, offers=offers)
            return

        def tell(progress: Progress) -> None:
            reply.activity.stage, reply.activity.progress = _("Enhancing"), progress

        try:
            with self._turns.turn(reply):
                reply.activity.stage = _("Loading {model}", model="Real-ESRGAN")
                large = enhance(small, intent.scale, self._enlarger, reply.cancel, tell)
        except Stopped:
            reply.outcome = Outcome("", stopped=True, grounded=False)
            return
        path = self._made.path(".png")
        large.save(path, "PNG", pnginfo=marks(self._provenance(intent, large.size)))
        reply.images = (path,)
        text = _describe_result(intent, small.size, large.size)
        yield text
        reply.outcome = Outcome(text, grounded=False, notices=(_(INVENTED),))

    def _provenance(self, intent: Enhance, size: tuple[int, int]) -> Provenance:
        """The picture that it was made of is named, not where it lies."""
        return Provenance(
            f"enhanced by Real-ESRGAN: {intent.picture.name}", model=self._enlarger.name,
            model_sha256=self._enlarger.digest(), width=size[0], height=size[1], tool=self.name,
            program=program(),
        )  # fmt: skip


def checked(intent: Enhance) -> "Image":
    """The picture, where its size allows it. Raises AssistantError.

    Memory is checked when it is the picture's turn.
    """
    small = open_picture(intent.picture)
    check(small.size, intent.scale, sys.maxsize)
    return small


def _describe_result(intent: Enhance, before: tuple[int, int], after: tuple[int, int]) -> str:
    sizes = f"{after[0]}x{after[1]}"
    if intent.scale == 1:
        return _("The picture, repaired by Real-ESRGAN, {size}.", size=sizes)
    small = f"{before[0]}x{before[1]}"
    return _(
        "The picture, enhanced by Real-ESRGAN from {before} to {after}.", before=small, after=sizes
    )


# -- Draws a picture similar to a given one: paints its latents again, with some noise

_STRENGTH = 0.5  # half of the way to noise: what it is of stays, how it is drawn does not


class Varying:
    """Handles the intent Vary."""

    name = "vary"

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def offer(self, request: Request) -> Reply | None:
        """The reply; None for any other intent."""
        intent = request.intent
        if not isinstance(intent, Vary):
            return None
        return self._studio.reply(request.question, self.name, lambda: _varying_job(intent), intent)


def _varying_job(intent: Vary) -> DrawingJob:
    """Without words. Raises UnreadableFile."""
    strength = _STRENGTH if intent.strength is None else intent.strength
    picture = canvas.open_picture(intent.picture)
    return DrawingJob("", steps=intent.steps, seed=intent.seed, picture=picture, strength=strength)


# -- Reads a text aloud into a sound file, sentence by sentence

_BETWEEN = 0.2  # seconds of silence after a sentence


class Speaking:
    """Handles the intent Speak."""

    name = "speak"

    def __init__(self, voices: Voices, made: Made) -> None:
        self._voices = voices
        self._made = made

    def offer(self, request: Request) -> Reply | None:
        """The reply; None for any other intent."""
        intent = request.intent
        if not isinstance(intent, Speak):
            return None
        return Reply(request.question, lambda reply: self._work(intent.text, reply), self.name)

    def _work(self, text: str, reply: Reply) -> Iterator[str]:
        """Raises AssistantError when there is nothing to read."""
        voice = self._voices.of(text)
        if voice is None:
            yield _(NONE)
            reply.outcome = Outcome(_(NONE), grounded=False, offers=self._voices.offers())
            return
        read = list(pieces(text, self._voices.language_of(text)))
        if not read:
            raise AssistantError(_("There is nothing to read aloud: the text holds no words."))
        reply.model = voice.name
        seconds = self._spoken(read, voice, reply)
        heard = {"voice": voice.name, "time": clock(round(seconds))}
        told = _("Read aloud by {voice}: {time}.", **heard) if seconds else ""
        yield told
        stopped = reply.cancel.is_set()
        reply.outcome = Outcome(told, stopped=stopped, grounded=False)

    def _spoken(self, read: list[str], voice: Voice, reply: Reply) -> float:
        """The seconds of sound that were written; what was written before a stop stays."""
        reply.activity.stage, path = _("Reading aloud"), self._made.path(".wav")
        try:
            seconds = self._write(path, read, voice, reply)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        if seconds:
            reply.audio = (path,)
        else:
            path.unlink()
        return seconds

    def _write(self, path: Path, read: list[str], voice: Voice, reply: Reply) -> float:
        samples, rate, began = 0, 22_050, time.monotonic()
        with path.open("wb") as file, wave.open(file, "wb") as written:
            # At once: else a voice that fails would be covered by a complaint that these lack.
            written.setparams((1, 2, rate, 0, "NONE", ""))
            for done, sentence in enumerate(read):
                left = (time.monotonic() - began) / done * (len(read) - done) if done else None
                reply.activity.progress = Progress(done, len(read), left)
                try:
                    sound = voice.say(sentence, reply.cancel)
                except Stopped:
                    break
                if not samples:
                    rate = sound.rate
                    written.setparams((1, 2, rate, 0, "NONE", ""))
                pause = bytes(2 * int(_BETWEEN * rate))
                written.writeframes(sound.samples + pause)
                samples += len(sound.samples + pause) // 2
        return samples / rate


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
