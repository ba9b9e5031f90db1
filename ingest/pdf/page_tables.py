"""Finds the tables of a page, and arranges its rows around them."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from ingest.document.model import Cell, Line, Table, union
from ingest.pdf.columns import (
    Band,
    Columns,
    WordSegment,
    bands,
    cells,
    columns,
    height,
    levels,
    merged,
    onwards,
    owner,
    running,
    touched,
    upwards,
)
from ingest.pdf.ruled_tables import DetectedTable, regions, ruled_table
from ingest.pdf.text_lines import Row
from ingest.pdf.visibility import Drawings
from ingest.text import cell_values

_CAPTION = re.compile(
    r"(?i:table|tab\.|tabelle|tableau|tabla|exhibit|schedule)\s*(?:\d|[IVXLC]+\b|[A-Z]\b)"
)
_PAPER = (255, 255, 255, 255)
_LEADERS = re.compile(r"(?:(?<!\s)\s++|(?<![\s.]))\.{4,}+$")  # that lead to the next column
_NEAR = 2.5  # of a row's height, between a table and its caption


def arrange_rows(rows: Sequence[Row], drawn: Drawings) -> tuple[list[Row], list[DetectedTable]]:
    """Rows in reading order: those of a table row by row, columns of text one by one."""
    arranged: list[Row] = []
    found: list[DetectedTable] = []
    run: list[Row] = []
    for piece in [*_with_ruled(rows, drawn), None]:
        if isinstance(piece, Row):
            run.append(piece)
            continue
        for part in [*_with_aligned(run), *([piece] if piece else [])]:
            if isinstance(part, Row):
                arranged.append(part)
            else:
                found.append(part._replace(first=len(arranged)))
                arranged += part.lines
        run = []
    return arranged, found


def _with_ruled(rows: Sequence[Row], drawn: Drawings) -> Iterator[Row | DetectedTable]:
    """The rows, and the tables among them between drawn lines."""
    left: list[Row | None] = list(rows)
    tables: dict[int, list[DetectedTable]] = {}
    for region in regions(drawn.rules):
        if (found := ruled_table(region, [row or Row(()) for row in left])) is None:
            continue
        table, rest = found
        starts = [table.lines[row[0]].words[0].box for row in table.places]
        grounds = [drawn.ground(start) or _PAPER for start in starts]
        table = table._replace(shaded=grounds[0] not in grounds[1:])
        tables.setdefault(min(at for at, _ in rest), []).append(table)
        for at, row in rest:
            left[at] = row if row.words else None
    for at, kept in enumerate(left):
        yield from tables.get(at, ())
        if kept is not None:
            yield kept


def _with_aligned(rows: Sequence[Row]) -> Iterator[Row | DetectedTable]:
    """The rows, and the tables among them that have no lines."""
    split = list(bands(rows)) if len(rows) >= _FEWEST_ROWS else []
    done = 0
    if sum(band.numbers > 0 for band in split) >= _FEWEST_ROWS:
        for first, last, found in _tables_in(split):
            yield from columns(rows[done : split[first].first])
            yield found
            done = split[last].last + 1
    yield from columns(rows[done:])


def typed_table(grid: DetectedTable, lines: Sequence[Line]) -> Table:
    """The table with typed cells, and its caption."""
    flat = cell_values.cells(grid.rows, [0] * len(grid.rows))
    cells = tuple(
        tuple(Cell(_LEADERS.sub("", cell.text), grid.first + line, cell.value, cell.kind, cell.unit)
              for cell, line in zip(row, places, strict=True))
        for row, places in zip(flat, grid.places, strict=True)
    )  # fmt: skip
    header = _header(cells, grid, lines) if grid.header is None else grid.header
    return Table(grid.first, grid.last, cells, header, _caption(grid, lines))


def _header(cells: Sequence[Sequence[Cell]], grid: DetectedTable, lines: Sequence[Line]) -> int:
    """The header rows: bold or on a background of their own; else those unlike the rows below."""
    bold = [all(lines[c.line].bold for c in row if c.text) for row in cells]
    if bold[0] and not all(bold):
        return bold.index(False)
    # Two columns without numbers are terms and what they mean: their first row is one like others.
    typed = any(cell.kind in ("number", "date", "truth") for row in cells[1:] for cell in row)
    told = typed or len(cells[0]) > 2
    seen = cell_values.header_rows(cells, grid.joined) if told else 0
    return max(seen, int(grid.shaded))


def _caption(grid: DetectedTable, lines: Sequence[Line]) -> str:
    around = [at for at in (grid.first - 1, grid.first - 2, grid.last + 1) if 0 <= at < len(lines)]
    named = [at for at in around if _CAPTION.match(lines[at].text) and not lines[at].hidden]
    if named:
        first = min(named, key=lambda at: abs(
            lines[grid.first].box.y0 - lines[at].box.y1 if at < grid.first
            else lines[at].box.y0 - lines[grid.last].box.y1
        ))  # fmt: skip
        return onwards(lines, first, grid.first)
    if grid.first and _is_title(lines[grid.first - 1], lines[grid.first], grid):
        return upwards(lines, grid.first - 1)
    return ""


def _is_title(title: Line, first: Line, grid: DetectedTable) -> bool:
    """In bold close above the table; where no line is drawn it must not look like its first row."""
    apart = grid.header is None or not first.bold
    plain = title.text[0].isalnum() and not title.text.endswith((".", ","))
    gap, height = first.box.y0 - title.box.y1, title.box.y1 - title.box.y0
    return title.bold and apart and plain and 0 <= gap <= _NEAR * height


# -- Tables without a grid: rows whose numbers stand in columns, below heads
# A wrong table is worse than none: doubtful cases stay text. First the heads above the columns.

ROW_GAP = 3.5  # of a row's height: more white ends a table
_MOST = 5  # rows of heads
_APART = 0.55  # of a row's height: more is between two heads rather than between two words
_WIDER = 1.5  # than the gaps between other words
_FEW = 3  # words: more of them above the heads may be a sentence that leads to the table
_MIDDLE = 0.2  # of the width of the columns below: how far from their middle a head may stand
_INDENT = 30.0  # points that the rows of a section may be indented below its label
YEAR = re.compile(r"(?:FY\s?)?(?:19|20)\d\d(?:\s?\([a-z0-9]\))?")


def top_band(bands: Sequence[Band], first: int, columns: Columns, floor: int) -> int:
    """The first band of the heads above the numbers, not before `floor`."""
    found, body, highest = first, bands[first].box, bands[first].box
    for at in range(first - 1, floor - 1, -1):
        band = bands[at]
        near = highest.y0 - band.box.y1 <= ROW_GAP * height(band.box)
        beside = band.box.y1 > body.y0 + 1
        if not near or beside or len(levels(bands[at:first])) > _MOST:
            break
        if _is_head(band, columns):
            found = at
        elif not _is_section(band, columns):
            break
        elif found < first and len(band.words) > _FEW and band.words[-1].text.endswith((".", ":")):
            break  # a sentence
        highest = union([highest, band.box])
    return found


def _is_head(band: Band, columns: Columns) -> bool:
    over = any(segment.box.x0 >= columns[0][1] - 1 and touched(segment.box, columns[1:])
               for segment in band.segments)  # fmt: skip
    inside = band.box.x0 >= columns[0][0] - _INDENT and band.box.x1 <= columns[-1][1] + 20
    return over and inside and band.short


def _is_section(band: Band, columns: Columns) -> bool:
    """The label of a section, between the heads and the rows of it."""
    left = columns[0][0] - _INDENT <= band.box.x0
    return left and band.box.x1 < columns[1][0] and band.short


def column_heads(band: Band, columns: Columns) -> tuple[str, ...]:
    """The text above each column; a head over several columns is in each of them."""
    parts = [part for segment in band.segments for part in _apart(segment, columns)]
    if even := _evenly(parts, columns):
        return even
    texts: list[list[str]] = [[] for _ in columns]
    for segment in parts:
        for text, at in _shared(segment, columns):
            texts[at].append(text)
    return tuple(map(" ".join, texts))


def _apart(segment: WordSegment, columns: Columns) -> Iterator[WordSegment]:
    """Separates heads of neighbouring columns that almost touch, at the widest gaps."""
    gaps = _gaps(segment)
    if len(gaps) < 2 or len(touched(segment.box, columns)) < 2:
        yield segment
        return
    least = max(_WIDER * median(gaps), _APART * height(segment.box))
    edges = [0, *(at for at, gap in enumerate(gaps, start=1) if gap >= least), len(gaps) + 1]
    for first, stop in pairwise(edges):
        yield WordSegment(segment.words[first:stop])


def _gaps(segment: WordSegment) -> list[float]:
    return [word.box.x0 - before.box.x1 for before, word in pairwise(segment.words)]


def _evenly(segments: Sequence[WordSegment], columns: Columns) -> tuple[str, ...]:
    """Heads that are each centred above the same number of columns."""
    above = [segment for segment in segments if segment.box.x1 > columns[0][1]]
    each, rest = divmod(len(columns) - 1, max(len(above), 1))
    if not above or rest or each < 2:
        return ()
    groups = [columns[at : at + each] for at in range(1, len(columns), each)]
    for head, group in zip(above, groups, strict=True):
        left, right = group[0][0], group[-1][1]
        away = abs(head.box.x0 + head.box.x1 - left - right) / 2
        if away > _MIDDLE * (right - left):
            return ()
    label = " ".join(s.text for s in segments[: len(segments) - len(above)])
    return (label, *(head.text for head in above for _ in range(each)))


def _shared(segment: WordSegment, columns: Columns) -> Iterator[tuple[str, int]]:
    over = touched(segment.box, columns)
    owners = [owner(word.box, columns) for word in segment.words]
    apart = min(_gaps(segment), default=0) >= _APART * height(segment.box)
    if len(over) > 1 and apart and sorted(set(owners)) == owners:  # one word over each column
        yield from ((word.text, at) for word, at in zip(segment.words, owners, strict=True))
    elif len(over) > 1 and over[0] > 0:
        yield from ((segment.text, at) for at in over)
    else:
        yield segment.text, owner(segment.box, columns)


def header_row_count(rows: Sequence[tuple[str, ...]]) -> int:
    """The number of rows at the top without values: words and years only."""
    for number, row in enumerate(rows):
        texts = [text for text in row[1:] if text]
        if any(not YEAR.fullmatch(text) and valued(text) for text in texts):
            return number
        if not texts and any(any(row[1:]) for row in rows[:number]):
            return number  # the label of a section
    return 0


def valued(text: str) -> bool:
    """Whether a text has a digit and no letter but x: `12 %`, `3.5x`."""
    return any(map(str.isdigit, text)) and not any(map(str.isalpha, text.replace("x", "")))


def repeats_heads(band: Band) -> bool:
    """Years: the heads of the next table, or of the next part of one."""
    numbers = [segment for segment in band.segments if segment.number]
    return len(numbers) > 1 and all(YEAR.fullmatch(segment.text) for segment in numbers)


_FEWEST_ROWS = 3  # rows with numbers
_FILLED = 0.5  # of the cells
_NUMERIC = 0.6  # of what is in a column of numbers
_LABEL = 16  # words: more in half of the labels is running text
_DOTS = "....."
_PAGE = re.compile(r"\d{1,3}")
_SMALL = re.compile(r"[a-zà-öø-ÿ]+(?:[\s,.]|$)")  # not "b) Income"
_OPEN = re.compile(r".*(?:,|&|\b(?:and|or|of|the|to|in|for|with|by|from|on|an?))", re.IGNORECASE)


Aligned = tuple[int, int, DetectedTable]  # its first and last band


def _tables_in(bands: Sequence[Band]) -> Iterator[Aligned]:
    """From top to bottom; a band is in one table at most."""
    at = floor = 0
    while at < len(bands):
        last = _end(bands, at) if bands[at].numbers else at - 1
        if last > at and (found := _table(bands, at, last, floor)):
            yield found
            at = floor = found[1] + 1
        else:
            at = max(last, at) + 1


def _end(bands: Sequence[Band], first: int) -> int:
    """The last band with numbers that continues this table."""
    last, edge = first, _numbers_from(bands[first])
    for at in range(first + 1, len(bands)):
        above, band = bands[at - 1].box, bands[at].box
        if not -0.3 * height(above) <= band.y0 - above.y1 <= ROW_GAP * height(band):
            break
        if bands[at].numbers:
            if repeats_heads(bands[at]) and not all(map(repeats_heads, bands[first : last + 1])):
                break
            last = at
            edge = min(edge, _numbers_from(bands[at]))
        # A row without numbers may be the label of others.
        elif at - last > _FEWEST_ROWS or not (bands[at].short or band.x1 <= edge):
            break
    return last


def _numbers_from(band: Band) -> float:
    """The left edge of its first number."""
    return min(s.box.x0 for s in band.segments[1:] if s.number or s.nothing)


def _table(bands: Sequence[Band], first: int, last: int, floor: int) -> Aligned | None:
    body = [band for band in bands[first : last + 1] if band.numbers]
    while len(body) > _FEWEST_ROWS and _stray(body):
        body.pop()
        last = max(at for at in range(first, last) if bands[at].numbers)
    if len(body) < _FEWEST_ROWS:
        return None
    # Rows of nothing but years are centred above columns.
    valued = [b for b in body if not all(YEAR.fullmatch(s.text) for s in b.segments)]
    columns = _columns(valued or body)
    if len(columns) < 2 or _contents(body, columns):
        return None
    top = top_band(bands, first, columns, floor)
    whole = (*levels(bands[top:first]), *bands[first : last + 1])
    rows = [cells(band, columns) for band in whole]
    header = header_row_count(rows)
    if not _convincing(rows[header:], header):
        return None
    rows[:header] = [column_heads(band, columns) for band in whole[:header]]
    texts, places = zip(*_unwrapped(rows, header), strict=True)
    begin = {row[0] for row in places}
    lines = tuple(Row(band.words, begins=at in begin) for at, band in enumerate(whole))
    return top, last, DetectedTable(lines, texts, places, header)


def _unwrapped(
    rows: Sequence[tuple[str, ...]], header: int
) -> Iterator[tuple[tuple[str, ...], tuple[int, ...]]]:
    """The rows with their cells' bands; a label in two lines and its values are one row."""
    skip = -1
    for at, row in enumerate(rows):
        if at == skip:
            continue
        if at >= header and _goes_on(rows[at : at + 3]):
            skip = at + 1
            label = running(row[0], rows[skip][0])
            yield (label, *rows[skip][1:]), (at, *(skip for _ in row[1:]))
        else:
            yield row, tuple(at for _ in row)


