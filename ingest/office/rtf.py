"""RTF files, by striprtf: one page, because running text has none until it is printed.

striprtf knows what is text, and the code pages of fonts. It does not know that text is hidden or
deleted, and leaves out notes and text boxes. So a file is rewritten for it: marks say what the
text is, and what it would leave out loses the word that tells it to.
"""

import re
from collections import defaultdict
from collections.abc import Callable

from striprtf.striprtf import rtf_to_text

from ingest.document.model import Document
from ingest.document.source import Source
from ingest.errors import UnreadableFile
from ingest.page_builder import DELETED, OfficePage, address

_TOKEN = re.compile(
    r"(?P<star>\\\*\s*)?\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})? ?"
    r"|(?P<symbol>\\'[0-9a-fA-F]{2}|\\[^a-zA-Z])"
    r"|(?P<brace>[{}])"
    r"|(?P<text>[^\\{}]+)"
    r"|\\",
    re.DOTALL,
)
_BREAKS = {"par", "line", "sect", "page", "column", "\\\n", "\\\r"}
_SKIPPED = {"pict", "objdata", "datafield", "fldinst"}
_NOTES = {"footnote", "annotation"}
_BOXES = {"shptxt", "dptxbxtext", "title", "author"}
_BOXES |= {f"{name}{of}" for name in ("header", "footer") for of in ("", "l", "r", "f")}
# striprtf leaves out groups that begin with these words. Those of formulas begin with "m".
_OPENED = re.compile(
    r"shp|shpgrp|shpinst|do|object|result|upr|info|m(?!ailmerge|htmltag|mathPict)\w*(?<!Pr)"
)
_HEADING = re.compile(r"\s*(?:heading ([1-9])|title)\s*;", re.IGNORECASE)
_LINK = re.compile(r'HYPERLINK\s+"([^"]+)"')
_SHADES = {"cb", "highlight", "chcbpat", "cbpat"}
_OF_LETTERS = {"v", "deleted", "cf", "fs", *_SHADES}  # they hold until \plain
_OF_PARAGRAPHS = {"s", "outlinelevel", "intbl"}  # and these until \pard
_COLOUR = ("red", "green", "blue")
_STATES = {*_OF_LETTERS, *_OF_PARAGRAPHS, *_COLOUR, "colortbl", "stylesheet", "fonttbl"}
_TINY = 4  # half points
_DEEPEST = 2000  # groups in groups
_LONGEST = 100  # parts of the text of a link
_MAC = re.compile(rb"\s*{\\rtf\d*\s*\\mac\b")
_OLD_MAC = range(78, 90)  # character sets of which striprtf names encodings that do not exist
# Numbers that striprtf cannot do with; the last is that of the Mac's encoding.
_UNUSABLE = {("uc", None), ("ansicpg", None), ("ansicpg", 0), ("ansicpg", 10000)}

_SHOWN = "shown"
_REASONS = (_SHOWN, DELETED, "hidden text", "white on white", "letters too small to see")
_KINDS = ("title", "author", *"123456789")  # of paragraphs; a digit is a heading
# Marks are halves of letters that do not exist: no encoding gives them.
_MARKS = {name: chr(0xDBC0 + at) for at, name in enumerate((*_REASONS, *_KINDS, "cell"))}
_NAMES = {mark: name for name, mark in _MARKS.items()}
_PIECES = re.compile(f"([{''.join(_NAMES)}])")


def load_rtf(source: Source) -> Document:
    """Read the text as it stands when all changes are accepted. Raises UnreadableFile."""
    data = source.path.read_bytes()
    if not data.lstrip().startswith(b"{\\rtf"):
        raise UnreadableFile(f"{source.name} is damaged or not a .rtf file: save it again.")
    marked = _Rewriter(source.name).read(data.decode("latin-1"))
    text = rtf_to_text(marked, "mac_roman" if _MAC.match(data) else "cp1252", errors="replace")
    page, metadata = OfficePage(), dict[str, str]()
    _write(text, page, metadata)
    return source.document((page.page(1, 0),), metadata=metadata)


