"""Pictures on a page that are more than decoration, with their captions."""

import re
from collections.abc import Sequence

from ingest.document.model import Box, Figure, Line, union
from ingest.pdf.layout.captions import onwards

_SMALLEST = 50.0  # points, on both sides: less is a logo or an icon
_WHOLE = 0.85  # of the page: a scan, or the ground of a slide
_TOUCH = 2.0  # points between the strips that a picture is cut into
_NEAR = 45.0  # points between a picture and its caption
_MOST = 300  # pictures of a page that are put together
_CAPTION = re.compile(
    r"(?i:figure|fig\.?|abbildung|abb\.|figura|diagram|chart|graph|image|photo|exhibit|plate)"
    r"\s*(?:\d|[IVXLC]+\b|[A-Z]\b)"
)


def figures(
    pictures: Sequence[Box], lines: Sequence[Line], size: tuple[float, float]
) -> tuple[Figure, ...]:
    """From top to bottom; `size` is that of the page."""
    page = Box(0, 0, *size)
    large = [
        box for box in _whole([_common(box, page) for box in pictures]) if _is_figure(box, page)
    ]
    captions = [
        at for at, line in enumerate(lines) if _CAPTION.match(line.text) and not line.hidden
    ]
    return tuple(
        Figure(box, _caption(box, lines, captions)) for box in sorted(large, key=lambda b: b.y0)
    )


def _common(box: Box, page: Box) -> Box:
    return Box(
        max(box.x0, page.x0), max(box.y0, page.y0), min(box.x1, page.x1), min(box.y1, page.y1)
    )


def _whole(boxes: Sequence[Box]) -> list[Box]:
    """Joins the strips and tiles of a picture, and pictures drawn twice."""
    whole: list[Box] = []
    for box in sorted(boxes[:_MOST], key=lambda b: (b.y0, b.x0)):
        for at, other in enumerate(whole):
            if _same_side(box, other):
                whole[at] = union([box, other])
                break
        else:
            whole.append(box)
    return whole


def _same_side(one: Box, other: Box) -> bool:
    """Whether they continue each other along a whole side."""
    below = abs(one.x0 - other.x0) <= _TOUCH and abs(one.x1 - other.x1) <= _TOUCH
    beside = abs(one.y0 - other.y0) <= _TOUCH and abs(one.y1 - other.y1) <= _TOUCH
    return (below and one.y0 <= other.y1 + _TOUCH) or (beside and one.x0 <= other.x1 + _TOUCH)


def _is_figure(box: Box, page: Box) -> bool:
    width, height = box.x1 - box.x0, box.y1 - box.y0
    whole = width * height >= _WHOLE * page.x1 * page.y1
    return min(width, height) >= _SMALLEST and not whole


def _caption(box: Box, lines: Sequence[Line], captions: Sequence[int]) -> str:
    """The nearest below, else above."""
    over = [at for at in captions if lines[at].box.x0 < box.x1 and lines[at].box.x1 > box.x0]
    below = [at for at in over if -_TOUCH <= lines[at].box.y0 - box.y1 <= _NEAR]
    above = [at for at in over if -_TOUCH <= box.y0 - lines[at].box.y1 <= _NEAR]
    if below:
        return onwards(lines, min(below, key=lambda at: lines[at].box.y0))
    return onwards(lines, max(above, key=lambda at: lines[at].box.y1)) if above else ""