def _goes_on(rows: Sequence[tuple[str, ...]]) -> bool:
    """Whether the second row continues the label of the first and has its values."""
    if len(rows) < 2 or any(rows[0][1:]) or not any(rows[1][1:]) or not rows[1][0]:
        return False
    if _OPEN.fullmatch(rows[0][0]):
        return True
    # Below the label of a section there may be several in small letters.
    small = [_SMALL.match(row[0]) is not None for row in rows[1:]]
    return small in ([True], [True, False]) and not rows[0][0].endswith(":")


def _stray(body: Sequence[Band]) -> bool:
    """Whether the last row is the page's footer: it has words where no other row has any."""
    words = [s for s in body[-1].segments[1:] if not (s.number or s.nothing)]
    others = merged((s.box.x0, s.box.x1) for band in body[:-1] for s in band.segments[1:])
    return any(not touched(segment.box, others) for segment in words)


def _columns(body: Sequence[Band]) -> Columns:
    """The columns of segments below one another. The labels are the first column."""
    boxes = [s.box for band in body for s in band.segments[1:] if s.number or s.nothing]
    numbers = merged((box.x0, box.x1) for box in boxes)
    labels = [band.segments[0].box for band in body if not band.segments[0].number]
    numbers += merged(
        (s.box.x0, s.box.x1) for band in body for s in band.segments[1:]
        if not (s.number or s.nothing or touched(s.box, numbers))
    )  # fmt: skip
    numbers.sort()
    if not labels:
        return merged((s.box.x0, s.box.x1) for band in body for s in band.segments)
    edge = union(labels)
    inside = [column for column in numbers if column[0] >= edge.x0]
    if not inside or edge.x0 >= inside[0][0]:
        return []
    return [(edge.x0, min(edge.x1, inside[0][0])), *inside]


