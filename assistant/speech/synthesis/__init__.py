"""Synthesises speech, a sentence at a time. Knows no documents and no pages."""

import io
import threading
import wave
from dataclasses import dataclass
from typing import Protocol

from assistant.errors import AssistantError


class VoiceFailed(AssistantError):
    """A voice cannot speak: its program or its model is missing, damaged or hangs."""


@dataclass(frozen=True)
class SpokenSound:
    """One channel of 16-bit samples (little-endian), as voices make it."""

    samples: bytes
    rate: int  # samples a second

    @property
    def seconds(self) -> float:
        return len(self.samples) / 2 / self.rate

    @property
    def wav(self) -> bytes:
        """As a WAV file."""
        file = io.BytesIO()
        with wave.open(file, "wb") as written:
            written.setparams((1, 2, self.rate, 0, "NONE", ""))
            written.writeframes(self.samples)
        return file.getvalue()


class Voice(Protocol):
    """What reads aloud. Several threads may use it; one sentence is made at a time."""

    name: str

    def say(self, text: str, cancel: threading.Event) -> SpokenSound:
        """A sentence as sound, of which there may be none (a row of dots).

        Raises VoiceFailed, and ingest.errors.Stopped within a tenth of a second of `cancel`.
        """
        ...
