"""Reads a tree of HTML into the lines of a page: paragraphs, headings, lists, tables, pictures.

Markers of list items, which a browser draws, are written and counted as if the file held them.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest.document.model import Line
from ingest.images.embedded_images import Writing
from ingest.page_builder.flowing_text import BEGINS, PLAIN, Flow
from ingest.web import html_table
from ingest.web.css_visibility import Visibility
from ingest.web.images import Look, unseen
from ingest.web.links import alternative, link
from ingest.web.parsing import iterwalk, name_of

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

HEADINGS = {f"h{level}": level for level in range(1, 7)}
_SILENT = {"script", "style", "head", "title", "iframe", "object", "embed", "datalist", "rp"}
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
_DEEPEST = 200  # elements within elements; text that lies deeper is read without its structure


@dataclass(frozen=True)
class _State:
    """The state of the text inside an element."""

    hidden: str = ""
    heading: int = 0
    lists: int = 0
    verbatim: bool = False
    depth: int = 0


class HtmlReader:
    """Writes one tree of HTML into a flow."""

    def __init__(self, root: "Element", flow: Flow, look: Look = unseen) -> None:
        """`look` reads the text on the pictures that the page itself holds."""
        self._flow = flow
        self._look = look
        self._written: list[tuple[Writing, str]] = []  # of pictures, and why they are not seen
        self._visibility = Visibility(root)
        if not self._visibility.complete:
            flow.note(_NOT_FOLLOWED)
        self._texts: list[str] = []
        self._marker = ""
        self._numbers: dict[Element, int] = {}  # of the last item of each numbered list
        self._begins = True
        self._state = _State()

    def read(self, element: "Element") -> None:
        self._element(element, _State())
        self._flush()

    def _element(self, element: "Element", outer: _State) -> None:
        tag = name_of(element)
        if tag in _SILENT or not tag:
            return
        if outer.depth >= _DEEPEST:
            return self._deep(element, outer)
        state = self._inside(element, tag, outer)
        if tag == "br":
            self._flush(ends=False)
        elif tag == "img":
            self._image(element, state)
        elif tag == "table" and html_table.is_data(element):
            self._flush()
            self._table(element, state)
        elif tag in _INLINE:
            self._children(element, state)
            if tag == "a":
                self._text(link(element), state)
        else:
            self._block(element, tag, state)

    def _deep(self, element: "Element", outer: _State) -> None:
        """Read text without its structure, but with its hiding. No recursion."""
        inside, silent = [outer], 0
        for event, one in iterwalk(element, events=("start", "end", "comment")):
            if event == "start":
                silent += name_of(one) in _SILENT
                reason = "in a part that is not shown" if silent else ""
                reason = self._visibility.hidden_reason(one) or reason
                inside.append(replace(outer, hidden=reason))
                self._text(one.text, inside[-1])
            elif event == "end":
                inside.pop()
                silent -= name_of(one) in _SILENT
            if event != "start" and one is not element:
                self._text(f" {one.tail or ''}", inside[-1])

    def _inside(self, element: "Element", tag: str, outer: _State) -> _State:
        return replace(
            outer,
            hidden=self._visibility.hidden_reason(element),
            heading=HEADINGS.get(tag, outer.heading),
            lists=outer.lists + (tag in ("ul", "ol", "menu")),
            verbatim=outer.verbatim or tag in ("pre", "textarea"),
            depth=outer.depth + 1,
        )

    def _block(self, element: "Element", tag: str, state: _State) -> None:
        self._flush()
        if tag == "li":
            self._marker = self._numbered(element)
        self._children(element, state)
        self._flush()
        if tag == "li":
            self._marker = ""

    def _children(self, element: "Element", state: _State) -> None:
        self._text(element.text, state)
        for child in element:
            self._element(child, state)
            self._text(child.tail, state)

    def _text(self, text: str | None, state: _State) -> None:
        if not text:
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
                self._verbatim(text, like)
            else:
                indent = "  " * (state.lists - 1) if self._marker else ""
                self._flow.paragraph(self._marker + text.strip(), like, indent)
            self._marker, self._begins = "", False
        self._begins = self._begins or ends
        for writing, hidden in self._written:
            self._flow.written(writing, hidden)
        self._written = []

    def _verbatim(self, text: str, like: Line) -> None:
        for line in text.split("\n"):
            if line.strip():
                self._flow.verbatim(line, like)
                like = replace(like, begins=False)

    def _image(self, element: "Element", state: _State) -> None:
        if alt := alternative(element):
            self._text(f" {alt} ", state)
        if alt or element.get("src"):
            self._flow.figure(alt)
            self._written.append((self._look(element.get("src") or ""), state.hidden))

    def _table(self, element: "Element", state: _State) -> None:
        found = html_table.read(element, self._visibility)
        if found.caption:
            self._flow.paragraph(found.caption, replace(BEGINS, hidden=state.hidden))
        found.write(self._flow)
        for reason, text in found.unseen:
            self._flow.paragraph(text, replace(PLAIN, begins=True, hidden=reason))
        self._begins = True

    def _numbered(self, item: "Element") -> str:
        """The label that a browser draws before a list item."""
        parent = item.getparent()
        if parent is None or name_of(parent) != "ol":
            return "- "
        before = self._numbers.get(parent, _number(parent.get("start"), 1) - 1)
        self._numbers[parent] = _number(item.get("value"), before + 1)
        return f"{self._numbers[parent]}. "


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 9 else otherwise
