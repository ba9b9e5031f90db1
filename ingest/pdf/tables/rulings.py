"""Tables between drawn lines: a grid, or rows with a line below each.

It finds the rules; another module reads the words between them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from ingest.document.model import Box
from ingest.pdf.layout.vector_graphics import THIN

_LONG = 20.0  # points: a shorter line along the page is an underlined word
_TALL = 6.0  # points
_SAME = 2.5  # points: closer lines are one, and touch
_TIGHT = 4.0  # points: no row of text is lower
_HIGH = 90.0  # points: a row that is higher is no row
_FEWEST = 4  # lines along the page, where none run down
_MOST = 40_000  # pairs of lines to look at: more is a drawing


@dataclass
class Region:
    """Part of a page between lines; edges are in points, in rising order."""

    ys: list[float]
    xs: list[float]  # only the sides where no line runs down: unknown columns
    down: list[Box] = field(default_factory=list)  # the lines between columns
    along: list[Box] = field(default_factory=list)  # the lines between rows

    @property
    def gridded(self) -> bool:
        return bool(self.down)

    def cut(self, ys: Sequence[float]) -> "Region":
        """With lines between rows also at these heights."""
        lines = [Box(self.xs[0], y, self.xs[-1], y) for y in ys]
        return Region(sorted([*self.ys, *ys]), self.xs, self.down, [*self.along, *lines])

    @property
    def box(self) -> Box:
        return Box(self.xs[0], self.ys[0], self.xs[-1], self.ys[-1])


def regions(rules: Sequence[Box]) -> Iterator[Region]:
    """From top to bottom."""
    along = _joined([r for r in rules if r.x1 - r.x0 >= _LONG and r.y1 - r.y0 <= THIN])
    down = _joined([_turned(r) for r in rules if r.y1 - r.y0 >= _TALL and r.x1 - r.x0 <= THIN])
    down = [_turned(r) for r in down]
    if len(along) < 3 or len(along) * len(down) > _MOST:
        return
    groups = _crossing(along, down)
    found = [region for group in groups if (region := _grid(*group))]
    taken = {line for region in found for line in region.along}
    found += _lists([line for line in along if line not in taken])
    yield from sorted(found, key=lambda region: region.ys[0])


def _turned(box: Box) -> Box:
    """The lines of the page turned on its side."""
    return Box(box.y0, box.x0, box.y1, box.x1)


def _joined(lines: Sequence[Box]) -> list[Box]:
    """Pieces along the page that continue one another become one line."""
    whole: list[Box] = []
    levels: list[list[Box]] = []
    for line in sorted(lines, key=lambda box: box.y0):
        if levels and line.y0 - levels[-1][0].y0 <= _SAME:
            levels[-1].append(line)
        else:
            levels.append([line])
    for level in levels:
        start = len(whole)
        for line in sorted(level):
            if len(whole) > start and line.x0 - whole[-1].x1 <= _SAME:
                last = whole[-1]
                whole[-1] = Box(last.x0, last.y0, max(last.x1, line.x1), max(last.y1, line.y1))
            else:
                whole.append(line)
    return whole


def _crossing(along: list[Box], down: list[Box]) -> list[tuple[list[Box], list[Box]]]:
    """Groups of lines that touch one another, directly or through others."""
    groups: list[tuple[list[Box], list[Box]]] = []
    for line in along:
        touching = [pillar for pillar in down if _touch(line, pillar)]
        others = [group for group in groups if any(pillar in group[1] for pillar in touching)]
        merged = ([line], touching)
        for group in others:
            groups.remove(group)
            merged[0].extend(group[0])
            merged[1].extend(pillar for pillar in group[1] if pillar not in merged[1])
        if touching:
            groups.append(merged)
    return groups


def _touch(line: Box, pillar: Box) -> bool:
    across = line.x0 - _SAME <= pillar.x0 and pillar.x1 <= line.x1 + _SAME
    return across and pillar.y0 - _SAME <= line.y1 and line.y0 <= pillar.y1 + _SAME


def _grid(along: list[Box], down: list[Box]) -> Region | None:
    sides = [line.x0 for line in along] + [line.x1 for line in along]
    ends = [line.y0 for line in down] + [line.y1 for line in down]
    xs = _edges([min(sides), *(pillar.x0 for pillar in down), max(sides)])
    ys = _edges([min(ends), *(line.y0 for line in along), max(ends)])
    if len(xs) < 3 or len(ys) < 3:
        return None
    return Region(ys, xs, down, along)


def _edges(values: list[float]) -> list[float]:
    edges: list[float] = []
    for value in sorted(values):
        if not edges or value - edges[-1] > _TIGHT:
            edges.append(value)
    return edges


def _lists(along: list[Box]) -> Iterator[Region]:
    """Lines of the same length below one another."""
    lines = sorted(along, key=lambda box: (round(box.x0 / 3), round(box.x1 / 3), box.y0))
    for _, group in groupby(lines, key=lambda box: (round(box.x0 / 3), round(box.x1 / 3))):
        run: list[Box] = []
        for line, after in pairwise([*group, Box(0, 1e9, 0, 1e9)]):
            run.append(line)
            if after.y0 - line.y0 > _HIGH:
                if len(run) >= _FEWEST:
                    ys = _edges([part.y0 for part in run])
                    yield Region(ys, [run[0].x0, run[0].x1], along=run)
                run = []
