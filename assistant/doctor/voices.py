"""The voices of this machine, for `pincite doctor`."""

from pathlib import Path
from typing import Literal

from assistant.errors import ModelUnusable
from assistant.models.fetch import user_cache
from assistant.models.programs import PIPER
from assistant.models.store import Models
from assistant.settings import Settings
from assistant.speech.synthesis import espeak
from assistant.speech.synthesis.voices import language_of_voice, model_of

FETCH = "pincite models pull en_US-joe-medium"

Told = tuple[Literal["ok", "warning"], str, str]  # severity, state, remedy


def voice(settings: Settings) -> Told:
    """Piper with a voice is best; espeak-ng reads many languages."""
    program = espeak.program()
    other = f"; espeak-ng for {len(espeak.languages(program))} languages" if program else ""
    try:
        folder = Models(settings.models_folder, settings).chosen("voice")
        if folder is None:
            return _without_voice(program)
        model = model_of(folder)
        spoken = language_of_voice(model)
    except ModelUnusable as error:
        return "warning", str(error), "pincite models list"
    if why := PIPER.works(user_cache()):
        state = f"{model.stem} has no program to speak with: {why}{other}."
        return "warning", state, f"pincite models pull {PIPER.name}"
    return "ok", f"{model.stem} ({spoken}), Piper {PIPER.version}{other}", ""


def _without_voice(program: Path | None) -> Told:
    if program is None:
        return "warning", "There is no voice. Answers are not read aloud.", FETCH
    count = len(espeak.languages(program))
    return "ok", f"{program}, {count} languages. A more natural voice: {FETCH}", ""
