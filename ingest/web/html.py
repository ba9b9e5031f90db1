"""HTML becomes lines of pages: paragraphs, headings, lists, tables, and text on pictures."""

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import unquote_to_bytes

from lxml import etree, html
from lxml.etree import _Element as Element

from ingest.document.model import Line
from ingest.errors import UnreadableFile
from ingest.images.recognition import Pasted, Writing, decoded
from ingest.office.ooxml import without_file_name
from ingest.page_builder import BEGINS, PLAIN, Flow, address
from ingest.text.decoding import decode
from ingest.web.hidden_elements import Visibility

# -- Pictures that a web page holds itself. Those that it points to elsewhere are never fetched

Look = Callable[[str], Writing]  # the address of a picture -> its text


def looking(pasted: Pasted, part: Look | None = None) -> Look:
    """Pictures in the page's own text ("data:"), and those that `part` finds beside it."""

    def look(address: str) -> Writing:
        head, _, body = address.strip().partition(",")
        if not head.lower().startswith("data:image/"):
            return part(address.strip()) if part and address.strip() else Writing()
        kind = head[len("data:image/") :].lower()
        data = decoded(body) if kind.endswith(";base64") else unquote_to_bytes(body)
        return pasted.read(data, f"picture.{kind.partition(';')[0].partition('+')[0]}")

    return look


# -- Parses HTML into a tree of elements. Nothing is fetched, and no entity is expanded

_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*+=\s*+["']?+\s*+([\w.:-]+)""", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"""<\?xml[^>]{0,100}?encoding\s*=\s*["']([\w.:-]+)""")
# Browsers also show the text after them, as in joined pages; libxml2 drops it.
_ENDS = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
# As the HTML standard says; libxml2 would end the text at the first of them.
_NO_TEXT = dict.fromkeys([0, *range(0xD800, 0xE000)], "\ufffd")


def parse_bytes(data: bytes, name: str, declared: str = "") -> Element:
    """The tree of a file, in the encoding that it or its envelope declares. UnreadableFile."""
    head = data[:4096]
    for pattern in (_CHARSET, _XML_ENCODING):
        if not declared and (match := pattern.search(head)):
            declared = match.group(1).decode("ascii", "replace")
    return parse_text(decode(data, name, declared).text, name)


def parse_text(text: str, name: str) -> Element:
    """The tree of HTML; damaged HTML is repaired as browsers do. Raises UnreadableFile."""
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, remove_pis=True)
    clean = _ENDS.sub("", text.translate(_NO_TEXT))
    try:
        root = html.document_fromstring(clean.encode(), parser=parser)
    except etree.ParserError as error:  # nothing but white space or comments
        raise UnreadableFile(f"{name} holds no text.") from error
    if any(error.type_name == "ERR_RESOURCE_LIMIT" for error in parser.error_log):
        # 2,048 nested elements: the tree silently lacks everything after them.
        raise UnreadableFile(f"{name} is nested too deeply to be read.")
    return root


def text_of(element: Element) -> str:
    """All of its text as one line."""
    return " ".join("".join(map(str, element.itertext())).split())


def tag_name(element: Element) -> str:
    """The tag without its namespace; "" for comments."""
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


_WIDEST = 1000  # columns; a cell may claim to span a billion
_REPEATED = 50_000  # letters of a spanning cell that is repeated; a longer text appears once
_LONG = 600  # characters of a cell that is rather a part of a layout


@dataclass
class HtmlGrid:
    """The texts of one table, row by row, with what is hidden in it. Its cells are written into
    it as a page is written into a flow."""

    caption: str = ""
    rows: list[list[str]] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)  # for each row: why it is hidden
    header: int = 0
    unseen: list[tuple[str, str]] = field(default_factory=list)  # reason and text, in seen rows
    pictures: list[str] = field(default_factory=list)  # their alternative texts
    row_hidden: str = ""  # why the row that is read is: its text stays together
    seen: list[str] = field(default_factory=list)  # of the cell that is read

    def paragraph(self, text: str, like: Line = PLAIN, indent: str = "") -> None:
        self.seen.append(text)

    verbatim = paragraph

    def add_figure(self, caption: str) -> None:
        self.pictures.append(caption)


def is_data_table(table: Element) -> bool:
    """Whether it is a table of values, not of layout."""
    if table.get("role") in ("presentation", "none"):
        return False
    if any(tag_name(part) in ("caption", "thead") for part in table):
        return True
    rows = list(_rows(table))
    if any(tag_name(cell) == "th" for row in rows for cell in row):
        return True
    if len(rows) < 2 or max(len(list(_cells(row))) for row in rows) < 2:
        return False
    if next(table.iterdescendants("table"), None) is not None:
        return False
    return all(sum(map(len, cell.itertext())) <= _LONG for row in rows for cell in row)


