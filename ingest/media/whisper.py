"""Transcribes sound into timed text. The only module that imports faster-whisper."""

import functools
import math
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.errors import UnreadableFile
from ingest.media.ffmpeg import RATE
from ingest.platform.hardware import cores
from ingest.platform.process import beat, require, wait_calmly

if TYPE_CHECKING:
    from ingest.media.ffmpeg import Samples

_BLOCK = 300  # seconds processed at a time: an hour at once takes gigabytes
_QUIET = 0.2  # seconds of the quiet place where blocks are cut
_MARGIN = 1.0  # seconds of silence put around: a word that starts with the file is misheard without
_VAD: dict[str, Any] = {"min_silence_duration_ms": 1600, "speech_pad_ms": 800}
_DOUBTFUL = 0.1
# More bring little, and each takes address space, of which a confined child has 4 GB.
_MOST_THREADS = 8
_SURE_OF_LANGUAGE = 0.5  # below it, the language of another block, or of the settings, is better


@dataclass(frozen=True)
class Segment:
    """A segment of speech, with its seconds in the recording.

    `confidence` is the mean probability of its tokens (geometric: the exponential of Whisper's
    avg_logprob) times the probability that somebody speaks at all (1 - no_speech_prob).
    """

    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True)
class Said:
    """A segment as soon as it is transcribed."""

    segment: Segment
    language: str  # as an ISO 639-1 code
    doubtful: bool  # words that were probably invented over noise


@functools.cache
def transcriber(folder: Path) -> "Transcriber":
    """The model of a folder, loaded once a process."""
    return Transcriber(folder)


class Transcriber:
    """A Whisper model in CTranslate2's format, with 8-bit weights on the processor.

    What Silero's detector (its weights ride in faster-whisper's wheel) does not take for speech is
    not shown to Whisper at all: Whisper writes "Thank you." over silence.
    """

    def __init__(self, folder: Path) -> None:
        """Loads everything from the folder, without a network. Raises UnreadableFile."""
        packages = ("faster_whisper", "ctranslate2")
        require("speech", *packages, to="write down what is said", error=UnreadableFile)
        wait_calmly()
        from faster_whisper import WhisperModel
        from faster_whisper.transcribe import tqdm
        from faster_whisper.vad import VadOptions

        # Its own lock is a semaphore of the system, which a child that is ended leaves behind.
        tqdm.set_lock(threading.RLock())
        self._folder = folder
        self._vad = VadOptions(**_VAD)
        threads = min(cores(), _MOST_THREADS)
        try:
            self._model = WhisperModel(
                str(folder), "cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise _unusable(folder, error) from error

    def hear(
        self, sound: "Iterable[Samples]", languages: tuple[str, ...], seconds: float = 0.0
    ) -> Iterator[Said]:
        """Each segment of speech in sound as soon as it is transcribed, also the doubtful ones.

        `languages` are the likely ones, for too little speech to detect the language; `seconds` is
        the total length, if known, for progress. Raises UnreadableFile when there is too little
        memory for the model.
        """
        import numpy as np
        from faster_whisper.vad import get_speech_timestamps

        known = ""  # the language once a block was long enough to tell
        try:
            for start, cut in _blocks(sound):
                beat(int(start), int(seconds))  # silence gives no segments, and must not end it
                block = np.pad(cut, int(_MARGIN * RATE))
                if not get_speech_timestamps(block, self._vad):
                    continue
                language, sure = (known, True) if known else self._language(block, languages)
                known = language if sure else ""
                beat(int(start), int(seconds))  # a large model takes long for that, too
                for segment in self._transcribe(start, block, language):
                    beat(int(segment.end), int(seconds))
                    yield Said(segment, language, segment.confidence < _DOUBTFUL)
        except RuntimeError as error:  # of CTranslate2
            raise _unusable(self._folder, error) from error

    def _language(self, block: "Samples", likely: tuple[str, ...]) -> tuple[str, bool]:
        """The language, and whether that is certain."""
        if len(known := self._model.supported_languages) == 1:
            return known[0], True
        found, probability, all_of_them = self._model.detect_language(
            block, vad_filter=True, vad_parameters=self._vad
        )
        if probability >= _SURE_OF_LANGUAGE:
            return found, True
        likeliest = (language for language, _ in all_of_them if language in likely)
        return next(likeliest, found), False

    def _transcribe(self, start: float, block: "Samples", language: str) -> Iterator[Segment]:
        import ctranslate2

        ctranslate2.set_random_seed(0)  # the same file gives the same text
        found, _ = self._model.transcribe(
            block,
            language=language,
            vad_filter=True,
            vad_parameters=self._vad,
            condition_on_previous_text=False,  # otherwise one loop of words continues to the end
        )
        for said in found:
            confidence = math.exp(said.avg_logprob) * (1 - said.no_speech_prob)
            if text := said.text.strip():
                begin, end = (start + max(at - _MARGIN, 0.0) for at in (said.start, said.end))
                yield Segment(text, begin, end, round(confidence, 3))


def _unusable(folder: Path, error: Exception) -> UnreadableFile:
    if "memory" in str(error):
        message = f"The speech model {folder.name} needs more memory than a reader of files has."
        return UnreadableFile(f"{message} `pincite models use speech whisper-base` takes less.")
    message = f"The speech model in {folder} cannot be used ({error})."
    return UnreadableFile(f"{message} `pincite models verify` checks it.")


def _blocks(sound: "Iterable[Samples]") -> "Iterator[tuple[float, Samples]]":
    """Blocks of a few minutes with their first second, cut at quiet places."""
    import numpy as np

    held, samples, begin = [], 0, 0
    for piece in sound:
        held.append(piece)
        samples += len(piece)
        if samples >= _BLOCK * RATE:
            whole = np.concatenate(held)
            cut = _quietest(whole)
            yield begin / RATE, whole[:cut]
            begin, held, samples = begin + cut, [whole[cut:]], samples - cut
    if samples:
        yield begin / RATE, np.concatenate(held)


def _quietest(sound: "Samples") -> int:
    """The sample in the middle of the quietest moment of the last half minute."""
    window = int(_QUIET * RATE)
    tail = sound[-(30 * RATE // window) * window :].reshape(-1, window)
    quietest = int((tail**2).sum(axis=1).argmin())
    return len(sound) - tail.size + quietest * window + window // 2
