"""Shows a page of a document without drawable pages: its lines as text, the cited ones marked."""

from collections.abc import Container, Iterator, Sequence

from assistant.i18n.told import told
from assistant.i18n.translation import _
from assistant.ui.components.escaping import as_html
from ingest.document.model import Cell, Line, Page, Table
from ingest.media.ffmpeg import clock

_DEEPEST = 6  # levels of headings that HTML has


def text_page(page: Page, cited: range, changed: Container[int] = ()) -> str:
    """The page as HTML; `cited` are indexes of lines, and `changed` of those that the page beside
    it does not have."""
    title = f"<h2>{as_html(page.title)}</h2>" if page.title else ""
    blocks = "".join(_block(page, first, last, cited, changed) for first, last in _blocks(page))
    empty = f'<p class="quiet">{as_html(_("There is no text on this page."))}</p>'
    return f'<div class="text-page" data-number="{page.number}">{title}{blocks or empty}</div>'


def _blocks(page: Page) -> Iterator[tuple[int, int]]:
    """Tables as a whole, headings, and between them the paragraphs; as lines, the last inclusive.

    Where no line says that a paragraph begins, each line is one.
    """
    told = any(line.begins for line in page.lines)
    tables = {table.first: table.last for table in page.tables}
    index = 0
    while index < len(page.lines):
        last = tables.get(index, index)
        while told and index not in tables and _goes_on(page, last + 1, tables):
            last += 1
        yield index, last
        index = last + 1


def _goes_on(page: Page, index: int, tables: dict[int, int]) -> bool:
    if index >= len(page.lines) or index in tables:
        return False
    line, before = page.lines[index], page.lines[index - 1]
    return not (line.begins or line.heading or before.heading)


def _block(page: Page, first: int, last: int, cited: range, changed: Container[int]) -> str:
    table = next((t for t in page.tables if t.first == first and t.last == last), None)
    if table:
        return _table(table, cited, changed)
    line = page.lines[first]
    tag = f"h{min(line.heading + 1, _DEEPEST)}" if line.heading else "p"
    words = " ".join(
        _line(page.lines[at], at in cited, at in changed) for at in range(first, last + 1)
    )
    return f"<{tag}>{_time(line)}{words}</{tag}>"


def _time(line: Line) -> str:
    """Of a recording: when this is said."""
    if line.seconds is None:
        return ""
    return f'<span class="clock" data-at="{line.seconds:.2f}">{clock(line.seconds)}</span> '


def _line(line: Line, cited: bool, changed: bool) -> str:
    text = as_html(line.text)
    if line.hidden:
        why = as_html(_("Hidden: {reason}", reason=told(line.hidden)))
        text = f'<span class="hidden-text" title="{why}">{text}</span>'
    if cited:
        return f'<mark class="cited">{text}</mark>'
    return f'<mark class="changed">{text}</mark>' if changed else text


def _table(table: Table, cited: range, changed: Container[int]) -> str:
    caption = f"<caption>{as_html(table.caption)}</caption>" if table.caption else ""
    rows = []
    for number, row in enumerate(table.rows):
        tag = "th" if number < table.header else "td"
        cells = "".join(f"<{tag}>{as_html(cell.text)}</{tag}>" for cell in row)
        rows.append(f"<tr{_marked(row, cited, changed)}>{cells}</tr>")
    return f'<div class="wide"><table>{caption}{"".join(rows)}</table></div>'


def _marked(row: Sequence[Cell], cited: range, changed: Container[int]) -> str:
    for name, lines in (("cited", cited), ("changed", changed)):
        if any(cell.line in lines for cell in row):
            return f' class="{name}"'
    return ""


def lines_of(quote: str, page: Page) -> list[range]:
    """Where the lines of a quote stand together on the page."""
    quoted = quote.split("\n")
    texts = [line.text for line in page.lines]
    return [
        range(start, start + len(quoted))
        for start in range(len(texts) - len(quoted) + 1)
        if texts[start : start + len(quoted)] == quoted
    ]
