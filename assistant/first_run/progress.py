"""How far a home has come in its first run: a state of the home, whichever library is open."""

from pathlib import Path
from typing import Literal

from assistant.errors import AssistantError
from assistant.settings import Settings

# The steps are done, or were put away; or answers are to be quoted, without a chat model.
Mark = Literal["over", "without-model"]


def has(settings: Settings, mark: Mark) -> bool:
    """Whether it was set."""
    return _place(settings, mark).exists()


def note(settings: Settings, mark: Mark) -> None:
    """Set it for good. Raises AssistantError."""
    place = _place(settings, mark)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    except OSError as error:
        raise AssistantError(f"{place} could not be written: {error.strerror}.") from error


def _place(settings: Settings, mark: Mark) -> Path:
    return settings.home / "first-run" / mark