def _convincing(rows: Sequence[tuple[str, ...]], header: int) -> bool:
    body = [row for row in rows if any(row[1:])]
    if len(body) < _FEWEST_ROWS or not (header or any(map(str.isalpha, body[0][0]))):
        return False
    columns = list(zip(*(row[1:] for row in body), strict=True))
    filled = sum(bool(text) for column in columns for text in column)
    labelled = sum(any(map(str.isalpha, row[0])) for row in body) >= len(body) / 2
    good = sum(_numeric(column) for column in columns)
    return (
        filled >= _FILLED * len(body) * len(columns)
        and good >= len(columns) / 2
        and (labelled or header > 0)
        and median(len(row[0].split()) for row in body) <= _LABEL
    )


def _numeric(column: Sequence[str]) -> bool:
    texts = [text for text in column if text]
    values = sum(map(valued, texts))
    empty = sum(not any(map(str.isalnum, text)) for text in texts)
    return values >= 2 and values + empty >= _NUMERIC * len(texts)


def _contents(body: Sequence[Band], columns: Columns) -> bool:
    """Whether it is a table of contents: titles, and rising page numbers."""
    last = [band.segments[-1].text for band in body]
    if sum(_DOTS in band.segments[0].text for band in body) >= len(body) / 2:
        return True
    single = len(columns) <= 3 and all(band.numbers == 1 for band in body)
    if not single or not all(map(_PAGE.fullmatch, last)):
        return False
    numbers = [int(text) for text in last]
    return numbers == sorted(numbers)
