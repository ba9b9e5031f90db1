"""Tesseract, when it is installed, through its command line."""

import csv
import io
import subprocess
from collections.abc import Iterator
from itertools import groupby
from shutil import which
from typing import TYPE_CHECKING

from ingest.document import Box, Line
from ingest.errors import CannotRecognise
from ingest.heartbeat import beat
from ingest.ocr.fragments import Fragment, as_lines
from ingest.ocr.sizes import bounded

if TYPE_CHECKING:
    from PIL.Image import Image

_SECONDS = 120
_WORD = "5"  # level of a word in Tesseract's table

_CODES = dict(  # of ISO 639-1
    pair.split(":")
    for pair in """ar:ara bg:bul ca:cat cs:ces da:dan de:deu el:ell en:eng es:spa et:est fa:fas
    fi:fin fr:fra he:heb hi:hin hr:hrv hu:hun id:ind is:isl it:ita ja:jpn ko:kor lt:lit lv:lav
    nb:nor nl:nld no:nor pl:pol pt:por ro:ron ru:rus sk:slk sl:slv sr:srp sv:swe th:tha tr:tur
    uk:ukr vi:vie zh:chi_sim""".split()  # noqa: SIM905
)


class Tesseract:
    """Finds the page's rotation and reading order by itself."""

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

    def lines(self, picture: "Image", scale: float) -> tuple[Line, ...]:
        smaller, shrunk = bounded(picture)
        rows = [list(row) for _, row in groupby(self._words(smaller), key=lambda word: word[0])]
        return tuple(as_lines([[word for _, word in row] for row in rows], scale * shrunk))

    def _words(self, picture: "Image") -> Iterator[tuple[tuple[str, ...], Fragment]]:
        """Each word, after the numbers of its block, paragraph and line."""
        file = io.BytesIO()
        picture.save(file, "PNG", compress_level=1)
        options = ["-l", "+".join(self._languages), "--psm", self._layout, "tsv"]
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
            return ""  # one picture is not read; its page says so


def _output(running: "subprocess.Popen[bytes]", given: bytes) -> bytes:
    """What the program says; nothing if it is not done in time."""
    waiting: bytes | None = given  # it must not be given again
    for _ in range(_SECONDS):
        try:
            return running.communicate(waiting, timeout=1)[0]
        except subprocess.TimeoutExpired:
            waiting = None
            beat(0, 0)
    running.kill()
    return b""
