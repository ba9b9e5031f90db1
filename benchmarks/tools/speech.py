"""How well is speech read? Word error rate of the clips, containers, silence, speed, memory.

Every file goes through the sandbox, as `pincite add` does it: one child process with 4 GB of
address space reads them one after the other.
"""

import os
import re
import statistics
import tempfile
import time
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import active_children
from pathlib import Path
from typing import Any

from assistant.evaluation.metrics import read_rows
from assistant.models.installed import Models
from assistant.settings import Settings
from benchmarks import common
from benchmarks.tools import sounds
from ingest.document.model import Line
from ingest.document.source import Engines
from ingest.errors import PinciteError
from ingest.media.ffmpeg import RATE, clock
from ingest.sandbox.pool import Sandbox

WANTED = 0.12
_SHORT = 1.0  # seconds: a single word, which gives the model nothing to go by
_LONG = 600.0  # seconds of the long recording
_ABBREVIATED = {"mr": "mister", "mrs": "missus", "dr": "doctor", "st": "saint"}
_ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
]  # fmt: skip
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


@dataclass(frozen=True)
class Heard:
    """What became of a file."""

    lines: tuple[Line, ...]
    note: str  # of the page, or the sentence with which the file was refused
    refused: bool
    seconds: float  # of the wall
    processor: float  # seconds of all cores

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.lines)


