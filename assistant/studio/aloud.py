"""Reads an answer aloud: synthesises its sentences a little ahead of the one being played."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.i18n.translation import N_
from assistant.studio.spoken_text import pieces
from assistant.studio.voices import Voice
from ingest.errors import PinciteError, Stopped

log = logging.getLogger(__name__)

AHEAD = 2  # pieces that are made before they are asked for
_PATIENCE = 60.0  # seconds without being asked, after which nobody listens any more


@dataclass(frozen=True)
class Piece:
    """What is said in one breath: a sentence, or a part of a long one."""

    sentence: int  # its number in the answer, from 0
    text: str


class Aloud:
    """Begins at once, in a thread of its own."""

    def __init__(
        self, sentences: Sequence[str], voice: Voice, language: str, patience: float = _PATIENCE
    ) -> None:
        self.pieces = [
            Piece(number, text)
            for number, sentence in enumerate(sentences)
            for text in pieces(sentence, language)
        ]
        self.error = ""
        self._patience = patience
        self._voice = voice
        self._made: dict[int, bytes] = {}
        self._wanted = 0
        self._changed = threading.Condition()
        self._cancel = threading.Event()
        self._thread = threading.Thread(target=self._run, name="aloud", daemon=True)
        self._thread.start()

    def clip(self, number: int, seconds: float) -> bytes | None:
        """A piece as a WAV file; None when it is not made within these seconds."""
        with self._changed:
            self._wanted = max(self._wanted, number)
            self._changed.notify_all()
            self._changed.wait_for(lambda: number in self._made or self.error, seconds)
            for old in [n for n in self._made if n < number]:
                del self._made[old]
            return self._made.get(number)

    def stop(self) -> None:
        """Stop within a tenth of a second, also in the middle of a sentence."""
        self._cancel.set()
        with self._changed:
            self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Whether the thread has ended by then."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            for number, piece in enumerate(self.pieces):
                if not self._listened_to(number):
                    return
                sound = self._voice.say(piece.text, self._cancel)
                with self._changed:
                    self._made[number] = sound.wav
                    self._changed.notify_all()
        except Stopped:
            pass
        except PinciteError as error:
            self._fail(str(error))
        except Exception:
            log.exception("reading an answer aloud failed")
            self._fail(N_("Reading aloud failed unexpectedly. The log has the details."))

    def _listened_to(self, number: int) -> bool:
        """Wait until it is the turn of a piece; False: nobody listens any more."""

        def due() -> bool:
            return self._cancel.is_set() or number <= self._wanted + AHEAD

        with self._changed:
            heard = self._changed.wait_for(due, self._patience)
        if not heard:  # a browser that comes back, from a machine that slept, would wait for ever
            self._fail(N_("Reading aloud ended because the page was closed."))
        return heard and not self._cancel.is_set()

    def _fail(self, error: str) -> None:
        with self._changed:
            self.error = error
            self._changed.notify_all()
