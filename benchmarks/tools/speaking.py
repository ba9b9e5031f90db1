"""How well is read aloud, and does the tool that transcribes hear it? A spoken round trip of 20
sentences with each voice of this machine, then the clips of the evaluation data through the tool.

Both texts of a round trip are compared as they are spoken: money, dates and abbreviations in the
order in which they are said, numbers as words (12.5% is "twelve point five percent", on both
sides), no punctuation, no capitals. What is left are words that were said or heard wrongly.
"""

import argparse
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.evaluation.metrics import read_rows
from assistant.models.fetch import user_cache
from assistant.models.installed import Models
from assistant.models.programs import PIPER
from assistant.settings import Settings
from assistant.studio.voices import (
    Espeak,
    Piper,
    SpokenSound,
    Voice,
    espeak_program,
    model_of,
    pieces,
)
from assistant.tools.transcription import Transcribing
from assistant.wiring import chosen_models
from benchmarks import common
from benchmarks.tools import sounds
from benchmarks.tools.speech import WANTED, distance, words
from ingest.errors import PinciteError

WANTED_ROUND_TRIP = 0.15
_SHORT = 1.0  # seconds: a single word
_HUNDREDS = ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))

SENTENCES = (
    "The board approved the annual budget on March 3, 2024.",
    "Revenue grew by 12.5% to $4.2 million in the second quarter.",
    "Employees have thirty days of paid leave a year.",
    "Please send the signed contract to Maria Lopez before Friday.",
    "The warehouse in Rotterdam ships about 1,200 parcels a day.",
    "Passwords must have at least fourteen characters and one number.",
    "Invoice 4471 is due within 30 days of delivery.",
    "The meeting with the auditors starts at 9:30 and ends at noon.",
    "Travel costs above $500 need the approval of a director.",
    "Our office in Berlin moved to a larger building in 2019.",
    "Dr. Patel will present the results of the customer survey.",
    "The supplier raised the price of steel by 8% in January.",
    "Two thirds of all complaints concern late deliveries.",
    "The new policy replaces version 2 of the handbook.",
    "Net profit fell to €3.1 million, mainly because of energy costs.",
    "Visitors must wear a badge at all times, e.g. in the canteen.",
    "John Miller has led the sales team since October 2021.",
    "The lease of the second floor expires on December 31, 2026.",
    "A copy of each receipt is kept for seven years.",
    "If the alarm sounds, leave the building through the north exit.",
)


@dataclass(frozen=True)
class Trip:
    """A sentence, and what came back of it."""

    sentence: str
    heard: str
    speaking: float  # seconds that it took to be made
    sound: float  # seconds that it lasts

    @property
    def errors(self) -> int:
        return distance(spoken(self.sentence), spoken(self.heard))


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--clips", action=argparse.BooleanOptionalAction, default=True)
    chosen = options.parse_args()
    settings = Settings.load()
    tool = chosen_models.transcribing(settings)
    with tempfile.TemporaryDirectory() as scratch:
        warm(tool, Path(scratch))
        for voice in voices(settings):
            round_trip(voice, tool, Path(scratch))
        if chosen.clips:
            folder = common.eval_folder(chosen.eval) / "audio"
            clips(tool, folder / "files", read_rows(folder / "transcripts.jsonl"))
            silence(tool, Path(scratch))


def warm(tool: Transcribing, scratch: Path) -> None:
    """Load the speech model, so that no sentence pays for it."""
    quiet = sounds.write(scratch / "warm.wav", next(sound for _, sound in sounds.wordless()))
    tool.transcription(quiet).finish()


def voices(settings: Settings) -> Iterator[Voice]:
    program = espeak_program()
    folder = Models(settings).chosen("voice")
    python = PIPER.python(user_cache())
    if folder and python:
        piper = Piper(python, model_of(folder))
        yield piper
        piper.close()
    if program:
        yield Espeak(program, "en")