class Ear:
    """A sandbox with the speech model, and what its child used."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def hear(self, path: Path) -> Heard:
        began, used = time.perf_counter(), _processor()
        lines, note, refused = tuple[Line, ...](), "", False
        try:
            page = self._sandbox.start(path)()[0].pages[0]
            lines, note = page.lines, page.note
        except PinciteError as error:
            note, refused = str(error), True
        spent = time.perf_counter() - began
        return Heard(lines, note, refused, spent, _processor() - used)


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument(
        "--model", type=Path, help="folder of a speech model (else the one in use)"
    )
    options.add_argument("--long", type=float, default=_LONG, help="seconds of the long recording")
    chosen = options.parse_args()
    folder = common.eval_folder(chosen.eval) / "audio"
    rows = read_rows(folder / "transcripts.jsonl")
    engines = Engines(speech=chosen.model or _installed())
    print(f"\n# Speech: {engines.speech.name if engines.speech else ''}")
    with tempfile.TemporaryDirectory() as made, Sandbox(engines=engines) as sandbox:
        ear, scratch = Ear(sandbox), Path(made)
        silence(ear, scratch)
        clips(ear, folder / "files", rows, chosen.cache)
        containers(ear, folder / "files", scratch, rows)
        long(ear, folder / "files", scratch, _spoken(rows), chosen.long)
        resident, space = (_status(name) for name in ("VmHWM", "VmPeak"))
        print(f"\nThe child at its peak: {resident} MB resident, {space} MB of address space.")


def _installed() -> Path:
    settings = Settings.load()
    return Models(settings).chosen("speech") or Path("none")


def silence(ear: Ear, scratch: Path) -> None:
    heard = [
        (name, ear.hear(sounds.write(scratch / f"{name}.wav", sound)))
        for name, sound in sounds.wordless()
    ]
    silent = sum(not one.text and not one.refused for _, one in heard)
    print(f"\n## Nobody speaks: no text from {silent} of {len(heard)}\n")
    lines = [(name, one.text, one.note, f"{one.seconds:.1f}") for name, one in heard]
    print(common.table(["sound, 30 s", "text", "note", "seconds"], lines))


def clips(ear: Ear, folder: Path, rows: list[dict[str, Any]], cache: Path) -> None:
    heard = {row["file"]: ear.hear(folder / row["file"]) for row in rows}
    common.write_rows(
        cache / "speech.jsonl", ({"file": n, "text": h.text} for n, h in heard.items())
    )
    print("\n## Clips\n")
    header = ["file", "seconds", "processor s", "errors / words", "heard, or why not"]
    print(common.table(header, (_clip(row, heard[row["file"]]) for row in rows)))
    spoken = _spoken(rows)
    strict = [row for row in spoken if "leave out" not in row["note"]]
    groups = {
        "English clips": strict,
        "- of a sentence": [row for row in strict if row["seconds"] >= _SHORT],
        "- of a single word": [row for row in strict if row["seconds"] < _SHORT],
        "with the clip whose text is doubtful": spoken,
    }
    print(f"\nWord error rate (wanted for the English clips: at most {WANTED}):\n")
    lines = [(name, len(some), f"{_rate(some, heard):.3f}") for name, some in groups.items()]
    print(common.table(["", "clips", "word error rate"], lines))


def _spoken(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["lang"] == "en" and row["text"]]


def _clip(row: dict[str, Any], heard: Heard) -> tuple[object, ...]:
    said = row["text"]
    errors = f"{distance(words(said), words(heard.text))} / {len(words(said))}" if said else ""
    shown = heard.text or heard.note
    return row["file"], row["seconds"] or "", f"{heard.processor:.1f}", errors, shown


def _rate(rows: list[dict[str, Any]], heard: dict[str, Heard]) -> float:
    pairs = [(words(row["text"]), words(heard[row["file"]].text)) for row in rows]
    return sum(distance(*pair) for pair in pairs) / sum(len(said) for said, _ in pairs)


def containers(ear: Ear, folder: Path, scratch: Path, rows: list[dict[str, Any]]) -> None:
    longest = max(_spoken(rows), key=lambda row: row["seconds"])
    sound, said = sounds.sound_of(folder / longest["file"]), words(longest["text"])
    print(f"\n## {longest['file']} in every container\n")
    lines = []
    for suffix, codec in sounds.CODECS.items():
        heard = ear.hear(sounds.write(scratch / f"clip{suffix}", sound))
        lines.append((suffix, codec, distance(said, words(heard.text)), heard.note))
    print(common.table(["suffix", "codec", f"errors in {len(said)} words", "note"], lines))


def long(ear: Ear, folder: Path, scratch: Path, rows: list[dict[str, Any]], seconds: float) -> None:
    """Sentences with pauses between them: how fast, and are the seconds right?"""
    different = {r["text"]: r for r in rows if r["seconds"] >= _SHORT}  # else they are mixed up
    sentences = {r["file"]: words(r["text"]) for r in different.values()}
    clips = {name: sounds.sound_of(folder / name) for name in sentences}
    sound, starts = sounds.joined(clips, 2.0, seconds)
    heard = ear.hear(sounds.write(scratch / "long.flac", sound))
    length = len(sound) / RATE
    if heard.refused:
        print(f"\nThe recording of {clock(length)} was not read: {heard.note}")
        return
    said = [word for _, name in starts for word in sentences[name]]
    late = sorted(abs(x) for x in _differences(heard.lines, starts, sentences))
    print(f"\n## A recording of {clock(length)}, {len(starts)} clips with pauses of two seconds\n")
    found = [
        ("word error rate", f"{distance(said, words(heard.text)) / len(said):.3f}"),
        ("real time factor (wall)", f"{heard.seconds / length:.3f}"),
        ("real time factor (processor seconds)", f"{heard.processor / length:.3f}"),
        ("clips whose line begins with their first two words", f"{len(late)} of {len(starts)}"),
        ("their seconds are wrong by: median", f"{statistics.median(late):.2f} s"),
        ("- at most", f"{late[-1]:.2f} s"),
        ("note", heard.note),
    ]
    print(common.table(["", ""], found))


def _differences(
    lines: tuple[Line, ...], starts: list[tuple[float, str]], sentences: dict[str, list[str]]
) -> Iterator[float]:
    """Between where a clip was put and the nearest line that begins as it does."""
    for start, name in starts:
        near = [
            (line.seconds or 0.0) - start
            for line in lines
            if words(line.text)[:2] == sentences[name][:2]
        ]
        nearest = min(near, key=abs, default=99.0)
        if abs(nearest) < 10:
            yield nearest


def words(text: str) -> list[str]:
    """Lower case, no punctuation, numbers and titles as words, compounds apart."""
    plain = unicodedata.normalize("NFKC", text).lower().replace("’", "'").replace("'", "")
    found = [_ABBREVIATED.get(word, word) for word in re.findall(r"\w+", plain)]
    return [part for word in found for part in (_number(word) if word.isdecimal() else [word])]


def _number(digits: str) -> list[str]:
    value = int(digits)
    if value < 20:
        return [_ONES[value]]
    if value < 100:
        return [_TENS[value // 10 - 2], *([_ONES[value % 10]] if value % 10 else [])]
    return [digits]


def distance(said: list[str], heard: list[str]) -> int:
    """Words put in, left out or changed (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for at, word in enumerate(said, start=1):
        before, row[0] = row[0], at
        for column, other in enumerate(heard, start=1):
            change = before + (word != other)
            before, row[column] = row[column], min(change, row[column] + 1, row[column - 1] + 1)
    return row[-1]


def _processor() -> float:
    """Seconds that all children have used on all cores."""
    used = 0.0
    for child in active_children():
        fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
        used += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return used


def _status(name: str) -> int:
    """Megabytes of the largest child; Linux counts them."""
    texts = [Path(f"/proc/{child.pid}/status").read_text() for child in active_children()]
    found = [re.search(rf"{name}:\s+(\d+) kB", text) for text in texts]
    return max((int(match[1]) // 1024 for match in found if match), default=0)


if __name__ == "__main__":
    main()
