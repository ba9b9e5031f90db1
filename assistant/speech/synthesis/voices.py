"""Chooses the voice for a text: the user's Piper voice in its language, else espeak-ng."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

from assistant.contract.outcome import Offer
from assistant.errors import ModelUnusable
from assistant.i18n.translation import N_
from assistant.models.catalogue import catalogue
from assistant.models.programs import PIPER
from assistant.speech.synthesis import Voice, espeak
from assistant.speech.synthesis.espeak import Espeak
from assistant.speech.synthesis.piper import Piper
from ingest.language.detect_language import language_of

NONE = N_(
    "There is no voice to read aloud with. `pincite models pull en_US-joe-medium` fetches one; "
    "espeak-ng is used where the machine has it (`apt install espeak-ng`)."
)


class Voices:
    """Voices, looked up for each text: one may have been fetched meanwhile."""

    def __init__(self, chosen: Callable[[], Path | None], cache: Path, language: str) -> None:
        """`chosen` gives the folder of the voice in use, `language` is the person's own."""
        self._chosen = chosen
        self._cache = cache
        self._language = language
        self._lock = threading.Lock()
        self._pipers: dict[Path, Piper] = {}

    def language_of(self, text: str) -> str:
        """As an ISO 639-1 code; the person's own where the text is too short to tell."""
        return language_of(text, self._language)

    def of(self, text: str) -> Voice | None:
        """The voice for it; None: there is none at all. Raises ModelUnusable."""
        language, program = self.language_of(text), espeak.program()
        piper, speaks = self._piper()
        others = espeak.languages(program) if program else frozenset()
        if piper and (speaks == language or language not in others):
            return piper
        if program:
            return Espeak(program, language if language in others else "en")
        return piper

    def offers(self) -> tuple[Offer, ...]:
        """What can be fetched, best first; nothing when a voice of Piper's is ready."""
        if self._piper()[0]:
            return ()
        return tuple(
            Offer(model.name, "voice", model.licence, (model.bytes or 0) + PIPER.downloaded,
                  model.note)
            for model in catalogue() if model.role == "voice"
        )  # fmt: skip

    def close(self) -> None:
        """End the processes that speak."""
        with self._lock:
            for piper in self._pipers.values():
                piper.close()

    def _piper(self) -> tuple[Piper | None, str]:
        """With its language. None without its program."""
        folder, python = self._chosen(), PIPER.python(self._cache)
        if folder is None or python is None:
            return None, ""
        model = model_of(folder)
        with self._lock:
            if model not in self._pipers:
                self._pipers[model] = Piper(python, model)
            return self._pipers[model], language_of_voice(model)


def model_of(folder: Path) -> Path:
    """The .onnx file of a voice's folder. Raises ModelUnusable."""
    for config in sorted(folder.glob("*.onnx.json")):
        if (model := config.with_suffix("")).exists():
            return model
    raise ModelUnusable(f"{folder} holds no Piper voice: an .onnx file with its .onnx.json.")


def language_of_voice(model: Path) -> str:
    """As its settings say. Raises ModelUnusable."""
    config = model.with_suffix(".onnx.json")
    try:
        voice = json.loads(config.read_text(encoding="utf-8"))["espeak"]["voice"]
        return str(voice).partition("-")[0]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelUnusable(f"{config} does not say which language the voice speaks.") from error