def _read_rows(table: Element, grid: HtmlGrid, reader: "HtmlReader") -> None:
    """The cells of a table row by row, repeated over the rows and columns that they span."""
    spanning: dict[int, tuple[int, str]] = {}  # column -> rows that it goes on for, and its text
    rows = list(_rows(table))
    for row in rows:
        grid.row_hidden = reader.visibility.hidden_reason(row)
        own = list(_cells(row))
        texts = _row([(cell, reader.cell(cell, grid)) for cell in own], spanning)
        down = own and all(_span(cell, "rowspan") > 1 for cell in own) and row is not rows[-1]
        if down and set(texts) <= {text for _, text in spanning.values()}:
            continue  # the next row repeats all of its cells; long texts do not count
        if not any(map(str.strip, texts)):
            continue
        parent = row.getparent()
        in_head = parent is not None and tag_name(parent) == "thead"
        if len(grid.rows) == grid.header and (in_head or {*map(tag_name, own)} == {"th"}):
            grid.header += 1
        elif len(set(texts)) == 1 and len(own) == 1:
            texts = [texts[0], *[""] * (len(texts) - 1)]  # a title over all columns
        grid.rows.append(texts)
        grid.hidden.append(grid.row_hidden)


def _row(own: list[tuple[Element, str]], spanning: dict[int, tuple[int, str]]) -> list[str]:
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


def _spanned(texts: list[str], spanning: dict[int, tuple[int, str]]) -> None:
    """Fill in the cells that reach down from the rows above."""
    while (column := len(texts)) in spanning:
        left, text = spanning.pop(column)
        texts.append(text)
        if left > 1:
            spanning[column] = (left - 1, text)


def _span(cell: Element, name: str) -> int:
    value = (cell.get(name) or "").strip()
    return min(max(int(value), 1), _WIDEST) if value.isdecimal() and len(value) < 9 else 1


def _rows(table: Element) -> Iterator[Element]:
    for part in table:
        if tag_name(part) == "tr":
            yield part
        elif tag_name(part) in ("thead", "tbody", "tfoot"):
            yield from (row for row in part if tag_name(row) == "tr")


def _cells(row: Element) -> Iterator[Element]:
    return (cell for cell in row if tag_name(cell) in ("td", "th"))


# -- Reads a tree of HTML into the lines of a page: paragraphs, headings, lists, tables, pictures
# Markers of list items, which a browser draws, are written and counted as if the file held them.

HEADINGS = {f"h{level}": level for level in range(1, 7)}
_SILENT_TAGS = {"script", "style", "head", "title", "iframe", "object", "embed", "datalist", "rp"}
_INLINE = {
    "a", "abbr", "acronym", "annotation", "audio", "b", "bdi", "bdo", "big", "cite", "code",
    "data", "del", "dfn", "em", "font", "i", "img", "ins", "kbd", "label", "mark", "math", "mi",
    "mn", "mo", "mrow", "msub", "msup", "mtext", "nobr", "output", "picture", "q", "rb", "rt",
    "ruby", "s", "samp", "semantics", "small", "source", "span", "strike", "strong", "sub", "sup",
    "svg", "time", "tt", "u", "var", "video", "wbr", "",
}  # fmt: skip
_NOT_FOLLOWED = (
    "Its style sheet would take too long to follow: text that it hides may not be marked as hidden."
)
_CALLS = 10_000  # in one another: four for each of the 2,048 elements that lxml lets be nested


@dataclass(frozen=True)
class _State:
    """The state of the text inside an element."""

    hidden: str = ""
    heading: int = 0
    lists: int = 0
    verbatim: bool = False


