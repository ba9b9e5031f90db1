"""Reads a table of HTML as rows of text; spanning cells are repeated in each place."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.page_builder.flowing_text import Flow
from ingest.web.css_visibility import Visibility
from ingest.web.links import alternative, link
from ingest.web.parsing import name_of

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_SILENT = {"script", "style", "template", "datalist", ""}
_BREAKS = {
    "address", "article", "blockquote", "br", "caption", "center", "dd", "details", "div", "dl",
    "dt", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header",
    "hr", "li", "ol", "option", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "ul",
}  # fmt: skip
_WIDEST = 1000  # columns; a cell may claim to span a billion
_REPEATED = 50_000  # letters of a spanning cell that is repeated; a longer text appears once
_LONG = 600  # characters of a cell that is rather a part of a layout


@dataclass
class HtmlGrid:
    """The content of one table."""

    caption: str = ""
    rows: list[list[str]] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)  # for each row: why it is hidden
    header: int = 0
    unseen: list[tuple[str, str]] = field(default_factory=list)  # reason and text, in seen rows
    pictures: list[str] = field(default_factory=list)  # their alternative texts

    def write(self, flow: Flow) -> None:
        """Put rows, table and pictures into a flow."""
        flow.text_table(self.rows, self.header or None, self.caption, self.hidden)
        for alt in self.pictures:
            flow.figure(alt)


def is_data(table: "Element") -> bool:
    """Whether it is a table of values, not of layout."""
    if table.get("role") in ("presentation", "none"):
        return False
    if any(name_of(part) in ("caption", "thead") for part in table):
        return True
    rows = list(_rows(table))
    if any(name_of(cell) == "th" for row in rows for cell in row):
        return True
    if len(rows) < 2 or max(len(list(_cells(row))) for row in rows) < 2:
        return False
    if next(table.iterdescendants("table"), None) is not None:
        return False
    return all(sum(map(len, cell.itertext())) <= _LONG for row in rows for cell in row)


def read(table: "Element", visibility: Visibility) -> HtmlGrid:
    """The cells of a table row by row, repeated over the rows and columns that they span."""
    grid = HtmlGrid()
    spanning: dict[int, tuple[int, str]] = {}  # column -> rows that it goes on for, and its text
    for part in table:
        if name_of(part) == "caption":
            hidden = visibility.hidden_reason(table)
            grid.caption = _text(part, visibility, grid, hidden)
    rows = list(_rows(table))
    for row in rows:
        hidden = visibility.hidden_reason(row)
        own = list(_cells(row))
        texts = _row([(cell, _text(cell, visibility, grid, hidden)) for cell in own], spanning)
        below = row is not rows[-1] and _stands_below(own, texts, spanning)
        if below or not any(map(str.strip, texts)):
            continue
        if len(grid.rows) == grid.header and _heads(row, own):
            grid.header += 1
        elif len(set(texts)) == 1 and len(own) == 1:
            texts = [texts[0], *[""] * (len(texts) - 1)]  # a title over all columns
        grid.rows.append(texts)
        grid.hidden.append(hidden)
    return grid


def _row(own: "list[tuple[Element, str]]", spanning: dict[int, tuple[int, str]]) -> list[str]:
    texts: list[str] = []
    for cell, text in own:
        _spanned(texts, spanning)
        rows, columns = _span(cell, "rowspan"), _span(cell, "colspan")
        again = text if rows * columns * len(text) <= _REPEATED else ""
        for column in range(columns):
            if rows > 1:
                spanning[len(texts)] = (rows - 1, again)
            texts.append(again if column else text)
    _spanned(texts, spanning)
    return texts


def _stands_below(
    own: "list[Element]", texts: list[str], spanning: dict[int, tuple[int, str]]
) -> bool:
    """Whether the next row repeats all cells of this row; long texts do not count."""
    down = bool(own) and all(_span(cell, "rowspan") > 1 for cell in own)
    return down and set(texts) <= {text for _, text in spanning.values()}


def _spanned(texts: list[str], spanning: dict[int, tuple[int, str]]) -> None:
    """Fill in the cells that reach down from the rows above."""
    while (column := len(texts)) in spanning:
        left, text = spanning.pop(column)
        texts.append(text)
        if left > 1:
            spanning[column] = (left - 1, text)


def _span(cell: "Element", name: str) -> int:
    value = (cell.get(name) or "").strip()
    return min(max(int(value), 1), _WIDEST) if value.isdecimal() and len(value) < 9 else 1


def _heads(row: "Element", own: "list[Element]") -> bool:
    parent = row.getparent()
    in_head = parent is not None and name_of(parent) == "thead"
    return in_head or (bool(own) and all(name_of(cell) == "th" for cell in own))


def _rows(table: "Element") -> "Iterator[Element]":
    for part in table:
        if name_of(part) == "tr":
            yield part
        elif name_of(part) in ("thead", "tbody", "tfoot"):
            yield from (row for row in part if name_of(row) == "tr")


def _cells(row: "Element") -> "Iterator[Element]":
    return (cell for cell in row if name_of(cell) in ("td", "th"))


def _text(cell: "Element", visibility: Visibility, grid: HtmlGrid, hidden: str) -> str:
    """The visible text of a cell; hidden text goes to `unseen`, and pictures to `pictures`.

    `hidden`: all of the row is, and its text stays together.
    """
    from lxml import etree

    seen: list[str] = []
    reasons: list[str] = []
    walk = etree.iterwalk(cell, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        tag = name_of(element)
        if event == "start":
            reasons.append("" if hidden else visibility.hidden_reason(element))
            if tag in _SILENT:
                walk.skip_subtree()
            else:
                _put(_opening(element, tag, grid), reasons[-1], seen, grid)
        elif event == "end":
            if tag == "a":
                _put(link(element), reasons[-1], seen, grid)
            if tag in _BREAKS:
                _put(" ", reasons[-1], seen, grid)
            reasons.pop()
        if event != "start" and element is not cell:
            _put(element.tail or "", reasons[-1] if reasons else "", seen, grid)
    return " ".join("".join(seen).split())


def _opening(element: "Element", tag: str, grid: HtmlGrid) -> str:
    text = element.text or ""
    if tag == "img" and (alt := alternative(element)):
        text = f" {alt} "
    if tag == "img" and (text or element.get("src")):
        grid.pictures.append(text.strip())
    if tag == "li":  # as a browser draws it
        parent = element.getparent()
        ordered = parent is not None and name_of(parent) == "ol"
        before = sum(1 for _ in element.itersiblings("li", preceding=True)) if ordered else 0
        return f" {before + 1}. {text}" if ordered else f" - {text}"
    return f" {text}" if tag in _BREAKS else text


def _put(text: str, reason: str, seen: list[str], grid: HtmlGrid) -> None:
    if not reason:
        seen.append(text)
    elif text.strip():
        grid.unseen.append((reason, text))
