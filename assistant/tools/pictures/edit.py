"""Changes a picture by words: all of it, a masked part, or beyond its edges."""

from assistant.contract.intents import Edit
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.i18n.translation import _
from assistant.images.generation import CannotPaint, DrawingJob, canvas, open_image
from assistant.images.generation.queue import Studio


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
        return self._studio.reply(request.question, self.name, lambda: _job(intent), intent)


def _job(intent: Edit) -> DrawingJob:
    """Raises CannotPaint or UnreadableFile."""
    picture, mask = open_image.picture(intent.picture), None
    if intent.grow is not None:
        if intent.mask is not None:
            raise CannotPaint(_("Give either a mask or a number of pixels to grow, not both."))
        picture, mask = canvas.grown(picture, intent.grow)
    elif intent.mask is not None:
        mask = open_image.mask(intent.mask, picture.size)
    return DrawingJob(
        intent.prompt, intent.negative, None, intent.steps, intent.guidance, intent.seed,
        picture, mask, intent.strength,
    )  # fmt: skip
