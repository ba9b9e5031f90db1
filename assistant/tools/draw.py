"""Draws a new picture of a description; with another kind of model, a clip or a sound."""

from assistant.contract.intents import Draw
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.images.generation import CannotPaint, DrawingJob
from assistant.images.generation.queue import Studio


class Drawing:
    """Handles the intent Draw."""

    name = "draw"

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def offer(self, request: Request) -> Reply | None:
        """The reply; None for any other intent."""
        wish = request.wish
        if not isinstance(wish, Draw):
            return None
        return self._studio.reply(request.question, self.name, lambda: _job(wish), wish)


def _job(wish: Draw) -> DrawingJob:
    """Raises CannotPaint: without words a model paints anything."""
    if not wish.prompt.strip():
        raise CannotPaint("Describe the picture, such as: a lighthouse at dusk.")
    return DrawingJob(wish.prompt, wish.negative, wish.size, wish.steps, wish.guidance, wish.seed)
