"""Builds the engines that read files from settings: recognition, speech and vision models."""

from assistant.images.vision.describer import Describer
from assistant.images.vision.image_facts import Looking
from assistant.images.vision.tagger import Tagging
from assistant.models.store import Models
from assistant.settings import Settings
from ingest.document.limits import Bounds, Limits
from ingest.document.source import Engines


def engines(settings: Settings) -> Engines:
    """The engines for scans, recordings and pictures. Raises ModelUnusable when a model is gone."""
    models = Models(settings.models_folder, settings)
    return Engines(
        settings.ocr, settings.ocr_languages, models.chosen("speech"), viewer(settings),
        bounds(settings), settings.extensions_first,
    )  # fmt: skip


def bounds(settings: Settings) -> Bounds:
    """The bounds of reading one file."""
    return Bounds(
        silence=settings.file_silence_seconds,
        seconds=settings.file_seconds,
        memory=settings.file_memory_mb << 20,
        output=settings.file_text_mb << 20,
        size=settings.file_gb << 30,
        unpacking=Limits(
            settings.unpacked_mb << 20, settings.unpacked_files, settings.unpacked_depth
        ),
    )


def viewer(settings: Settings) -> Describer | None:
    """The chosen vision model; None when none is installed. Raises ModelUnusable."""
    path = Models(settings.models_folder, settings).chosen("vision")
    return Describer(path, settings.threads) if path else None


def tagging(settings: Settings) -> Tagging | None:
    """The chosen model for tags; None when none is installed. Raises ModelUnusable."""
    path = Models(settings.models_folder, settings).chosen("tags")
    return Tagging(path) if path else None


def looking(settings: Settings) -> Looking:
    """Models are looked up when needed: one may have been fetched since the start."""
    return Looking(lambda: engines(settings), lambda: viewer(settings), lambda: tagging(settings))
