"""Turns words between drawn lines into table cells, and their rows into lines of the page."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from typing import NamedTuple

from ingest.document.model import Box, union
from ingest.pdf.columns import merged, segments
from ingest.pdf.text_lines import Row, Word
from ingest.pdf.visibility import THIN

# -- Tables between drawn lines: a grid, or rows with a line below each
# It finds the rules; another module reads the words between them.

_LONG_RULE = 20.0  # points: a shorter line along the page is an underlined word
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

    @property
    def box(self) -> Box:
        return Box(self.xs[0], self.ys[0], self.xs[-1], self.ys[-1])


def regions(rules: Sequence[Box]) -> Iterator[Region]:
    """The grids and lists that drawn lines enclose, from top to bottom; none in a drawing."""
    along = _joined([r for r in rules if r.x1 - r.x0 >= _LONG_RULE and r.y1 - r.y0 <= THIN])
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


_SLACK = 2.5  # points: text that touches a line is still beside it
_WHITE = 5.0  # points: smaller gaps are between words, not between columns
_MOST_WORDS = 120  # of a cell: more is a page laid out in boxes
_ABOVE = 9.0  # points: how far above the first line the heads of the columns end at most
_FILLED = 0.5  # of the cells
_LONG_TEXT = 100  # characters of a merged cell: a longer text is shown once
_SPACE = 0.8  # of a row's height: more is not between two words of a sentence
_HEADS = 3  # lines of one head
_LETTER = re.compile(r"[^\W\d_]")

Texts = tuple[tuple[str, int], ...]  # of a row: text and line of each cell
Level = tuple[Word, ...]  # words of one cell that are one line of it
Cells = dict[tuple[int, int], list[Level]]  # row and column


class DetectedTable(NamedTuple):
    """A table as lines, whose cells are still text."""

    lines: tuple[Row, ...]
    rows: tuple[tuple[str, ...], ...]
    places: tuple[tuple[int, ...], ...]  # the line of each cell, counted from 0
    header: int | None = None  # None: to be seen from the cells
    joined: frozenset[int] = frozenset()  # rows with cells that are several columns wide
    shaded: bool = False  # the first row has a ground of its own
    first: int = 0  # the row of the page that it begins on

    @property
    def last(self) -> int:
        return self.first + len(self.lines) - 1


def ruled_table(
    region: Region, rows: Sequence[Row]
) -> tuple[DetectedTable, list[tuple[int, Row]]] | None:
    """The table in a region, and the rest of the rows that it touches, with their indexes."""
    inside = {at: part for at, row in enumerate(rows) if (part := _inside(row, region.box))}
    if sum(_is_cut(rows[at], part) for at, part in inside.items()) > 1:
        return None  # the lines of a drawing
    if not region.gridded:
        region = _with_columns(region, rows, inside)
    spread = _spread(region, list(inside.values()))
    if region.gridded and (cuts := list(_cuts(spread))):
        lines = [Box(region.xs[0], y, region.xs[-1], y) for y in cuts]
        region = replace(region, ys=sorted([*region.ys, *cuts]), along=[*region.along, *lines])
        spread = _spread(region, list(inside.values()))
    if not _convincing(region, spread):
        return None
    rest = [(at, replace(rows[at], words=left)) for at, part in inside.items()
            if (left := tuple(word for word in rows[at].words if word not in part))]  # fmt: skip
    taken = [(at, Row(())) for at, part in inside.items() if len(part) == len(rows[at].words)]
    return _table(region, spread), [*rest, *taken]


def _is_cut(row: Row, part: Level) -> bool:
    """Whether the edge of the region cuts through a line of text."""
    near = [after.box.x0 - before.box.x1 < _SPACE * (row.box.y1 - row.box.y0)
            for before, after in pairwise(row.words)
            if (before in part) != (after in part)]  # fmt: skip
    return len(part) < len(row.words) and any(near)


def _inside(row: Row, box: Box) -> Level:
    if row.hidden:
        return ()
    return tuple(
        word for word in row.words
        if box.x0 - _SLACK <= (word.box.x0 + word.box.x1) / 2 <= box.x1 + _SLACK
        and box.y0 <= (word.box.y0 + word.box.y1) / 2 <= box.y1
    )  # fmt: skip


def _with_columns(region: Region, rows: Sequence[Row], inside: dict[int, Level]) -> Region:
    """Splits at gaps that run down through all rows; heads above the first line join in."""
    xs = _columns(region, list(inside.values()))
    heads = dict(_heads(region, rows, inside))
    words = [word for part in heads.values() for word in part]
    several = len({bisect_right(xs, word.box.x0) for word in words}) > 1
    if not several or len(_columns(region, [*inside.values(), *heads.values()])) < len(xs):
        return replace(region, xs=xs)  # a caption, or text
    inside.update(heads)
    top = min(word.box.y0 for word in words)
    return replace(region, xs=xs, ys=[top - 1, *region.ys])


def _heads(
    region: Region, rows: Sequence[Row], inside: dict[int, Level]
) -> Iterator[tuple[int, Level]]:
    """Whole rows that stand close above the first line."""
    edge = region.box
    above = Box(edge.x0, edge.y0 - 2.5 * _ABOVE, edge.x1, edge.y0)
    for at, row in enumerate(rows):
        part = () if at in inside else _inside(row, above)
        if part and len(part) == len(row.words) and edge.y0 - row.box.y1 <= _ABOVE:
            yield at, part


def _columns(region: Region, parts: Sequence[Level]) -> list[float]:
    spans = merged(
        (word.box.x0 - _WHITE / 2, word.box.x1 + _WHITE / 2) for part in parts for word in part
    )
    middles = [(before[1] + after[0]) / 2 for before, after in pairwise(spans)]
    return [region.xs[0], *middles, region.xs[-1]]


def _spread(region: Region, parts: Sequence[Level]) -> Cells:
    """Distributes words over the cells of the region; a wide cell counts as its first column."""
    pieces: defaultdict[tuple[int, int], list[Level]] = defaultdict(list)
    for part in parts:
        by_cell: defaultdict[tuple[int, int], list[Word]] = defaultdict(list)
        for word in part:
            by_cell[_home(region, *_place(region, word.box))].append(word)
        for cell, words in by_cell.items():
            pieces[cell].append(tuple(words))
    return {cell: list(_levels(found)) for cell, found in pieces.items()}


def _place(region: Region, box: Box) -> tuple[int, int]:
    row = bisect_right(region.ys, (box.y0 + box.y1) / 2) - 1
    column = bisect_right(region.xs, (box.x0 + box.x1) / 2) - 1
    return min(max(row, 0), len(region.ys) - 2), min(max(column, 0), len(region.xs) - 2)


def _home(region: Region, row: int, column: int) -> tuple[int, int]:
    """The first row and column of a cell that may be several wide or high."""
    if not region.gridded:
        return row, column
    y = (region.ys[row] + region.ys[row + 1]) / 2
    while column and not any(
        _at(p.x0, region.xs[column]) and p.y0 <= y <= p.y1 for p in region.down
    ):
        column -= 1
    x = (region.xs[column] + region.xs[column + 1]) / 2
    while row and not any(_at(a.y0, region.ys[row]) and a.x0 <= x <= a.x1 for a in region.along):
        row -= 1
    return row, column


def _at(one: float, other: float) -> bool:
    return abs(one - other) <= 2 * _SLACK


def _levels(pieces: Sequence[Level]) -> Iterator[Level]:
    """Joins pieces side by side into one line; the order of the words in a piece stays."""
    groups: list[list[Level]] = []
    for piece in sorted(pieces, key=lambda words: words[0].box.y0 + words[0].box.y1):
        middle = (piece[0].box.y0 + piece[0].box.y1) / 2
        if not groups or middle > max(word.box.y1 for word in groups[-1][0]):
            groups.append([])
        groups[-1].append(piece)
    for group in groups:
        yield tuple(word for part in sorted(group, key=lambda p: p[0].box.x0) for word in part)


def _cuts(spread: Cells) -> Iterator[float]:
    """Ends of rows without a rule: all cells have the same number of lines, side by side."""
    top = min((row for row, _ in spread), default=0)
    for number in sorted({row for row, _ in spread}):
        cells = [levels for (row, _), levels in spread.items() if row == number]
        each = len(cells[0])
        if any(len(levels) != each for levels in cells) or len(cells) < 2:
            continue
        # Two columns, or heads, may well have text that runs over two lines.
        least = _HEADS + 1 if number == top else 2 if len(cells) > 2 else 3
        if each >= least and not any(_small(level) for levels in cells for level in levels):
            rows = [union([word.box for level in side for word in level])
                    for side in zip(*cells, strict=True)]  # fmt: skip
            if all(above.y1 <= below.y0 + _SLACK for above, below in pairwise(rows)):
                yield from ((above.y1 + below.y0) / 2 for above, below in pairwise(rows))


def _small(level: Level) -> bool:
    return level[0].text[0].islower()


def _convincing(region: Region, spread: Cells) -> bool:
    rows = sorted({row for row, _ in spread})
    full = [row for row in rows if sum(cell[0] == row for cell in spread) > 1]
    words = [sum(map(len, levels)) for levels in spread.values()]
    return (
        len(full) >= max(2, len(rows) / 2)
        and len(spread) >= _FILLED * len(rows) * len({column for _, column in spread})
        and max(words) <= _MOST_WORDS
        and any(_LETTER.search(word.text) for ls in spread.values() for ws in ls for word in ws)
        and not any(map(_several_numbers, spread.values()))
        and not _several_rows(region, spread, rows)
    )


def _several_numbers(levels: Sequence[Level]) -> bool:
    """Whether cells hold several numbers, because the table draws few rules."""
    parts = [list(segments(level)) for level in levels]
    beside = any(segment.number for segs in parts for segment in segs[1:])
    return beside or sum(segs[0].number for segs in parts) > 1


def _several_rows(region: Region, spread: Cells, rows: Sequence[int]) -> bool:
    """Whether several rows stand between two rules: each cell of them has as many lines."""
    parts = [(row, [levels for (at, _), levels in spread.items() if at == row]) for row in rows]
    even = [
        cells for row, cells in parts
        if len(cells) > 1 and len(set(map(len, cells))) == 1
        and len(cells[0]) > (1 if row else _HEADS)
    ]  # fmt: skip
    if not region.gridded:
        return bool(even)
    # A few whose cells all run over as many lines are rows like the others; a line that goes on in
    # lower case is no row of its own.
    wrapped = (any(_small(level) for levels in cells for level in levels[1:]) for cells in even)
    return 2 * len(even) > len(rows) or not all(wrapped)


def _table(region: Region, spread: Cells) -> DetectedTable:
    columns = sorted({column for _, column in spread})
    lines: list[Row] = []
    rows: list[Texts] = []
    wide: set[int] = set()
    for number in sorted({row for row, _ in spread}):
        levels = [spread.get((number, column), []) for column in columns]
        rows.append(_row(levels, lines))
        if region.gridded and _is_wide(region, spread, number):
            wide.add(len(rows) - 1)
    if region.gridded:
        rows = list(_repeated(region, rows, columns, sorted({row for row, _ in spread})))
    texts = tuple(tuple(text for text, _ in row) for row in rows)
    places = tuple(tuple(line for _, line in row) for row in rows)
    return DetectedTable(tuple(lines), texts, places, joined=frozenset(wide))


def _repeated(
    region: Region, rows: Sequence[Texts], columns: Sequence[int], numbers: Sequence[int]
) -> Iterator[Texts]:
    """Repeats a merged cell's short text in each place it covers, except a title over a row."""
    at = {row: index for index, row in enumerate(numbers)}
    place = {column: index for index, column in enumerate(columns)}
    for number, row in zip(numbers, rows, strict=True):
        homes = [_home(region, number, column) for column in columns]
        one = len(set(homes)) == 1
        found = []
        for own, (row_at, column_at) in zip(row, homes, strict=True):
            known = row_at in at and column_at in place
            cell = rows[at[row_at]][place[column_at]] if known and not one else own
            found.append(cell if not own[0] and len(cell[0]) <= _LONG_TEXT else own)
        yield tuple(found)


def _row(cells: Sequence[list[Level]], lines: list[Row]) -> Texts:
    """Adds the lines of a table row: one, or those of each cell in turn."""
    first = len(lines)
    texts = [" ".join(word.text for level in levels for word in level) for levels in cells]
    if all(len(levels) < 2 for levels in cells):
        lines.append(
            Row(tuple(w for levels in cells for level in levels for w in level), begins=True)
        )
        return tuple((text, first) for text in texts)
    places = []
    for levels in cells:
        places.append(len(lines) if levels else first)
        lines += [
            Row(level, begins=len(lines) == first and at == 0) for at, level in enumerate(levels)
        ]
    return tuple(zip(texts, places, strict=True))


def _is_wide(region: Region, spread: Cells, row: int) -> bool:
    return any(
        _home(region, row, column) != (row, column) and (row, column - 1) in spread
        for column in range(1, len(region.xs) - 1)
    )