class _Rewriter:
    """Rewrites one file for striprtf. What a control word says holds until its group ends."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._out: list[str] = []
        self._state: dict[str, int] = {}  # in this group: the last number of each word
        self._closing: Callable[[], str] = str  # what is written before this group ends
        self._outer: list[tuple[dict[str, int], Callable[[], str]]] = []
        self._reason = _SHOWN
        self._headings: dict[int, str] = {}  # their levels, by the number of the style
        self._whites: set[int] = set()
        self._colours = 0
        self._link = ""

    def read(self, text: str) -> str:
        """The rewritten file for striprtf; `text` is its bytes decoded as Latin-1."""
        at = 0
        while token := _TOKEN.match(text, at):
            at = token.end()
            if token["word"] == "bin":
                at += max(int(token["number"] or 0), 0)
            self._take(token)
            if (reason := self._unseen()) != self._reason:
                self._reason = reason
                self._out.append(_MARKS[reason])
        return "".join(self._out)

    def _take(self, token: re.Match[str]) -> None:
        if token["brace"]:
            self._brace(token["brace"])
        elif token["text"]:
            self._text(token["text"])
        elif "skipped" in self._state:
            return
        elif token["word"] in _BREAKS or token["symbol"] in _BREAKS:
            on = self._state.get("intbl") or "inline" in self._state
            self._out.append(" " if on else self._end())
        elif token["word"]:
            number = None if token["number"] is None else int(token["number"])
            self._word(token["star"] or "", token["word"], number)
        else:  # the line end keeps striprtf from finding a word behind an escaped backslash
            self._out.append(token[0] + "\n" * (token[0] == "\\\\"))

    def _brace(self, brace: str) -> None:
        if brace == "{":
            if len(self._outer) >= _DEEPEST:
                raise UnreadableFile(f"{self._name} is nested too deeply to be read.")
            self._outer.append((self._state, self._closing))
            self._state, self._closing = dict(self._state), str
        else:
            self._out.append(self._closing())
            self._state, self._closing = self._outer.pop() if self._outer else ({}, str)
        self._out.append(brace)

    def _text(self, text: str) -> None:
        if "skipped" in self._state:
            if found := _LINK.search(text):
                self._link = found[1]
            return
        if "fonttbl" in self._state:
            return
        if "colortbl" in self._state:
            for _ in range(text.count(";")):
                self._end_colour()
        elif "stylesheet" in self._state and (named := _HEADING.match(text)):
            self._headings[self._state.get("s", 0)] = named[1] or "1"
        self._out.append(re.sub("[\x80-\xff]", lambda byte: rf"\'{ord(byte[0]):02x}", text))

    def _end_colour(self) -> None:
        if [self._state.pop(part, 0) for part in _COLOUR] == [255] * 3:
            self._whites.add(self._colours)
        self._colours += 1

    def _unseen(self) -> str:
        """Why the following text is hidden."""
        state = self._state
        if state.get("deleted"):
            return DELETED
        if state.get("v"):
            return "hidden text"
        on_paper = not any(map(state.get, ("intbl", "box", *_SHADES)))
        if on_paper and state.get("cf") in self._whites:
            return "white on white"
        return "letters too small to see" if 0 < state.get("fs", 0) <= _TINY else _SHOWN

    def _word(self, star: str, word: str, number: int | None) -> None:
        if word in _SKIPPED:
            self._state["skipped"] = 1
            self._link = ""
        elif word in _NOTES:
            self._inline(" [", "]")
        elif word in _BOXES:
            self._begin_box(word)
        elif word == "fldrslt":
            link, at = self._link, len(self._out)
            self._closing = lambda: address("".join(self._out[at : at + _LONGEST]), link)
        elif word == "row":
            self._out.append("\\par ")
        elif word in ("cell", "nestcell"):  # tables in cells become text of the cell
            self._out.append(_MARKS.get(word, " "))
        elif not _OPENED.fullmatch(word) and (word, number) not in _UNUSABLE:
            self._other(star, word, number)

    def _inline(self, before: str, after: str) -> None:
        """The paragraphs of this group are text of the one around it."""
        self._state["inline"] = 1
        self._out.append(before)
        self._closing = lambda: after

    def _begin_box(self, word: str) -> None:
        self._state |= {"box": 1, word: 1}
        if self._state.get("intbl"):
            self._inline(" ", " ")
        else:
            self._out.append("\\par ")
            self._closing = self._end

    def _other(self, star: str, word: str, number: int | None) -> None:
        if word in _STATES:
            self._state[word] = 1 if number is None else number
        elif word in ("plain", "pard"):
            for name in _OF_LETTERS if word == "plain" else _OF_PARAGRAPHS:
                self._state.pop(name, None)
        elif word == "fcharset":
            self._font(number)
            return
        elif word == "f":
            self._out.append("\n")  # striprtf looks for the character set of a font in its line
        elif word == "u" and number is not None:
            number %= 0x10000
            number -= 0xF000 if 0xF020 <= number < 0xF100 else 0  # a letter of a symbol font
            if chr(number) in _NAMES:
                return
        self._out.append(f"{star}\\{word}{'' if number is None else number} ")

    def _font(self, characters: int | None) -> None:
        """Its name is left out: striprtf would look for the end of it in the whole file."""
        if "fonttbl" in self._state:
            self._out.append(f"\\fcharset{0 if characters in _OLD_MAC else characters} ;")

    def _end(self) -> str:
        """The end of a paragraph, with its kind."""
        state = self._state
        level = self._headings.get(state.get("s", 0), "")
        if "outlinelevel" in state:
            level = str(state["outlinelevel"] + 1)
        kind = next((kind for kind in _KINDS if kind in state), level)
        return _MARKS.get(kind, "") + "\\par "


def _write(text: str, page: OfficePage, metadata: dict[str, str]) -> None:
    """Add what striprtf found to the page, and the title and author to the metadata."""
    reason, rows = _SHOWN, list[list[str]]()
    for paragraph in [*text.split("\n"), ""]:
        kind, cells, texts = "0", list[str](), defaultdict[str, str](str)
        for piece in _PIECES.split(paragraph):
            name = _NAMES.get(piece, "")
            if name in _REASONS:
                reason = name
            elif name == "cell":
                cells.append(page.count_in(texts.pop(_SHOWN, "")))
            elif name:
                kind = name
            else:  # a letter may be written as two halves
                texts[reason] += piece.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if cells:
            rows.append(cells)
        elif rows:
            page.table(rows)
            rows = []
        if kind in ("title", "author"):
            metadata.setdefault(kind, texts[_SHOWN].strip())
        else:
            _add(texts, int(kind), page)


def _add(texts: dict[str, str], heading: int, page: OfficePage) -> None:
    for reason, text in texts.items():
        page.count_in(text)
        if reason == DELETED:
            page.drop(DELETED, text)
        else:
            page.line(text, heading, "" if reason == _SHOWN else reason)
