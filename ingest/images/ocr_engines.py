"""Recognises text in pictures: chooses the engine and languages, or says why there is none."""

import csv
import io
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from itertools import groupby
from shutil import which
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from ingest.document.model import Box, Line, count, union
from ingest.document.source import Engines
from ingest.errors import CannotRecognise
from ingest.images.image_file import scaled
from ingest.platform.hardware import cores
from ingest.platform.process import beat, output_of, require

if TYPE_CHECKING:
    from PIL.Image import Image


@cache  # models load once in a process
def recognizer(engines: Engines) -> "Recognizer":
    """The engine of the settings. Raises CannotRecognise with the reason."""
    if engines.ocr == "rapidocr":
        return _rapid_or_tesseract(engines.languages)
    if engines.ocr == "tesseract":
        return Tesseract(engines.languages)
    if engines.ocr == "off":
        raise CannotRecognise("Pictures and scans are not read: text recognition is switched off.")
    raise CannotRecognise(
        f"{engines.ocr!r} is no text recognition. Choose rapidocr, tesseract or off."
    )


def _rapid_or_tesseract(languages: tuple[str, ...]) -> "Recognizer":
    """RapidOCR has no model for Cyrillic, Arabic and others: where one of these is wanted, and the
    machine has Tesseract with all that are wanted, Tesseract reads. One reads all pages, so that
    without data for one language the other's would be lost. Raises CannotRecognise."""
    if LANGUAGES.issuperset(languages):
        return Rapid(languages)
    try:
        reader = Tesseract(languages)
    except CannotRecognise:  # not installed, or without data for any
        return Rapid(languages)
    if not reader.absent:
        return reader
    if LANGUAGES.isdisjoint(languages):
        raise CannotRecognise(f"Scans are not read: {reader.lacks()}")
    return Rapid(languages)  # the doctor names what is missing


# -- Turns pieces of recognised text into the lines of a page

SURE = 0.999  # recognition never claims certainty: a line of confidence 1 is text from the file
_LARGE = 1.35  # times the usual height: boxes of one font size differ by a fifth
_CLEAR = 0.9  # of confidence: a signature is large and no heading
_LETTERS = 0.72  # of a box's height is the size of its letters (rendered pages, 8 to 24 points)


class Fragment(NamedTuple):
    """A piece of recognised text, with its place in pixels."""

    text: str
    box: Box
    confidence: float
    slope: float = 0.0  # of its top edge, downwards to the right

    @property
    def height(self) -> float:
        return self.box.y1 - self.box.y0

    @property
    def width(self) -> float:
        return self.box.x1 - self.box.x0

    @property
    def sideways(self) -> bool:
        return self.height > 1.5 * self.width


def confidence(fragments: Sequence[Fragment]) -> float:
    """The mean confidence, 0 to 1, in which each letter counts once; 0 without letters."""
    letters = sum(count(fragment.text) for fragment in fragments)
    total = sum(fragment.confidence * count(fragment.text) for fragment in fragments)
    return total / letters if letters else 0.0


def turned(box: Box, width: float, height: float, quarters: int) -> Box:
    """A box in a picture of this size after quarter turns counterclockwise."""
    for _ in range(quarters % 4):
        box = Box(box.y0, width - box.x1, box.y1, width - box.x0)
        width, height = height, width
    return box


def _lines_of(
    rows: Sequence[Sequence[Fragment]], picture: "Image", scale: float, quarters: int
) -> tuple[Line, ...]:
    """The lines of a picture, moved back before its quarter turns counterclockwise."""
    width, height = picture.width / scale, picture.height / scale
    if quarters % 2:
        width, height = height, width
    lines = as_lines(rows, scale)
    if not quarters:
        return tuple(lines)
    return tuple(replace(one, box=turned(one.box, width, height, 4 - quarters)) for one in lines)


def as_lines(rows: Sequence[Sequence[Fragment]], scale: float) -> list[Line]:
    """A line for each row, boxes and sizes in points."""
    if not rows:
        return []
    usual = median(fragment.height for row in rows for fragment in row)
    return [_line(row, usual, scale) for row in rows]


def _line(row: Sequence[Fragment], usual: float, scale: float) -> Line:
    box = union([fragment.box for fragment in row])
    height = median(fragment.height for fragment in row)
    # One size for the whole body; otherwise each taller letter would make a heading.
    sure = confidence(row)
    if height <= _LARGE * usual or sure < _CLEAR:
        height = usual
    size = round(_LETTERS * height / scale, 1)
    return Line(
        " ".join(fragment.text for fragment in row),
        Box(*(side / scale for side in box)),
        size,
        confidence=min(round(sure, 3), SURE),
    )


