"""Settings in, the tools out that make something else than an answer: beside build.py the one
place that names their classes."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.drawing.offers import offers
from assistant.drawing.studio import Studio
from assistant.made import Made
from assistant.models.store import Models
from assistant.settings import Settings
from assistant.tools import Specialist
from assistant.tools.draw import Drawing
from assistant.tools.edit import Editing
from assistant.tools.vary import Varying
from assistant.turn_taking import TurnTaking

if TYPE_CHECKING:
    from assistant.chat_model import LlamaCppChat


@dataclass
class Chatting:
    """The chat model, loaded when a tool first needs it, and whose turn it is to use it."""

    load: Callable[[], "LlamaCppChat"]
    turns: TurnTaking

    @functools.cached_property
    def model(self) -> "LlamaCppChat":
        """Raises AssistantError when it cannot be used."""
        return self.load()


def makers(settings: Settings, chatting: Chatting | None = None) -> list[Specialist]:
    """All of them; one whose model is not installed offers it when it is asked."""
    studio = _studio(settings)
    return [Drawing(studio), Editing(studio), Varying(studio)]


def _studio(settings: Settings) -> Studio:
    """Where pictures are painted, for all visitors."""
    here = models(settings)
    return Studio(lambda: here.chosen("drawing"), made(settings), lambda: offers(here.models))


def made(settings: Settings) -> Made:
    """Where they put what they make."""
    return Made(settings.home / "made")


def models(settings: Settings) -> Models:
    """Of the home. Asked when a tool runs: a model may have been fetched since the start."""
    return Models(settings.models_folder, settings)
