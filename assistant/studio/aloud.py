"""Reads an answer aloud: its text as a voice reads it well, sentence by sentence."""

import logging
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.i18n.translation import N_
from assistant.studio.voices import Voice
from ingest.errors import PinciteError, Stopped
from ingest.language import sentences

# -- Normalises text for reading aloud: no marks, no Markdown, no addresses
# Voices read words, numbers and usual abbreviations by themselves.

_LONGEST = 300  # characters of a piece: about 20 seconds of sound, so that the first comes soon
_MARKUP = (  # what is replaced, in this order
    (r"(?ms)^ *+(`{3,}+|~{3,}+).*?^ *+\1`*~* *$|^ *+(?:`{3,}|~{3,}).*\Z",
     "\nA block of code is left out here.\n"),
    (r"!?\[([^\]\n]*)\]\((?:[^()\n]|\([^()\n]*\))*\)", r"\1"),  # links and pictures
    (r"\b(?:https?|ftp)://(?:[^\s/@<>()]*@)?(?:www\.)?([\w.-]*\w)[^\s<>()\]]*", r"\1"),
    (r"\bwww\.([\w.-]*\w)(?:/[^\s<>()\]]*)?", r"\1"),
    (r"(?m)^[\s|:*_=-]+$", ""),  # rules, also the line below the head of a table
    (r"\[\d+(?:\s*[,;–-]\s*\d+)*\]", ""),  # the marks of citations
    (r"</?[a-zA-Z][^<>\n]*>", " "),
    (r"(?m)^ {0,3}(?:#{1,6}|>+)\s+", ""),
    (r"(?m)^[ \t]*(?:[-*+•]|\d{1,2}[.)])\s+", ""),  # points of lists
    (r"(\*\*|__|~~)(?=\S)(.+?)(?<=\S)\1", r"\2"),
    (r"(?<![\w*])[*_](?=\S)([^*_\n]+?)(?<=\S)[*_](?![\w*])", r"\1"),
    (r"`+", ""),
)  # fmt: skip


def pieces(text: str) -> Iterator[str]:
    """What is read of a text, a sentence or a part of a long one at a time."""
    for sentence in sentences.split(_without_markup(text)):
        read = _read(sentence)
        if re.search(r"\w", read):
            yield from _parts(read)


def _without_markup(text: str) -> str:
    for pattern, instead in _MARKUP:
        text = re.sub(pattern, instead, text)
    rows = (_cells(line) if line.count("|") > 1 else line for line in text.splitlines())
    return "\n".join(rows)


def _cells(row: str) -> str:
    return ", ".join(cell.strip() for cell in row.strip().strip("|").split("|") if cell.strip())


def _read(text: str) -> str:
    # Piper takes what stands in [[ ]] for sounds; a voice says "vertical bar" and the like.
    text = re.sub(r"[\[\]{}|\\<>*_#~^]+", " ", text)
    text = re.sub(r" ([,.;:!?])", r"\1", " ".join(text.split()))
    return text if text.endswith((".", "!", "?", ":", "…", ".”", '."', ".)")) else f"{text}."


def _parts(sentence: str) -> Iterator[str]:
    """Cut at signs, else between words, where it is too long."""
    while len(sentence) > _LONGEST:
        cut = max(sentence.rfind(sign, _LONGEST // 2, _LONGEST) + 1 for sign in (", ", "; ", ": "))
        cut = cut or sentence.rfind(" ", 1, _LONGEST) + 1 or _LONGEST
        yield sentence[:cut].strip()
        sentence = sentence[cut:].strip()
    if sentence:
        yield sentence


# -- Its sentences are synthesised, a little ahead of the one being played

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

    def __init__(self, sentences: Sequence[str], voice: Voice, patience: float = _PATIENCE) -> None:
        self.pieces = [
            Piece(number, text)
            for number, sentence in enumerate(sentences)
            for text in pieces(sentence)
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
