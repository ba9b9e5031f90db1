"""RapidOCR, whose models come in its wheel: nothing is ever downloaded. The only module that
imports rapidocr.
"""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ingest.document.model import Box, Line
from ingest.errors import CannotRecognise
from ingest.images.ocr.fragments import Fragment, as_lines, confidence, turned, turned_back
from ingest.images.ocr.reading_order import in_reading_order
from ingest.images.ocr.sizes import bounded
from ingest.platform.extras import require
from ingest.platform.hardware import cores
from ingest.platform.progress import beat

if TYPE_CHECKING:
    from PIL.Image import Image

# Languages of PP-OCRv6 small, the one model for text in the wheel (rapidocr 3.10), ISO 639-1.
LANGUAGES = frozenset(
    """af az bs ca cs cy da de en es et eu fi fr ga gl hr hu id is it ja ku la lb lt lv mi ms mt nb
    nl nn no oc pl pt qu rm ro sk sl sq sv sw tl tr uz vi zh""".split()  # noqa: SIM905
)
_SURE = 0.9  # upside-down lines reach .6 to .8, upright ones .95 and more (docs/formats.md)
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
        import numpy as np

        smaller, shrunk = bounded(picture)
        pixels = np.ascontiguousarray(np.asarray(smaller)[:, :, ::-1])
        with self._one_at_a_time:
            quarters, fragments = self._upright(pixels)
        found = [one for one in fragments if one.text]
        lines = as_lines(in_reading_order(found), scale * shrunk)
        width, height = smaller.width / scale / shrunk, smaller.height / scale / shrunk
        if quarters % 2:
            width, height = height, width
        return tuple(turned_back(line, width, height, quarters) for line in lines)

    def _upright(self, pixels: Any) -> tuple[int, list[Fragment]]:
        """Quarter turns counterclockwise that set the picture upright, and its text."""
        import numpy as np

        found = self._read(pixels)
        letters = sum(len(one.text) for one in found)
        sideways = 2 * sum(len(one.text) for one in found if one.sideways) > letters
        quarters = 1 if sideways else 0  # RapidOCR itself turns standing lines this way
        if confidence(found) < _SURE and self._upside_down(pixels, found):
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
        tall = [at for at, one in enumerate(found) if one.sideways and one.confidence < _SURE]
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