# -- Orders fragments for reading: columns one after the other, the cells of a row together

_SLOPE = 0.004  # a scan that leans less is straight
_PROSE = 15  # letters: columns of shorter pieces are columns of a table, which is read by rows
_CROSSING = 0.12  # of the letters may cross the gap between columns: a heading, a caption
_SHARED = 0.5  # of the lower one's height is shared by fragments of one row


class _Placed(NamedTuple):
    """A fragment, and its box on the straightened page."""

    fragment: Fragment
    box: Box

    @property
    def letters(self) -> int:
        return count(self.fragment.text)


_Block = list[_Placed]


def in_reading_order(fragments: list[Fragment]) -> list[list[Fragment]]:
    """Rows of fragments; a row looks like one line."""
    placed = _straightened(fragments)
    return [[one.fragment for one in row] for block in _blocks(placed) for row in _rows(block)]


def _straightened(fragments: list[Fragment]) -> _Block:
    slopes = [one.slope for one in fragments if one.width > 5 * one.height]
    slope = median(slopes) if slopes else 0.0
    if abs(slope) < _SLOPE:
        return [_Placed(one, one.box) for one in fragments]
    placed = []
    for one in fragments:
        x0, y0, x1, y1 = one.box
        down = slope * (x0 + x1) / 2
        lean = min(abs(slope) * one.width, 0.6 * one.height) / 2
        placed.append(_Placed(one, Box(x0, y0 - down + lean, x1, y1 - down - lean)))
    return placed


def _blocks(block: _Block) -> Iterator[_Block]:
    """Columns one after the other; what crosses them parts those above from those below."""
    columns = _columns(block)
    if columns is None:
        yield block
        return
    left, right, across = columns
    for wall in [*sorted(_rows(across), key=lambda row: row[0].box.y0), None]:
        edge = wall[0].box.y0 if wall else float("inf")
        for side in (left, right):
            if part := [one for one in side if one.box.y0 < edge]:
                yield from _blocks(part)
        left, right = ([one for one in side if one.box.y0 >= edge] for side in (left, right))
        if wall:
            yield wall


def _columns(block: _Block) -> tuple[_Block, _Block, _Block] | None:
    """Fragments left of the widest gap down the page, right of it, and across it."""
    letters = sum(one.letters for one in block)
    best: tuple[int, tuple[_Block, _Block, _Block]] | None = None
    for edge in sorted({one.box.x0 for one in block})[1:]:
        left = [one for one in block if one.box.x1 <= edge]
        right = [one for one in block if one.box.x0 >= edge]
        across = [one for one in block if one.box.x0 < edge < one.box.x1]
        crossing = sum(one.letters for one in across)
        if crossing > _CROSSING * letters or (best and crossing >= best[0]):
            continue
        if _prose(left) and _prose(right):
            best = crossing, (left, right, across)
    return best[1] if best else None


def _prose(column: _Block) -> bool:
    return len(column) >= 4 and median(one.letters for one in column) >= _PROSE


def _rows(block: _Block) -> list[_Block]:
    rows: list[_Block] = []
    for one in sorted(block, key=lambda one: one.box.y0 + one.box.y1):
        if rows and _same_row(rows[-1], one):
            rows[-1].append(one)
        else:
            rows.append([one])
    return [sorted(row, key=lambda one: one.box.x0) for row in rows]


def _same_row(row: _Block, one: _Placed) -> bool:
    top, bottom = (median(side) for side in zip(*((o.box.y0, o.box.y1) for o in row), strict=True))
    shared = min(bottom, one.box.y1) - max(top, one.box.y0)
    lower = min(bottom - top, one.box.y1 - one.box.y0)
    return bool(shared > _SHARED * lower)


# -- Bounds of a picture's size for recognition. Time grows with its pixels

MOST_PIXELS = 3_200_000
LONGEST = 8_000  # pixels of a side


