"""Finds captions of tables and figures over several lines."""

from collections.abc import Sequence

from ingest.document.model import Line
from ingest.pdf.layout.columns import running

_MOST = 4  # lines
_ALIKE = 0.25  # of the size: small capitals differ from the letters beside them
_TIGHT = 0.6  # of the size of the letters, between two lines


def onwards(lines: Sequence[Line], first: int, stop: int | None = None) -> str:
    """A caption from its first line to the end of a sentence or a gap, before the line `stop`."""
    text, at = lines[first].text, first + 1
    while at < min(len(lines), first + _MOST) and at != stop and text[-1] not in ".:":
        if not _goes_on(lines[at - 1], lines[at]):
            break
        text, at = running(text, lines[at].text), at + 1
    return text


def upwards(lines: Sequence[Line], last: int) -> str:
    """A title from its last line up to its first."""
    text, first = lines[last].text, last
    while first and last - first + 1 < _MOST and _goes_on(lines[first - 1], lines[first]):
        first -= 1
        text = running(lines[first].text, text)
    return text


def _goes_on(above: Line, line: Line) -> bool:
    alike = above.bold == line.bold and abs(above.size - line.size) <= _ALIKE * line.size
    return alike and 0 <= line.box.y0 - above.box.y1 + 1 <= _TIGHT * line.size
