"""Reads the text inside a paragraph of Word: runs, fields, links, formulas; not deleted text.

Attached objects (pictures, text boxes, notes, comments) follow after the paragraph.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from ingest.office.formulas import omml
from ingest.office.ooxml import child, texts, value
from ingest.office.word.numbering import whole
from ingest.office.word.styles import WordStyles, on
from ingest.page_builder.office_page import COPY, DELETED, OfficePage, address

TEXT = frozenset({"w:t", "w:delText", "m:t", "a:t"})
PROMPT = "prompts of empty form fields"

_PLAIN = {"w:tab": " ", "w:ptab": " ", "w:br": "\n", "w:cr": "\n"}
_SKIPPED = {"w:pPr", "w:rPr", "w:instrText", "w:sdtPr", "w:fldData", "w:rt"}
_FORMULAS = {"m:oMath", "m:oMathPara"}
_DRAWINGS = {"w:drawing", "w:pict", "w:object"}
_REFERENCES = {"w:footnoteReference": "footnotes", "w:endnoteReference": "endnotes"}
_WINGDINGS = {"F0FC": "✓", "F0FB": "✗", "F0FE": "☒", "F0A8": "☐", "F06F": "☐", "F078": "☒",
              "F052": "☑", "F0E0": "→", "F0B7": "•", "F0A7": "▪"}  # fmt: skip
_WHITE = "FFFFFF"
_TINY = 4  # half points


@dataclass
class WordInline:
    """The text of a paragraph by the reason for hiding it ("" is visible), and attached objects."""

    text: dict[str, str] = field(default_factory=lambda: defaultdict(str))
    drawings: list[tuple[Element, str]] = field(default_factory=list)  # and why it is hidden
    notes: list[tuple[str, str, int]] = field(default_factory=list)  # part, identity, number
    comments: list[str] = field(default_factory=list)


class WordRuns:
    """Reads paragraphs one after the other; numbers the notes."""

    def __init__(self, draft: OfficePage, styles: WordStyles) -> None:
        self._draft = draft
        self._styles = styles
        self._noted = 0

    def read(self, paragraph: Element, white: bool) -> WordInline:
        """`white`: white letters are invisible in this paragraph."""
        found = WordInline()
        style = self._styles[value(paragraph, "w:pPr", "w:pStyle") or self._styles.default]
        shaded = child(paragraph, "w:pPr", "w:shd") is not None
        self._white = white and not shaded
        self._children(paragraph, found, "hidden text" if style.hidden else "")
        return found

    def _children(self, element: Element, found: WordInline, hidden: str) -> None:
        for part in element:
            self._part(part, found, hidden)

    def _part(self, part: Element, found: WordInline, hidden: str) -> None:
        tag = part.tag
        if tag == "w:t":
            found.text[hidden] += (part.text or "").replace("\n", " ")  # breaks are elements
        elif tag == "w:r":
            self._children(part, found, hidden or self._hidden(child(part, "w:rPr")))
        elif tag in _PLAIN:
            found.text[hidden] += _PLAIN[tag]
        elif tag in ("w:del", "w:moveFrom"):
            self._draft.drop(DELETED, "".join(texts(part, TEXT)))
        elif tag in _FORMULAS:
            found.text[hidden] += omml(part, self._draft.count_in)
        elif tag in _DRAWINGS:
            found.drawings.append((part, hidden))
        elif tag == "mc:AlternateContent":
            self._alternative(part, found, hidden)
        elif tag == "w:sdt":
            self._control(part, found, hidden)
        elif tag == "w:hyperlink":
            self._link(part, found, hidden)
        elif tag not in _SKIPPED and not self._mark(part, found, hidden):
            self._children(part, found, hidden)

    def _mark(self, part: Element, found: WordInline, hidden: str) -> bool:
        """Read a mark that stands for text."""
        made = self._draft.count_in
        match part.tag:
            case "w:noBreakHyphen":
                found.text[hidden] += made("-")
            case "w:sym":
                found.text[hidden] += made(_symbol(part.get("w:char", "")))
            case "w:footnoteReference" | "w:endnoteReference":
                self._noted += 1
                found.text[hidden] += made(f"[{self._noted}]")
                found.notes.append((_REFERENCES[part.tag], part.get("w:id", ""), self._noted))
            case "w:commentReference":
                found.comments.append(part.get("w:id", ""))
            case "w:fldChar":
                found.text[hidden] += made(_checkbox(part))
            case _:
                return False
        return True

    def _alternative(self, part: Element, found: WordInline, hidden: str) -> None:
        """One of several forms of the same: the first is the newest."""
        for number, form in enumerate(part):
            if number == 0:
                self._children(form, found, hidden)
            else:
                self._draft.drop(COPY, "".join(texts(form, TEXT)))

    def _control(self, part: Element, found: WordInline, hidden: str) -> None:
        if on(child(part, "w:sdtPr"), "w:showingPlcHdr"):
            self._draft.drop(PROMPT, "".join(texts(part, TEXT)))
            return
        self._children(part, found, hidden)

    def _link(self, part: Element, found: WordInline, hidden: str) -> None:
        before = len(found.text[hidden])
        self._children(part, found, hidden)
        shown = found.text[hidden][before:]
        found.text[hidden] += self._draft.count_in(address(shown, part.get("target", "")))

    def _hidden(self, properties: Element | None) -> str:
        if properties is None:
            return ""
        style = self._styles[value(properties, "w:rStyle")]
        if on(properties, "w:vanish") or (style.hidden and child(properties, "w:vanish") is None):
            return "hidden text"
        if self._white and _is_white(properties):
            return "white on white"
        size = value(properties, "w:sz")
        return "letters too small to see" if size and whole(size) <= _TINY else ""


def _is_white(properties: Element) -> bool:
    shaded = child(properties, "w:shd") is not None or child(properties, "w:highlight") is not None
    return value(properties, "w:color").upper() == _WHITE and not shaded


def _symbol(code: str) -> str:
    if code.upper() in _WINGDINGS:
        return _WINGDINGS[code.upper()]
    try:
        number = int(code, 16)
    except ValueError:
        return ""
    # Private letters mean something in their font only; symbol fonts lie at F000 to F0FF.
    number -= 0xF000 if 0xF020 <= number <= 0xF07E else 0
    return chr(number) if 0x20 <= number < 0xD800 else ""


def _checkbox(field_begin: Element) -> str:
    """The box of an old form field."""
    box = child(field_begin, "w:ffData", "w:checkBox")
    if box is None:
        return ""
    state = "w:checked" if child(box, "w:checked") is not None else "w:default"
    return "☒ " if on(box, state) else "☐ "