def bounded(picture: "Image", most: float = 1) -> tuple["Image", float]:
    """The picture scaled within the bounds, in RGB, by a factor of at most `most`; the factor."""
    rgb = picture if picture.mode == "RGB" else picture.convert("RGB")
    factor = fitting(rgb.width, rgb.height, most)
    if factor == 1:
        return rgb, 1.0
    from PIL.Image import Resampling

    size = scaled(rgb, factor)
    return rgb.resize(size, Resampling.LANCZOS, reducing_gap=3), size[0] / rgb.width


def fitting(width: float, height: float, most: float = 1) -> float:
    """The factor, at most `most`, that brings a size within the bounds."""
    by_area = (MOST_PIXELS / max(width * height, 1)) ** 0.5
    return float(min(most, by_area, LONGEST / max(width, height, 1)))


# -- RapidOCR, whose models come in its wheel: nothing is ever downloaded. The only module that
# imports rapidocr.

# Languages of PP-OCRv6 small, the one model for text in the wheel (rapidocr 3.10), ISO 639-1.
LANGUAGES = frozenset(
    """af az bs ca cs cy da de en es et eu fi fr ga gl hr hu id is it ja ku la lb lt lv mi ms mt nb
    nl nn no oc pl pt qu rm ro sk sl sq sv sw tl tr uz vi zh""".split()  # noqa: SIM905
)
_RAPID_SURE = 0.9  # upside-down lines reach .6 to .8, upright ones .95 and more (docs/formats.md)
_BETTER = 0.05
_SAMPLE = 6  # lines are enough to tell which way is up
_MOST_THREADS = 8  # each reserves address space, of which a reader has 4 GB
_TALL = 40  # standing lines are looked at twice, at most


