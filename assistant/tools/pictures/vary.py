"""Draws a picture similar to a given one: paints its latents again, with some noise."""

from assistant.contract.intents import Vary
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.images.generation import DrawingJob, open_image
from assistant.images.generation.queue import Studio

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
        return self._studio.reply(request.question, self.name, lambda: _job(intent), intent)


def _job(intent: Vary) -> DrawingJob:
    """Without words. Raises UnreadableFile."""
    strength = _STRENGTH if intent.strength is None else intent.strength
    picture = open_image.picture(intent.picture)
    return DrawingJob("", steps=intent.steps, seed=intent.seed, picture=picture, strength=strength)
