"""The painting queue of all visitors: one model, one picture at a time."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from assistant.contract.facts import Offer, Outcome
from assistant.contract.reply import Reply
from assistant.i18n.translation import _, ngettext, number
from assistant.llm.odds import TurnTaking
from assistant.storage.files import Made
from assistant.studio.canvas import provenance, save
from assistant.studio.painter import (
    CannotPaint,
    DrawingJob,
    Painted,
    Painter,
    Watch,
    keep_denoising,
)
from assistant.studio.pipeline import DiffusersPainter
from ingest.errors import Stopped
from ingest.platform.process import require

WAITING = "Waiting for another picture"
_NONE = (
    "No drawing model is installed. One that you have, a folder of diffusers or a .safetensors "
    "file, is used after `pincite models use drawing PATH`."
)


class Studio:
    """Shared by the tools that draw."""

    def __init__(
        self,
        chosen: Callable[[], Path | None],
        made: Made,
        offers: Callable[[], tuple[Offer, ...]],
        make: Callable[[Path], Painter] = DiffusersPainter,
    ) -> None:
        """`chosen` is the model that is installed now, `offers` those that could be."""
        self._chosen = chosen
        self._made = made
        self._offers = offers
        self._make = make
        self._turns = TurnTaking(WAITING)
        self._kept: tuple[Path, Painter] | None = None

    def reply(self, question: str, tool: str, job: Callable[[], DrawingJob], intent: Any) -> Reply:
        """Paints when it is iterated. `job` may raise AssistantError then."""
        return Reply(question, lambda reply: self._work(reply, tool, job), tool, intent=intent)

    def _work(self, reply: Reply, tool: str, job: Callable[[], DrawingJob]) -> Iterator[str]:
        require("images", "diffusers", "torch", to="draw", error=CannotPaint)
        path = self._chosen()
        if path is None:
            yield _NONE
            reply.outcome = Outcome(_NONE, grounded=False, offers=self._offers())
            return
        wanted = job()
        try:
            with self._turns.turn(reply):
                painter = self._painter(self._chosen() or path)  # another, since it waited
                reply.model = painter.name
                done = painter.paint(wanted, _watch(reply))
                made = provenance(done.job, tool, painter.name, painter.digest())
                file = save(done, made, self._made.path)
                if done.denoising is not None:
                    keep_denoising(file, done.denoising)
        except Stopped:
            reply.outcome = Outcome("", stopped=True, grounded=False)
            return
        if done.sound is not None:
            reply.audio = (file,)
        else:
            reply.images = (file,)
        text = describe_output(done)
        yield text
        reply.outcome = Outcome(text, grounded=False, notices=done.notes)

    def _painter(self, path: Path) -> Painter:
        """The model's. Another one is let go of, so that memory holds one: asked in a turn."""
        if self._kept is None or self._kept[0] != path:
            self._kept = path, self._make(path)
        return self._kept[1]


def describe_output(done: Painted) -> str:
    """A sentence about the output, so that it can be made again."""
    job = done.job
    if done.sound is not None:
        seconds = done.sound.samples.shape[1] / done.sound.rate
        what = _("A generated sound of {seconds} s", seconds=number(seconds, 1))
    elif done.frames:
        frames = len(done.frames)
        what = ngettext("A generated clip of {count} frame", "A generated clip of {count} frames",
                        frames)  # fmt: skip
    else:
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
