"""Makes a small or blurred picture larger and sharper, or repairs a damaged one."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from assistant.contract.activity import Progress
from assistant.contract.intents import Enhance
from assistant.contract.outcome import Outcome
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.i18n.translation import N_, _
from assistant.images.generation.open_image import picture
from assistant.images.generation.provenance import marks, program
from assistant.images.super_resolution import Enlarger
from assistant.images.super_resolution.enhancer import check, enhance
from assistant.llm.model_lock import TurnTaking
from assistant.storage.output_files import Made
from ingest.errors import Stopped
from ingest.images.ai_provenance import Provenance

if TYPE_CHECKING:
    from PIL.Image import Image

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
    small = picture(intent.picture)
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
