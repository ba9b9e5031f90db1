"""Reads texts aloud: voices that speak a sentence at a time, and what they are given of a text."""

import functools
import io
import json
import logging
import os
import re
import shutil
import subprocess
import tempfile
import threading
import wave
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from assistant.contract.facts import Offer
from assistant.errors import AssistantError, ModelUnusable
from assistant.i18n.translation import N_
from assistant.images.vision import unless
from assistant.models.catalogue import catalogue
from assistant.models.programs import PIPER
from assistant.security.network_guard import QUIET
from ingest.errors import PinciteError, Stopped
from ingest.language import sentences
from ingest.language.words import language_of

log = logging.getLogger(__name__)


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
        """The bytes of a WAV file."""
        file = io.BytesIO()
        with wave.open(file, "wb") as written:
            written.setparams((1, 2, self.rate, 0, "NONE", ""))
            written.writeframes(self.samples)
        return file.getvalue()


# -- espeak-ng reads aloud where the machine has it: a small program, about a hundred languages
# It is under the GPL-3.0, and run as a program.

PROGRAM = "espeak-ng"
_SECONDS = 60
_ACCENTS = {"en": "en-us"}  # else British


def espeak_program() -> Path | None:
    """The path of the program on this machine."""
    found = shutil.which(PROGRAM)
    return Path(found) if found else None


@functools.cache
def espeak_languages(espeak: Path) -> frozenset[str]:
    """ISO 639-1 codes of what it speaks."""
    done = subprocess.run([espeak, "--voices"], capture_output=True, text=True, timeout=_SECONDS)
    rows = [line.split() for line in done.stdout.splitlines()[1:]]
    return frozenset(row[1].partition("-")[0] for row in rows if len(row) > 1)


class Espeak:
    """Speaks one language with eSpeak NG. A sentence takes some hundredths of a second."""

    def __init__(self, espeak: Path, language: str) -> None:
        self.name = PROGRAM
        self._command = [str(espeak), "--stdin", "--stdout", "-b", "1", "-v"]
        self._command.append(_ACCENTS.get(language, language))

    def say(self, text: str, cancel: threading.Event) -> SpokenSound:
        """Speak a sentence; empty sound for a row of dots. Raises Stopped or VoiceFailed."""
        if cancel.is_set():
            raise Stopped("Reading aloud was stopped.")
        try:
            done = subprocess.run(
                self._command, input=text.encode(), capture_output=True, timeout=_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise VoiceFailed(f"{PROGRAM} does not speak: {error}.") from error
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise VoiceFailed(f"{PROGRAM} does not speak: {said or f'status {done.returncode}'}.")
        return _sound(done.stdout)


def _sound(written: bytes) -> SpokenSound:
    """Of a WAV file, whose header need not state its length; no bytes at all are no sound."""
    if not written:
        return SpokenSound(b"", 22_050)
    with wave.open(io.BytesIO(written)) as file:
        return SpokenSound(file.readframes(file.getnframes()), file.getframerate())


# -- Piper reads aloud, in a process of its own
# piper-tts is under the GPL-3.0: it is never imported here, but run as a program, from an
# environment of its own (`models/programs.py`). One process stays, for loading a voice
# takes half a second.

_IDLE = 300.0  # seconds after which the process ends: it holds 340 MB
_LOOK = 0.05  # seconds between two looks at whether it was stopped
_WRITTEN = re.compile(r"Wrote ((?:(?!Wrote ).)+\.wav)$")
_SPOKEN = re.compile(r"\w")


class Piper:
    """A voice's model, and the process that speaks with it, started on demand."""

    def __init__(self, python: Path, model: Path, idle: float = _IDLE) -> None:
        """`python` is the environment's, `model` the voice's .onnx file, its .onnx.json beside.

        After `idle` seconds without a word its process ends; the next sentence starts another one.
        """
        self.name = model.stem
        self._idle = idle
        self._ending: threading.Timer | None = None
        self._python = python
        self._model = model
        self._lock = threading.Lock()
        self._process: _Process | None = None

    def say(self, text: str, cancel: threading.Event) -> SpokenSound:
        """Speak a sentence; empty sound for one without words. Raises VoiceFailed, and Stopped
        within a tenth of a second of `cancel`."""
        # What makes no sound ends Piper 1.8.0: it cannot write an empty file.
        if not _SPOKEN.search(text):
            return SpokenSound(b"", 22_050)
        while not self._lock.acquire(timeout=_LOOK):  # another one is being read to
            if cancel.is_set():
                raise Stopped("Reading aloud was stopped.")
        try:
            self._process = self._process or _Process(self._python, self._model)
            sound = self._process.say(" ".join(text.split()), cancel)
            self._end_later()
            return sound
        except (VoiceFailed, Stopped):
            self._end()
            raise
        finally:
            self._lock.release()

    def close(self) -> None:
        """End the process that speaks, if it is running."""
        with self._lock:
            self._end()

    def _end_later(self) -> None:
        if self._ending:
            self._ending.cancel()
        self._ending = threading.Timer(self._idle, self.close)
        self._ending.daemon = True
        self._ending.start()

    def _end(self) -> None:
        if self._ending:
            self._ending.cancel()
        if self._process is not None:
            self._process.end()
            self._process = None


class _Process:
    """Reads a line, writes it as a WAV file into its folder, and says so on standard error."""

    def __init__(self, python: Path, model: Path) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="pincite-voice-"))
        command = [str(python), "-I", "-X", "utf8", "-m", "piper", "--model", str(model)]
        command += ["--output-dir", str(self._folder)]
        try:
            self._child = subprocess.Popen(
                command, cwd=self._folder, env={**os.environ, **QUIET}, text=True,
                encoding="utf-8", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )  # fmt: skip
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise VoiceFailed(f"Piper does not start from {python}: {error.strerror}.") from error
        self.end = weakref.finalize(self, _end, self._child, self._folder)

    def say(self, line: str, cancel: threading.Event) -> SpokenSound:
        """Raises VoiceFailed and Stopped, after which it is to be ended."""
        assert self._child.stdin is not None
        with suppress(OSError):  # it has ended: what it said last tells why
            self._child.stdin.write(f"{line}\n")
            self._child.stdin.flush()
        path = self._next_file(cancel)
        sound = _sound(path.read_bytes())
        path.unlink()
        return sound

    def _next_file(self, cancel: threading.Event) -> Path:
        assert self._child.stderr is not None
        last = ""  # that it said before it ended
        while told := unless(cancel, self._child.stderr.readline):
            if found := _WRITTEN.search(told.strip()):
                return Path(found[1])
            last = told.strip() or last
        raise VoiceFailed(_ended(last))


