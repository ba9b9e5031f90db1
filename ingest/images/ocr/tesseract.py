"""Tesseract, when it is installed, through its command line."""

import csv
import io
import subprocess
from collections.abc import Iterator
from itertools import groupby
from shutil import which
from typing import TYPE_CHECKING

from ingest.document.model import Box, Line
from ingest.errors import CannotRecognise
from ingest.images.ocr.fragments import Fragment, as_lines, confidence, turned_back
from ingest.images.ocr.sizes import MOST_PIXELS, bounded
from ingest.platform.progress import beat

if TYPE_CHECKING:
    from PIL.Image import Image

_SECONDS = 120
_SURE = 0.6  # poor receipts reach .7 and more, turned letters about .4
_ENLARGED = 2.0  # it is trained on letters of 300 dots an inch; receipts: .78 to .82 of the words
_WORD = "5"  # level of a word in Tesseract's table

_Word = tuple[tuple[str, ...], Fragment]  # the numbers of its block, paragraph and line first

_CODES = dict(  # of ISO 639-1
    pair.split(":")
    for pair in """ar:ara bg:bul ca:cat cs:ces da:dan de:deu el:ell en:eng es:spa et:est fa:fas
    fi:fin fr:fra he:heb hi:hin hr:hrv hu:hun id:ind is:isl it:ita ja:jpn ko:kor lt:lit lv:lav
    nb:nor nl:nld no:nor pl:pol pt:por ro:ron ru:rus sk:slk sl:slv sr:srp sv:swe th:tha tr:tur
    uk:ukr vi:vie zh:chi_sim""".split()  # noqa: SIM905
)


class Tesseract:
    """Tesseract, which finds the reading order and the rotation of full pages itself."""

    def __init__(self, languages: tuple[str, ...]) -> None:
        """Raises CannotRecognise."""
        self._program = which("tesseract") or ""
        if not self._program:
            raise CannotRecognise(
                "Tesseract is not installed. Install it (on Debian: apt install tesseract-ocr) "
                "or choose rapidocr in the settings."
            )
        installed = self._installed()
        wanted = [_CODES.get(language, language) for language in languages]
        self._languages = [code for code in wanted if code in installed]
        self.absent = [code for code in wanted if code not in installed]
        if not self._languages:
            raise CannotRecognise(
                f"Tesseract has no data for {', '.join(languages) or 'nothing'}. Install it "
                f"(on Debian: apt install tesseract-ocr-{wanted[0] if wanted else 'eng'})."
            )
        self._layout = "1" if "osd" in installed else "3"  # 1 also finds the page's rotation

    def lacks(self) -> str:
        """Which data are absent, and the remedy."""
        return (
            f"Tesseract has no data for {', '.join(self.absent)}. Install it "
            f"(on Debian: apt install tesseract-ocr-{self.absent[0]})."
        )

    def lines(self, picture: "Image", scale: float) -> tuple[Line, ...]:
        sized, factor = _sized(picture)
        quarters, words = self._upright(sized)
        rows = [[word for _, word in row] for _, row in groupby(words, key=lambda word: word[0])]
        width, height = (side / scale / factor for side in sized.size)
        if quarters % 2:
            width, height = height, width
        found = as_lines(rows, scale * factor)
        return tuple(turned_back(line, width, height, quarters) for line in found)

    def _upright(self, picture: "Image") -> tuple[int, list[_Word]]:
        """Quarter turns counterclockwise with the most text, and that text.

        Tesseract itself finds the rotation of full pages only, and sometimes wrongly.
        """
        best = 0, list(self._words(picture, self._layout))
        for quarters in (2, 1, 3):
            if _confidence(best[1]) >= _SURE:
                break
            turned = picture.rotate(90 * quarters, expand=True)
            words = list(self._words(turned, "3"))
            if _score(words) > _score(best[1]):
                best = quarters, words
        return best

    def _words(self, picture: "Image", layout: str) -> Iterator[_Word]:
        """Each word, after the numbers of its block, paragraph and line."""
        file = io.BytesIO()
        picture.save(file, "PNG", compress_level=1)
        options = ["-l", "+".join(self._languages), "--psm", layout, "tsv"]
        table = io.StringIO(self._run(["stdin", "stdout", *options], file.getvalue()))
        for word in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
            confidence = float(word["conf"]) / 100
            if word["level"] == _WORD and word["text"].strip():
                x, y, wide, high = (int(word[k]) for k in ("left", "top", "width", "height"))
                line = word["block_num"], word["par_num"], word["line_num"]
                box = Box(x, y, x + wide, y + high)
                yield line, Fragment(word["text"].strip(), box, confidence)

    def _installed(self) -> set[str]:
        return set(self._run(["--list-langs"]).split("\n")[1:])

    def _run(self, arguments: list[str], given: bytes = b"") -> str:
        pipe = subprocess.PIPE
        try:
            with subprocess.Popen(
                [self._program, *arguments], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
            ) as running:
                return _output(running, given).decode("utf-8", "replace")
        except OSError:
            return ""  # the picture is not read; its page says so


def _sized(picture: "Image") -> tuple["Image", float]:
    """Small enough, but not smaller than needed; in RGB, and by how much it was scaled."""
    smaller, factor = bounded(picture)
    larger = min(_ENLARGED, (MOST_PIXELS / max(smaller.width * smaller.height, 1)) ** 0.5)
    if factor < 1 or larger <= 1:
        return smaller, factor
    from PIL.Image import Resampling

    size = round(smaller.width * larger), round(smaller.height * larger)
    return smaller.resize(size, Resampling.LANCZOS), size[0] / smaller.width


def _confidence(words: list[_Word]) -> float:
    return confidence([fragment for _, fragment in words])


def _score(words: list[_Word]) -> float:
    """Letters, each worth its confidence."""
    return sum(fragment.confidence * len(fragment.text) for _, fragment in words)


def _output(running: "subprocess.Popen[bytes]", given: bytes) -> bytes:
    """The output of the program; empty if it does not finish in time."""
    waiting: bytes | None = given  # the option must not be given again
    for _ in range(_SECONDS):
        try:
            return running.communicate(waiting, timeout=1)[0]
        except subprocess.TimeoutExpired:
            waiting = None
            beat(0, 0)
    running.kill()
    return b""
