"""Sounds in which nobody speaks, and recordings written again in every format that is read."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from ingest.media.ffmpeg import RATE, Media

Samples = NDArray[np.float32]

# Suffix: the codec of the sound in it.
CODECS = {
    ".wav": "pcm_s16le", ".mp3": "libmp3lame", ".m4a": "aac", ".aac": "aac", ".flac": "flac",
    ".aiff": "pcm_s16be", ".aif": "pcm_s16be", ".ogg": "libopus", ".oga": "flac",
    ".opus": "libopus", ".mp4": "aac", ".m4v": "aac", ".mov": "aac", ".mkv": "libopus",
    ".webm": "libopus",
}  # fmt: skip
_FORMATS = {".m4v": "mp4", ".oga": "ogg"}  # where FFmpeg does not tell it by the suffix


def wordless(seconds: int = 30) -> Iterator[tuple[str, Samples]]:
    """Silence, noise and tones of the same length, each with its name."""
    random = np.random.default_rng(7)
    moments = np.arange(seconds * RATE) / RATE
    white = random.standard_normal(len(moments))
    yield "silence", np.zeros(len(moments), np.float32)
    yield "faint hiss", _at(0.003, white)
    yield "loud hiss", _at(0.2, white)
    yield "rumble", _at(0.2, _deepened(white))
    hum = [np.sin(2 * np.pi * 50 * n * moments) / n for n in (1, 2, 3, 5)]
    yield "hum of the mains", _at(0.1, np.sum(hum, axis=0))
    yield "tone", _at(0.3, np.sin(2 * np.pi * 440 * moments))
    yield "clicks", _at(0.5, (np.arange(len(moments)) % (RATE // 2) < 40) * white)
    yield "chords", _at(0.3, _chords(moments))
    yield "hiss in bursts", _at(0.2, white * (np.sin(2 * np.pi * 1.5 * moments) > 0))


def _at(loudness: float, sound: "NDArray[np.float64]") -> Samples:
    return (loudness * sound / np.abs(sound).max()).astype(np.float32)


def _deepened(white: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Noise whose power falls with the square of the frequency: wind, traffic."""
    spectrum = np.fft.rfft(white)
    return np.fft.irfft(spectrum / np.arange(1, len(spectrum) + 1), len(white))


def _chords(moments: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Four triads that fade, two seconds each: no instrument, but no noise either."""
    roots = np.array([220.0, 174.6, 261.6, 196.0])[(moments // 2).astype(int) % 4]
    notes = (np.sin(2 * np.pi * roots * ratio * moments) for ratio in (1, 1.26, 1.5, 2))
    return sum(notes, np.zeros(len(moments))) * np.exp(-(moments % 2))


def sound_of(path: Path) -> Samples:
    with Media(path) as media:
        return np.concatenate(list(media.sound()))


def write(path: Path, sound: Samples) -> Path:
    """Mono, in the format that the suffix says."""
    codec, form = CODECS[path.suffix], _FORMATS.get(path.suffix)
    rate = 48_000 if codec == "libopus" else RATE
    with av.open(str(path), "w", format=form) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(sound[np.newaxis, :], format="flt", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def joined(clips: Mapping[str, Samples], pause: float, seconds: float) -> "Joined":
    """The clips one after the other, again and again until it is long enough."""
    silence = np.zeros(int(pause * RATE), np.float32)
    pieces, starts, samples = list[Samples](), list[tuple[float, str]](), 0
    while samples < seconds * RATE:
        for name, sound in clips.items():
            starts.append((samples / RATE, name))
            pieces += [sound, silence]
            samples += len(sound) + len(silence)
    return np.concatenate(pieces), starts


Joined = tuple[Samples, list[tuple[float, str]]]
