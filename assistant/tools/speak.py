"""Reads a text aloud into a sound file, sentence by sentence."""

import time
import wave
from collections.abc import Iterator
from pathlib import Path

from assistant.contract.activity import Progress
from assistant.contract.intents import Speak
from assistant.contract.outcome import Outcome
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.errors import AssistantError
from assistant.i18n.translation import _
from assistant.speech.synthesis import Voice
from assistant.speech.synthesis.text_normalisation import pieces
from assistant.speech.synthesis.voices import NONE, Voices
from assistant.storage.output_files import Made
from ingest.errors import Stopped
from ingest.media.ffmpeg import clock

_BETWEEN = 0.2  # seconds of silence after a sentence


class Speaking:
    """Handles the intent Speak."""

    name = "speak"

    def __init__(self, voices: Voices, made: Made) -> None:
        self._voices = voices
        self._made = made

    def offer(self, request: Request) -> Reply | None:
        """The reply; None for any other intent."""
        intent = request.intent
        if not isinstance(intent, Speak):
            return None
        return Reply(request.question, lambda reply: self._work(intent.text, reply), self.name)

    def _work(self, text: str, reply: Reply) -> Iterator[str]:
        """Raises AssistantError when there is nothing to read."""
        voice = self._voices.of(text)
        if voice is None:
            yield _(NONE)
            reply.outcome = Outcome(_(NONE), grounded=False, offers=self._voices.offers())
            return
        read = list(pieces(text, self._voices.language_of(text)))
        if not read:
            raise AssistantError(_("There is nothing to read aloud: the text holds no words."))
        reply.model = voice.name
        seconds = self._spoken(read, voice, reply)
        heard = {"voice": voice.name, "time": clock(round(seconds))}
        told = _("Read aloud by {voice}: {time}.", **heard) if seconds else ""
        yield told
        stopped = reply.cancel.is_set()
        reply.outcome = Outcome(told, stopped=stopped, grounded=False)

    def _spoken(self, read: list[str], voice: Voice, reply: Reply) -> float:
        """The seconds of sound that were written; what was written before a stop stays."""
        reply.activity.stage, path = _("Reading aloud"), self._made.path(".wav")
        try:
            seconds = self._write(path, read, voice, reply)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        if seconds:
            reply.audio = (path,)
        else:
            path.unlink()
        return seconds

    def _write(self, path: Path, read: list[str], voice: Voice, reply: Reply) -> float:
        samples, rate, began = 0, 22_050, time.monotonic()
        with path.open("wb") as file, wave.open(file, "wb") as written:
            # At once: else a voice that fails would be covered by a complaint that these lack.
            written.setparams((1, 2, rate, 0, "NONE", ""))
            for done, sentence in enumerate(read):
                left = (time.monotonic() - began) / done * (len(read) - done) if done else None
                reply.activity.progress = Progress(done, len(read), left)
                try:
                    sound = voice.say(sentence, reply.cancel)
                except Stopped:
                    break
                if not samples:
                    rate = sound.rate
                    written.setparams((1, 2, rate, 0, "NONE", ""))
                pause = bytes(2 * int(_BETWEEN * rate))
                written.writeframes(sound.samples + pause)
                samples += len(sound.samples + pause) // 2
        return samples / rate