def round_trip(voice: Voice, tool: Transcribing, scratch: Path) -> None:
    began = time.perf_counter()
    voice.say("Good morning.", threading.Event())
    first = time.perf_counter() - began
    trips = [_trip(sentence, voice, tool, scratch) for sentence in SENTENCES]
    print(f"\n## {voice.name}: spoken, then written down\n")
    rows = [(t.sentence, t.heard, f"{t.errors} / {len(spoken(t.sentence))}") for t in trips]
    print(common.table(["sentence", "heard", "errors / words"], rows))
    errors = sum(trip.errors for trip in trips)
    every = sum(len(spoken(trip.sentence)) for trip in trips)
    rates = sorted(trip.speaking / trip.sound for trip in trips)
    found = [
        ("sentences", str(len(trips))),
        ("word error rate", f"{errors / every:.3f} (wanted: at most {WANTED_ROUND_TRIP})"),
        ("sentences without an error", str(sum(not trip.errors for trip in trips))),
        ("seconds of work for a second of speech, median", f"{statistics.median(rates):.3f}"),
        ("- at most", f"{rates[-1]:.3f}"),
        ("first sound, the voice being loaded", f"{first:.2f} s"),
        ("sound of a sentence, median", f"{statistics.median(t.sound for t in trips):.2f} s"),
        ("its making, median", f"{statistics.median(t.speaking for t in trips):.2f} s"),
    ]
    print()
    print(common.table(["", ""], found))


def _trip(sentence: str, voice: Voice, tool: Transcribing, scratch: Path) -> Trip:
    began = time.perf_counter()
    made = [voice.say(piece, threading.Event()) for piece in pieces(sentence)]
    took = time.perf_counter() - began
    sound = SpokenSound(b"".join(one.samples for one in made), made[0].rate)
    path = scratch / "sentence.wav"
    path.write_bytes(sound.wav)
    return Trip(sentence, tool.transcription(path).finish().text, took, sound.seconds)


def clips(tool: Transcribing, folder: Path, rows: list[dict[str, Any]]) -> None:
    english = [row for row in rows if row["lang"] == "en" and row["text"]]
    strict = [row for row in english if "leave out" not in row["note"]]
    began = time.perf_counter()
    heard = {row["file"]: tool.transcription(folder / row["file"]).finish() for row in strict}
    passed = time.perf_counter() - began
    sentences = [row for row in strict if row["seconds"] >= _SHORT]
    seconds = sum(row["seconds"] for row in strict)
    print("\n## The clips of the evaluation data, by the tool that transcribes\n")
    found = [
        ("English clips", str(len(strict)), f"{_rate(strict, heard):.3f} (at most {WANTED})"),
        ("- of a sentence", str(len(sentences)), f"{_rate(sentences, heard):.3f}"),
    ]
    print(common.table(["", "clips", "word error rate"], found))
    print(f"\n{passed / seconds:.2f} seconds of work for a second of these short clips.\n")
    broken = [(name, _told(tool, folder / name)) for name in ("bad_header.wav", "evil.wav")]
    print(common.table(["broken", "what is told"], broken))


def _rate(rows: list[dict[str, Any]], heard: dict[str, Any]) -> float:
    pairs = [(words(row["text"]), words(heard[row["file"]].text)) for row in rows]
    return sum(distance(*pair) for pair in pairs) / sum(len(said) for said, _ in pairs)


def silence(tool: Transcribing, scratch: Path) -> None:
    rows = []
    for name, sound in sounds.wordless():
        path = sounds.write(scratch / f"{name}.wav", sound)
        rows.append((name, _told(tool, path)))
    print("\n## Nobody speaks, 30 seconds each\n")
    print(common.table(["sound", "what is told"], rows))


def _told(tool: Transcribing, path: Path) -> str:
    try:
        done = tool.transcription(path).finish()
    except PinciteError as error:
        return f"refused: {error}"
    return f"text: {done.text}" if done.text else " ".join(done.notices)


def spoken(text: str) -> list[str]:
    """The words as they are said."""
    said = " ".join(pieces(text)).lower().replace("%", " percent").replace("-", " ")
    said = re.sub(r"(?<=\d),(?=\d{3}\b)", "", said)
    said = re.sub(r"\b(\d+)(?:st|nd|rd|th)\b", r"\1", said)
    said = re.sub(r"(\d+)\.(\d+)", r"\1 point \2", said)
    said = re.sub(r"\d+", lambda found: f" {cardinal(int(found[0]))} ", said)
    return words(said)


def cardinal(number: int) -> str:
    """1247 is "one thousand two hundred forty seven"."""
    for size, name in _HUNDREDS:
        if number >= size:
            rest = f" {cardinal(number % size)}" if number % size else ""
            return f"{cardinal(number // size)} {name}{rest}"
    return " ".join(words(str(number)))


if __name__ == "__main__":
    main()
