"""Draws a new picture of a description; with another kind of model, a clip or a sound."""

from assistant.contract.intents import Draw
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.i18n.translation import _
from assistant.images.generation import CannotPaint, DrawingJob
from assistant.images.generation.queue import Studio


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
        return self._studio.reply(request.question, self.name, lambda: _job(intent), intent)


def _job(intent: Draw) -> DrawingJob:
    """Raises CannotPaint: without words a model paints anything."""
    if not intent.prompt.strip():
        raise CannotPaint(_("Describe the picture, such as: a lighthouse at dusk."))
    return DrawingJob(
        intent.prompt, intent.negative, intent.size, intent.steps, intent.guidance, intent.seed
    )