class Rapid:
    """Detects lines of text in any of four orientations, then reads each."""

    def __init__(self, languages: tuple[str, ...]) -> None:
        """Raises CannotRecognise."""
        require("ocr", "rapidocr", to="read scans and text on pictures", error=CannotRecognise)
        absent = [language for language in languages if language not in LANGUAGES]
        if len(absent) == len(languages):
            raise CannotRecognise(
                f"RapidOCR's package holds no model that reads {', '.join(absent) or 'nothing'}. "
                "Install Tesseract with that language and choose tesseract in the settings."
            )
        self._engine = _engine()
        self._one_at_a_time = threading.Lock()  # the engine keeps settings between calls

    def lines(self, picture: "Image", scale: float) -> tuple[Line, ...]:
        """A picture's lines in reading order, with place and confidence. `scale` is in pixels a
        point; boxes are in points of the given picture."""
        import numpy as np

        smaller, shrunk = bounded(picture)
        pixels = np.ascontiguousarray(np.asarray(smaller)[:, :, ::-1])
        with self._one_at_a_time:
            quarters, fragments = self._upright(pixels)
        found = [one for one in fragments if one.text]
        return _lines_of(in_reading_order(found), smaller, scale * shrunk, quarters)

    def _upright(self, pixels: Any) -> tuple[int, list[Fragment]]:
        """Quarter turns counterclockwise that set the picture upright, and its text."""
        import numpy as np

        found = self._read(pixels)
        letters = sum(len(one.text) for one in found)
        sideways = 2 * sum(len(one.text) for one in found if one.sideways) > letters
        quarters = 1 if sideways else 0  # RapidOCR itself turns standing lines this way
        if confidence(found) < _RAPID_SURE and self._upside_down(pixels, found):
            quarters += 2
            return quarters, self._read(np.ascontiguousarray(np.rot90(pixels, quarters)))
        if not sideways:
            return 0, self._second_look(pixels, found)
        height, width = pixels.shape[:2]
        return 1, [one._replace(box=turned(one.box, width, height, 1), slope=0) for one in found]

    def _upside_down(self, pixels: Any, found: list[Fragment]) -> bool:
        longest = sorted(found, key=lambda one: len(one.text), reverse=True)[:_SAMPLE]
        flipped = [self._again(pixels, one, 3 if one.sideways else 2) for one in longest]
        return confidence(flipped) > confidence(longest) + _BETTER

    def _second_look(self, pixels: Any, found: list[Fragment]) -> list[Fragment]:
        """Read standing text on an upright page: a label that runs upwards, or a narrow digit."""
        tall = [at for at, one in enumerate(found) if one.sideways and one.confidence < _RAPID_SURE]
        for at in tall[:_TALL]:
            ways = [self._again(pixels, found[at], quarters) for quarters in (0, 3)]
            found[at] = max(found[at], *ways, key=lambda one: one.confidence)
        return found

    def _read(self, pixels: Any) -> list[Fragment]:
        seen = self._engine(pixels, use_det=True, use_cls=False, use_rec=True)
        if seen.boxes is None or seen.txts is None:
            return []
        pieces = zip(seen.boxes, seen.txts, seen.scores, strict=True)
        return [_fragment(corners, text, score) for corners, text, score in pieces]

    def _again(self, pixels: Any, fragment: Fragment, quarters: int) -> Fragment:
        import numpy as np

        x0, y0, x1, y1 = (round(side) for side in fragment.box)
        crop = pixels[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
        crop = np.ascontiguousarray(np.rot90(crop, quarters))
        seen = self._engine(crop, use_det=False, use_cls=False, use_rec=True)
        if not seen.txts:
            return fragment._replace(text="", confidence=0.0)
        return fragment._replace(text=seen.txts[0].strip(), confidence=float(seen.scores[0]))


def _engine() -> Any:
    import numpy as np
    from rapidocr import RapidOCR

    engine = RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.text_score": 0.0,  # low confidence shows that a page is upside down
            "Global.max_side_len": 20_000,  # `bounded` has set the size
            "EngineConfig.onnxruntime.intra_op_num_threads": min(cores(), _MOST_THREADS),
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
    blank = np.full((48, 48, 3), 255, np.uint8)
    engine(blank, use_det=False, use_cls=False, use_rec=True)  # loads the model
    engine.text_rec.session = _Audible(engine.text_rec.session)
    return engine


class _Audible:
    """Reads a few lines at a time, because a page may take longer than the allowed silence."""

    def __init__(self, session: Callable[[Any], Any]) -> None:
        self._session = session

    def __call__(self, lines: Any) -> Any:
        seen = self._session(lines)
        beat(0, 0)
        return seen


def _fragment(corners: Any, text: str, score: float) -> Fragment:
    points = [(float(x), float(y)) for x, y in corners]
    across, down = zip(*points, strict=True)
    box = Box(min(across), min(down), max(across), max(down))
    (left, top), (right, fall) = points[0], points[1]
    slope = (fall - top) / (right - left) if right - left > box.y1 - box.y0 else 0.0
    return Fragment(text.strip(), box, float(score), slope)


# -- Tesseract, when it is installed, through its command line

_SECONDS = 120
_TESSERACT_SURE = 0.6  # poor receipts reach .7 and more, turned letters about .4
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
        installed = set(self._run(["--list-langs"]).split("\n")[1:])
        wanted = [_CODES.get(language, language) for language in languages]
        self._languages = [code for code in wanted if code in installed]
        self.absent = [code for code in wanted if code not in installed]
        if not self._languages:
            raise CannotRecognise(self.lacks(", ".join(languages)))
        self._layout = "1" if "osd" in installed else "3"  # 1 also finds the page's rotation

    def lacks(self, named: str = "") -> str:
        """Which data are absent, and the remedy."""
        first = self.absent[0] if self.absent else "eng"
        return (
            f"Tesseract has no data for {named or ', '.join(self.absent) or 'nothing'}. Install it "
            f"(on Debian: apt install tesseract-ocr-{first})."
        )

    def lines(self, picture: "Image", scale: float) -> tuple[Line, ...]:
        """See `Rapid.lines`; `scale` is in pixels a point."""
        sized, factor = bounded(picture, _ENLARGED)
        quarters, words = self._upright(sized)
        rows = [[word for _, word in row] for _, row in groupby(words, key=lambda word: word[0])]
        return _lines_of(rows, sized, scale * factor, quarters)

    def _upright(self, picture: "Image") -> tuple[int, list[_Word]]:
        """Quarter turns counterclockwise with the most text, and that text.

        Tesseract itself finds the rotation of full pages only, and sometimes wrongly.
        """
        best = 0, list(self._words(picture, self._layout))
        for quarters in (2, 1, 3):
            if confidence([fragment for _, fragment in best[1]]) >= _TESSERACT_SURE:
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

    def _run(self, arguments: list[str], given: bytes = b"") -> str:
        with suppress(OSError):  # the picture is not read; its page says so
            found = output_of([self._program, *arguments], _SECONDS, given) or b""
            return found.decode("utf-8", "replace")
        return ""


def _score(words: list[_Word]) -> float:
    """Letters, each worth its confidence."""
    return sum(fragment.confidence * len(fragment.text) for _, fragment in words)


Recognizer = Rapid | Tesseract