class HtmlReader:
    """Writes one tree of HTML into a flow."""

    def __init__(self, root: Element, flow: Flow, look: Look | None = None) -> None:
        """`look` reads the text on the pictures that the page itself holds."""
        self._flow = flow
        self._out: Flow | HtmlGrid = flow  # or the table whose cell is read
        self._look = look
        self._written: list[tuple[Writing, str]] = []  # of pictures, and why they are not seen
        self.visibility = Visibility(root)
        if not self.visibility.complete:
            flow.note(_NOT_FOLLOWED)
        self._texts: list[str] = []
        self._marker = ""
        self._numbers: dict[Element, int] = {}  # of the last item of each numbered list
        self._begins = True
        self._state = _State()

    def read(self, element: Element) -> None:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, _CALLS))  # Python's own calls take no stack of the system
        try:
            self._element(element, _State())
        finally:
            sys.setrecursionlimit(limit)
        self._flush()

    def _element(self, element: Element, outer: _State) -> None:
        tag = tag_name(element)
        if tag in _SILENT_TAGS or not tag:
            return
        state = self._inside(element, tag, outer)
        if tag == "br":
            self._flush(ends=False)
        elif tag == "img":
            self._image(element, state)
        elif tag == "table" and self._out is self._flow and is_data_table(element):
            self._flush()
            self._table(element, state)
        elif tag in _INLINE:
            self._children(element, state)
            if tag == "a":
                target = (element.get("href") or "").strip()
                self._text(address("".join(map(str, element.itertext())), target), state)
        else:
            self._block(element, tag, state)

    def _inside(self, element: Element, tag: str, outer: _State) -> _State:
        return replace(
            outer,
            hidden=self.visibility.hidden_reason(element),
            heading=HEADINGS.get(tag, outer.heading),
            lists=outer.lists + (tag in ("ul", "ol", "menu")),
            verbatim=outer.verbatim or tag in ("pre", "textarea"),
        )

    def _block(self, element: Element, tag: str, state: _State) -> None:
        self._flush()
        if tag == "li":
            self._marker = self._numbered(element)
        self._children(element, state)
        self._flush()
        if tag == "li":
            self._marker = ""

    def _children(self, element: Element, state: _State) -> None:
        self._text(element.text, state)
        for child in element:
            self._element(child, state)
            self._text(child.tail, state)

    def _text(self, text: str | None, state: _State) -> None:
        if not text:
            return
        if isinstance(self._out, HtmlGrid) and state.hidden and not self._out.row_hidden:
            if text.strip():  # what is around it in the cell stays one word
                self._out.unseen.append((state.hidden, " ".join(text.split())))
            return
        if state != self._state and self._texts:
            here, there = self._state, state
            if (here.hidden, here.heading) != (there.hidden, there.heading):
                self._flush(ends=False)
        self._state = state
        self._texts.append(text)

    def _flush(self, ends: bool = True) -> None:
        """Write the collected text; `ends`: another paragraph follows."""
        text, state = "".join(self._texts), self._state
        self._texts = []
        if text.strip():
            like = Line("", heading=state.heading, hidden=state.hidden, begins=self._begins)
            if state.verbatim:
                for line in filter(str.strip, text.split("\n")):
                    self._out.verbatim(line, like)
                    like = replace(like, begins=False)
            else:
                indent = "  " * (state.lists - 1) if self._marker else ""
                self._out.paragraph(self._marker + text.strip(), like, indent)
            self._marker, self._begins = "", False
        self._begins = self._begins or ends
        for writing, hidden in self._written:
            self._flow.written(writing, hidden)
        self._written = []

    def _image(self, element: Element, state: _State) -> None:
        if alt := without_file_name(element.get("alt") or "").strip():
            self._text(f" {alt} ", state)
        if alt or element.get("src"):
            self._out.add_figure(alt)
            if self._look and self._out is self._flow:  # pictures in cells are not read
                self._written.append((self._look(element.get("src") or ""), state.hidden))

    def _table(self, element: Element, state: _State) -> None:
        found = HtmlGrid(row_hidden=state.hidden)
        for part in element:
            if tag_name(part) == "caption":
                found.caption = self.cell(part, found)
        _read_rows(element, found, self)
        if found.caption:
            self._flow.paragraph(found.caption, replace(BEGINS, hidden=state.hidden))
        self._flow.text_table(found.rows, found.header or None, found.caption, found.hidden)
        for alt in found.pictures:
            self._flow.add_figure(alt)
        for reason, text in found.unseen:
            self._flow.paragraph(text, replace(PLAIN, begins=True, hidden=reason))
        self._begins = True

    def cell(self, element: Element, grid: HtmlGrid) -> str:
        """The visible text of a cell or caption; its hidden text and its pictures go to `grid`."""
        grid.seen, self._out = [], grid
        marker, self._marker = self._marker, ""  # of a list item around the table
        self._element(element, _State())
        self._flush()
        self._out, self._marker = self._flow, marker
        return " ".join(" ".join(grid.seen).split())

    def _numbered(self, item: Element) -> str:
        """The label that a browser draws before a list item."""
        parent = item.getparent()
        if parent is None or tag_name(parent) != "ol":
            return "- "
        before = self._numbers.get(parent, _number(parent.get("start"), 1) - 1)
        self._numbers[parent] = _number(item.get("value"), before + 1)
        return f"{self._numbers[parent]}. "


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 9 else otherwise