def _end(child: "subprocess.Popen[str]", folder: Path) -> None:
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stderr):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    shutil.rmtree(folder, ignore_errors=True)


def _ended(last: str) -> str:
    return (
        f"Piper ended without a sound ({last or 'no output'}). If the voice is damaged, "
        "`pincite models verify` says so; `pincite models remove piper` and `pincite models pull "
        "piper` install its program again."
    )


# -- Chooses the voice for a text: the user's Piper voice in its language, else espeak-ng

NONE = N_(
    "There is no voice to read aloud with. `pincite models pull en_US-joe-medium` fetches one; "
    "espeak-ng is used where the machine has it (`apt install espeak-ng`)."
)

# What reads aloud. Several threads may use it; one sentence is made at a time.
Voice = Espeak | Piper


class Voices:
    """Voices, looked up for each text: one may have been fetched meanwhile."""

    none = NONE  # what people are told where there is none

    def __init__(self, chosen: Callable[[], Path | None], cache: Path, language: str) -> None:
        """`chosen` gives the folder of the voice in use, `language` is the person's own, which is
        taken for that of a short text."""
        self._chosen = chosen
        self._cache = cache
        self._language = language
        self._lock = threading.Lock()
        self._pipers: dict[Path, Piper] = {}

    def of(self, text: str) -> Voice | None:
        """The voice for it; None: there is none at all. Raises ModelUnusable."""
        language, program = language_of(text, self._language), espeak_program()
        piper, speaks = self._piper()
        others = espeak_languages(program) if program else frozenset()
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
        """End the processes of all voices."""
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
    """The language of a voice by its settings. Raises ModelUnusable."""
    config = model.with_suffix(".onnx.json")
    try:
        voice = json.loads(config.read_text(encoding="utf-8"))["espeak"]["voice"]
        return str(voice).partition("-")[0]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelUnusable(f"{config} does not say which language the voice speaks.") from error


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
