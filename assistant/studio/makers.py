"""The tools that make something with a generative model: pictures and speech."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.contract import intents
from assistant.contract.facts import Offer, Outcome
from assistant.contract.intents import Draw, Edit, Enhance, Speak, Vary
from assistant.contract.reply import Progress, Reply
from assistant.contract.request import IntentTool, Request
from assistant.errors import AssistantError
from assistant.i18n.translation import N_, _, ngettext
from assistant.llm.odds import TurnTaking
from assistant.storage.files import Made
from assistant.studio import canvas
from assistant.studio.canvas import CannotPaint, DrawingJob, Painted, Watch, marks, provenance
from assistant.studio.diffusers_painter import DiffusersPainter
from assistant.studio.super_resolution import RealEsrgan, check, enhance
from assistant.studio.voices import NONE, SpokenSound, Voice, Voices, pieces
from ingest.errors import Stopped
from ingest.images.image_file import Provenance
from ingest.media.ffmpeg import clock
from ingest.platform.process import require

if TYPE_CHECKING:
    from PIL.Image import Image

WAITING = N_("Waiting for another picture")

# -- Draws, changes and varies pictures: one model, one picture at a time, for all visitors

_NO_MODEL = (
    "No drawing model is installed. One that you have, a folder of diffusers or a .safetensors "
    "file, is used after `pincite models use drawing PATH`."
)
_STRENGTH = 0.5  # half of the way to noise: what it is of stays, how it is drawn does not


class Studio(IntentTool[Draw | Edit | Vary]):
    """Handles the intents Draw, Edit and Vary."""

    name, kind = "draw", (Draw, Edit, Vary)

    def __init__(
        self,
        chosen: Callable[[], Path | None],
        made: Made,
        offers: Callable[[], tuple[Offer, ...]],
        make: Callable[[Path], DiffusersPainter] = DiffusersPainter,
    ) -> None:
        """`chosen` is the model that is installed now, `offers` those that could be."""
        self._chosen = chosen
        self._made = made
        self._offers = offers
        self._make = make
        self._turns = TurnTaking(WAITING)
        self._kept: tuple[Path, DiffusersPainter] | None = None

    def _work(self, request: Request, intent: Draw | Edit | Vary, reply: Reply) -> Iterator[str]:
        require("images", "diffusers", "torch", to="draw", error=CannotPaint)
        path = self._chosen()
        if path is None:
            yield _NO_MODEL
            reply.outcome = Outcome(_NO_MODEL, grounded=False, offers=self._offers())
            return
        wanted = _job(intent)
        with self._turns.turn(reply):
            painter = self._painter(self._chosen() or path)  # another, since it waited
            reply.model = painter.name
            done = painter.paint(wanted, _watch(reply))
            made = provenance(done.job, intents.name(intent), painter.name, painter.digest())
            file = self._made.path(".png")
            done.picture.save(file, "PNG", pnginfo=marks(made))
        reply.images = (file,)
        text = describe_output(done)
        yield text
        reply.outcome = Outcome(text, grounded=False, notices=done.notes)

    def _painter(self, path: Path) -> DiffusersPainter:
        """The painter of a model; another one is dropped from memory. Call it within a turn."""
        if self._kept is None or self._kept[0] != path:
            self._kept = path, self._make(path)
        return self._kept[1]


def _job(intent: Draw | Edit | Vary) -> DrawingJob:
    """Raises CannotPaint or UnreadableFile."""
    match intent:
        case Draw():
            if not intent.prompt.strip():  # without words a model paints anything
                raise CannotPaint(_("Describe the picture, such as: a lighthouse at dusk."))
            return DrawingJob(
                intent.prompt, intent.negative, intent.size, intent.steps, intent.guidance,
                intent.seed,
            )  # fmt: skip
        case Edit():
            picture, mask = _canvas(intent)
            return DrawingJob(
                intent.prompt, intent.negative, None, intent.steps, intent.guidance, intent.seed,
                picture, mask, intent.strength,
            )  # fmt: skip
        case Vary():  # its latents are painted again, with some noise and without words
            strength = _STRENGTH if intent.strength is None else intent.strength
            picture = canvas.open_picture(intent.picture)
            return DrawingJob(
                "", steps=intent.steps, seed=intent.seed, picture=picture, strength=strength
            )


def _canvas(intent: Edit) -> "tuple[Image, Image | None]":
    """All of a picture, or with a mask of a part of it or of what is beyond its edges."""
    picture = canvas.open_picture(intent.picture)
    if intent.grow is not None and intent.mask is not None:
        raise CannotPaint(_("Give either a mask or a number of pixels to grow, not both."))
    if intent.grow is not None:
        return canvas.grown(picture, intent.grow)
    return picture, canvas.open_mask(intent.mask, picture.size) if intent.mask else None


def describe_output(done: Painted) -> str:
    """A sentence about the output, so that it can be made again."""
    job = done.job
    size = "" if job.size is None else f", {job.size[0]}x{job.size[1]}"
    what = _("A generated picture{size}", size=size)
    if job.steps is not None:
        steps = ngettext("{count} step", "{count} steps", job.steps)
        what = f"{what}, {steps}"
    return _("{output}, seed {seed}.", output=what, seed=job.seed)


def _watch(reply: Reply) -> Watch:
    def tell(progress: Any) -> None:
        reply.activity.progress = progress

    def stage(phrase: str) -> None:
        reply.activity.stage = phrase

    return Watch(reply.cancel, tell, stage)


# -- Makes a small or blurred picture larger and sharper, or repairs a damaged one

_NONE = N_("Real-ESRGAN, which enhances pictures, is not installed.")
INVENTED = N_(
    "Fine detail in it is invented: a network has seen many pictures, not this scene. It is never "
    "evidence."
)


class Enhancing(IntentTool[Enhance]):
    """The tool of the intent Enhance: makes a picture larger and sharper."""

    name, kind = "enhance", Enhance

    def __init__(self, enlarger: RealEsrgan, made: Made) -> None:
        self._enlarger = enlarger
        self._made = made
        self._turns = TurnTaking(WAITING)

    def _work(self, request: Request, intent: Enhance, reply: Reply) -> Iterator[str]:
        reply.model = self._enlarger.name
        small = checked(intent)
        if offers := self._enlarger.offers():
            yield _(_NONE)
            reply.outcome = Outcome(_(_NONE), grounded=False, offers=offers)
            return

        def tell(progress: Progress) -> None:
            reply.activity.stage, reply.activity.progress = _("Enhancing"), progress

        with self._turns.turn(reply):
            reply.activity.stage = _("Loading {model}", model="Real-ESRGAN")
            large = enhance(small, intent.scale, self._enlarger, reply.cancel, tell)
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
            program=canvas.program(),
        )  # fmt: skip


def checked(intent: Enhance) -> "Image":
    """The picture, where its size allows it. Raises AssistantError.

    Memory is checked when it is the picture's turn.
    """
    small = canvas.open_picture(intent.picture)
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


# -- Reads a text aloud into a sound file, sentence by sentence

_BETWEEN = 0.2  # seconds of silence after a sentence


class Speaking(IntentTool[Speak]):
    """The tool of the intent Speak: reads a text aloud."""

    name, kind = "speak", Speak

    def __init__(self, voices: Voices, made: Made) -> None:
        self._voices = voices
        self._made = made

    def _work(self, request: Request, intent: Speak, reply: Reply) -> Iterator[str]:
        """Raises AssistantError when there is nothing to read."""
        voice = self._voices.of(intent.text)
        if voice is None:
            yield _(NONE)
            reply.outcome = Outcome(_(NONE), grounded=False, offers=self._voices.offers())
            return
        read = list(pieces(intent.text))
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
        """The seconds of sound that were written; what was made before a stop stays."""
        reply.activity.stage, began = _("Reading aloud"), time.monotonic()
        made: list[SpokenSound] = []
        for done, sentence in enumerate(read):
            left = (time.monotonic() - began) / done * (len(read) - done) if done else None
            reply.activity.progress = Progress(done, len(read), left)
            try:
                made.append(voice.say(sentence, reply.cancel))
            except Stopped:
                break
        if not made:
            return 0.0
        pause = bytes(2 * int(_BETWEEN * made[0].rate))
        whole = SpokenSound(b"".join(one.samples + pause for one in made), made[0].rate)
        path = self._made.path(".wav")
        path.write_bytes(whole.wav)
        reply.audio = (path,)
        return whole.seconds
