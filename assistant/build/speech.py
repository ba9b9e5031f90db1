"""Builds transcription and speech synthesis from settings."""

import functools

from assistant.build.engines import bounds
from assistant.contract.outcome import Offer
from assistant.models.catalogue import default_model
from assistant.models.fetch import user_cache
from assistant.models.store import Models
from assistant.settings import Settings
from assistant.speech.synthesis.voices import Voices
from assistant.speech.transcription import Ear
from assistant.storage.output_files import Made
from assistant.tools.speak import Speaking
from assistant.tools.transcribe import Transcribing


@functools.cache
def transcribing(settings: Settings) -> Transcribing:
    """Shared by all who listen: one recording at a time.

    The speech model is looked up at each recording: it may have been fetched since.
    """
    models = Models(settings.models_folder, settings)

    def ear() -> Ear | None:
        chosen = models.chosen("speech")
        return Ear(chosen, settings.ocr_languages, bounds(settings)) if chosen else None

    return Transcribing(ear, lambda: speech_offers(models))


def speech_offers(models: Models) -> tuple[Offer, ...]:
    """The offer of the speech model that set-up fetches."""
    model = default_model("speech", models.models)
    return (Offer(model.name, model.role, model.licence, model.bytes, model.note),)


def speaking(settings: Settings, made: Made) -> Speaking:
    """`made` is where sounds are kept."""
    return Speaking(voices(settings), made)


@functools.cache
def voices(settings: Settings) -> Voices:
    """Shared by all that read aloud: a voice is a process that stays."""
    models = Models(settings.models_folder, settings)
    languages = settings.ocr_languages
    return Voices(lambda: models.chosen("voice"), user_cache(), languages[0] if languages else "en")
