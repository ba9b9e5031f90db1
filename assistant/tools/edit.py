"""Changes a picture by words: all of it, a masked part, or beyond its edges."""

from assistant.contract.intents import Edit
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.images.generation import CannotPaint, DrawingJob, canvas, open_image
from assistant.images.generation.queue import Studio


class Editing:
    """Handles the intent Edit."""

    name = "edit"

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def offer(self, request: Request) -> Reply | None:
        """The reply; None for any other intent."""
        wish = request.wish
        if not isinstance(wish, Edit):
            return None
        return self._studio.reply(request.question, self.name, lambda: _job(wish), wish)


def _job(wish: Edit) -> DrawingJob:
    """Raises CannotPaint or UnreadableFile."""
    picture, mask = open_image.picture(wish.picture), None
    if wish.grow is not None:
        if wish.mask is not None:
            raise CannotPaint("Give either a mask or a number of pixels to grow, not both.")
        picture, mask = canvas.grown(picture, wish.grow)
    elif wish.mask is not None:
        mask = open_image.mask(wish.mask, picture.size)
    return DrawingJob(
        wish.prompt, wish.negative, None, wish.steps, wish.guidance, wish.seed,
        picture, mask, wish.strength,
    )  # fmt: skip
