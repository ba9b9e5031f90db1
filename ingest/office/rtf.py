"""RTF files, by striprtf: one page, because running text has none until it is printed.

striprtf knows the letters of all code pages. It reads hidden and deleted text aloud, breaks rows at
paragraphs in their cells, leaves out notes and text boxes, and takes for ever on some pictures,
fields and fonts. So the file is rewritten for it.
"""

import re
from collections.abc import Iterator

from striprtf.striprtf import rtf_to_text, specialchars

from ingest.document.model import Document, count
from ingest.document.source import Source
from ingest.errors import UnreadableFile
from ingest.page_builder import DELETED, OfficePage

_TOKEN = re.compile(
    r"(?P<star>\\\*\s*)?\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})? ?"
    r"|(?P<brace>[{}])|(?P<text>[^\\{}]+|\\'[0-9a-fA-F]{2}|\\.?)",
    re.DOTALL,
)
_FONT = re.compile(r"\\f(\d{1,5})[^{};]{0,99}?\\fcharset(\d{1,3})")
_STYLE = re.compile(r"\\s(\d{1,4})\b[^{};]{0,400}?(?: heading ([1-9])| title);", re.IGNORECASE)
_INFO = re.compile(r"\{\\(title|author) ([^\s{}\\\x80-\xff][^{}\\\r\n\x80-\xff]*)\}")
_SKIPPED = {"pict", "objdata", "datafield", "fldinst", "fonttbl", "colortbl", "stylesheet"}
_NOTES = {"footnote", "annotation"}
_BOXES = {"shptxt", "dptxbxtext"}
_BOXES |= {f"{name}{of}" for name in ("header", "footer") for of in ("", "l", "r", "f")}
# striprtf leaves out groups that begin with these words. Those of formulas begin with "m".
_OPENED = re.compile(
    r"shp|shpgrp|shpinst|do|object|result|m(?!ailmerge|htmltag|mathPict)\w*(?<!Pr)"
)
_UNUSABLE = {"uc", "ansicpg", "ansicpg0", "ansicpg10000"}  # the last is the Mac's
_BREAKS = {"par", "line", "sect", "page", "column", "row"}
_LETTERS = {*specialchars, "u"} - _BREAKS - {"cell", "nestcell"}
_SHADES = {"cb", "highlight", "chcbpat", "cbpat"}
_UNTIL_PLAIN = {"v", "deleted", "cf", "fs", *_SHADES}
_TINY = 4  # half points
_CELL, _LEVEL = "\x1f", "\x1e"  # marks, which count as white space

State = dict[str, int]  # what holds until a group ends: the last number of each word


def load_rtf(source: Source) -> Document:
    """Read the text as it stands when all changes are accepted. Raises UnreadableFile."""
    text = source.path.read_bytes().lstrip().decode("latin-1")
    if not text.startswith("{\\rtf"):
        raise UnreadableFile(f"{source.name} is damaged or not a .rtf file: save it again.")
    page, rows = OfficePage(), list[list[str]]()
    encoding = "mac_roman" if re.match(r"{\\rtf\d*\s*\\mac\b", text) else "cp1252"
    found = rtf_to_text("".join(_rewritten(text, page)), encoding, errors="replace")
    for halves in [*found.split("\n"), ""]:  # a letter may be written as two
        line = page.count_in(halves.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
        *cells, rest = line.split(_CELL)
        if cells:
            rows.append(cells)
        elif rows:
            page.table(rows)
            rows = []
        page.line(rest, min(line.count(_LEVEL), 9))
    return source.document((page.page(1, 0),), metadata=dict(reversed(_INFO.findall(text))))


def _rewritten(text: str, page: OfficePage) -> Iterator[str]:
    """The file for striprtf. Letters that nobody sees are counted, and left out."""
    fonts = {font: 0 if 77 < int(of) < 90 else of for font, of in _FONT.findall(text)}  # old Macs
    yield "{{\\fonttbl "
    yield from (f"\\f{font}\\fcharset{of} ;\n" for font, of in fonts.items())
    yield "}"
    headings = {int(style): int(level or 1) - 1 for style, level in _STYLE.findall(text)}
    whites, state, at = _whites(text), State(), 1
    outer = list[State]()
    while token := _TOKEN.match(text, at):
        at, word = token.end(), token["word"] or ""
        if word == "bin":
            at += max(int(token["number"] or 0), 0)
        elif token["brace"] == "{":
            outer.append(state)
            state = {**state, "note": 0} if "note" in state else state  # it ends with its group
            yield "{"
        elif token["brace"]:
            yield "]}" if state.get("note") else "}"
            state = outer.pop() if outer else State()
        elif "skipped" in state or word in _SKIPPED:
            state = {**state, "skipped": 1}
        elif (not word or word in _LETTERS) and (why := _unseen(state, whites)):
            page.leave_out(why, count(token["text"] or ""))
        else:
            number = int(token["number"] or 1)
            if word == "s" and number in headings:
                word, number = "outlinelevel", headings[number]
            state = _after(state, word, number)
            yield _piece(token, state)


def _after(state: State, word: str, number: int) -> State:
    """What holds after a word."""
    if word in _UNTIL_PLAIN or word in ("outlinelevel", "intbl"):
        return {**state, word: number}
    if word in _NOTES:
        return {**state, "note": 1}
    if word in _BOXES:  # that of a cell becomes text of the cell, like a note
        return {**state, "box": 1} if "intbl" not in state else {**state, "box": 1, "note": 1}
    if word == "plain":
        return {name: last for name, last in state.items() if name not in _UNTIL_PLAIN}
    if word == "pard":
        return {n: last for n, last in state.items() if n not in ("outlinelevel", "intbl")}
    return state


def _piece(token: re.Match[str], state: State) -> str:
    word, number = token["word"] or "", token["number"] or ""
    if word in _BREAKS or token["text"] in ("\\\n", "\\\r"):
        level = state.get("outlinelevel", 9) + 1
        inside = "note" in state or (word != "row" and "intbl" in state)
        return " " if inside else f"{_LEVEL * level if level < 10 else ''}\\par "
    if word in ("cell", "nestcell"):  # tables in cells become text of the cell
        return _CELL if word == "cell" else " "
    if word in _NOTES or word in _BOXES:
        return " [" if state.get("note") else "\\par "
    if _OPENED.fullmatch(word) or word + number in _UNUSABLE:
        return ""
    if word == "u" and number:
        code = int(number) % 0x10000
        return f"\\u{code - 0xF000 if 0xF020 <= code < 0xF100 else code} "  # of a symbol font
    if word:
        return f"{token['star'] or ''}\\{word}{number} "
    # A line end keeps striprtf from finding a word behind an escaped backslash.
    letters = re.sub("[\x80-\xff]", lambda byte: rf"\'{ord(byte[0]):02x}", token["text"])
    return f"{letters}\n" if letters == "\\\\" else letters


def _whites(text: str) -> set[int]:
    """The numbers of the colours that are white."""
    tables = [table.split(";") for table in text.split("\\colortbl")[1:]]
    white = ("\\red255", "\\green255", "\\blue255")
    return {
        at for one in tables for at, colour in enumerate(one) if all(x in colour for x in white)
    }


def _unseen(state: State, whites: set[int]) -> str:
    """Why nobody sees the text; empty when it is seen."""
    if state.get("deleted"):
        return DELETED
    if state.get("v"):
        return "hidden text"
    if state.get("cf") in whites and not any(map(state.get, ("intbl", "box", *_SHADES))):
        return "white on white"
    return "letters too small to see" if 0 < state.get("fs", 0) <= _TINY else ""
