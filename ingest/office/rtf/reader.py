"""Reads RTF into a draft: text with its headings, lists, tables, notes and hidden parts.

Pictures, objects and everything that a file marks as ignorable are skipped unread.
"""

import re
from dataclasses import replace

from ingest.document.model import count
from ingest.errors import UnreadableFile
from ingest.office.rtf.group import Group, formatted
from ingest.office.rtf.prologue import INFO, PARTS, WORDS, Prologue
from ingest.office.rtf.story import Story
from ingest.office.rtf.syntax import Token, decoded, known, tokens
from ingest.office.rtf.table import Edge, Layout
from ingest.page_builder import DELETED, Covered, OfficePage, address, comment_by

_DEEPEST = 2000  # groups in groups
_TINY = 4  # half points
_CHARACTERS = {"tab": " ", "line": "\n", "emdash": "—", "endash": "\u2013", "emspace": " ",
               "enspace": " ", "qmspace": " ", "bullet": "•", "lquote": "‘", "rquote": "’",
               "ldblquote": "“", "rdblquote": "”", "~": " ", "_": "-", "\t": " "}  # fmt: skip
_ENDS = {"par", "sect", "page", "column", "nestcell", "\n", "\r"}
_SKIPPED = {"objdata", "nonshppict", "shprslt", "xe", "tc", "tcn", "txe", "rxe", "filetbl",
            "revtbl", "listtable", "listoverridetable", "mmathPict", "datafield", "nonesttables",
            "private"}  # fmt: skip
# Read although they are marked as ignorable; those of formulas begin with "m".
_OPENED = {"shpinst", "do", "ud", "shppict", "annotation", "footnote", "picprop", "nesttableprops"}
_KEPT = {"fldinst", "sn", "sv", "atnauthor"}
_MARGINS = {f"{name}{of}" for name in ("header", "footer") for of in ("", "l", "r", "f")}
_STORIES = {"footnote", "annotation", "shptxt", "dptxbxtext", *_MARGINS}
_FORMULA = re.compile(r"m[A-Z]?[a-zA-Z]*(?<!Pr)")
_LINK = re.compile(r'HYPERLINK\s+"([^"]+)"')
_HEADING = re.compile(r"heading (\d)")
_PAGES = {"mac": 10000, "pc": 437, "pca": 850}


class RtfReader:
    """Reads one file. Afterwards `draft` holds its text, and `given` its number of characters."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.draft = OfficePage()
        self.given = 0
        self.prologue = Prologue()
        self.margins: list[Story] = []
        self._stories = [Story("body", self.draft)]
        self._group = Group()
        self._groups: list[Group] = []
        self._kept: dict[str, str] = {}
        self._shown = ""  # of the field that is being read
        self._bytes = b""
        self._unread = 0  # characters still to skip after \\u
        self._high = 0  # the first half of a letter beyond the basic plane
        self._starred = False
        self._skip_next = False  # a better form follows the next group
        self._notes = 0

    def read(self, text: str) -> None:
        """The whole file, as Latin-1."""
        for token in tokens(text):
            if token.kind != "byte":
                self._decode()
            self._take(token)
        self._decode()
        while len(self._stories) > 1:
            self._close(self._stories[-1].kind)
        self._stories[0].end()

    def _take(self, token: Token) -> None:
        match token.kind:
            case "brace" if token.text == "{":
                self._open()
            case "brace":
                self._leave()
            case "byte":
                self._byte(int(token.text, 16))
            case "symbol":
                self._symbol(token.text)
            case "word":
                self._word(token.text, token.number)
            case _:
                self._plain(token.text)

    def _open(self) -> None:
        if len(self._groups) >= _DEEPEST:
            raise UnreadableFile(f"{self._name} is nested too deeply to be read.")
        self._groups.append(self._group)
        self._group = replace(self._group, opens="")
        if self._skip_next:
            self._group = replace(self._group, skip=True, keep="")
        self._starred = self._skip_next = False

    def _leave(self) -> None:
        self._close(self._group.opens)
        if self._group.keep in PARTS | INFO:
            self.prologue.close(self._group.keep)
        if self._groups:
            self._group = self._groups.pop()

    def _symbol(self, symbol: str) -> None:
        if symbol == "*":
            self._starred = True
        elif symbol in _ENDS:
            self._end_paragraph()
        elif symbol in "{}\\":
            self._plain(symbol)
        elif symbol in _CHARACTERS:
            self._text(_CHARACTERS[symbol])

    def _byte(self, byte: int) -> None:
        if self._unread:
            self._unread -= 1
        else:
            self._bytes += bytes([byte])

    def _plain(self, text: str) -> None:
        skipped = min(self._unread, len(text))
        self._unread -= skipped
        self._bytes = text[skipped:].encode("latin-1")
        self._decode()

    def _decode(self) -> None:
        """Bytes are collected first: a letter may be two of them."""
        if self._bytes:
            data, self._bytes = self._bytes, b""
            self._text(decoded(data, self.prologue.encoding(self._group.font)))

    def _unicode(self, number: int) -> None:
        code, self._unread = number % 0x10000, self._group.fallback
        if 0xD800 <= code < 0xDC00:
            self._high = code
        elif 0xDC00 <= code < 0xE000:
            if self._high:
                self._text(chr(0x10000 + (self._high - 0xD800) * 0x400 + code - 0xDC00))
            self._high = 0
        elif 0xF020 <= code < 0xF100:  # a letter of a symbol font
            self._text(decoded(bytes([code - 0xF000]), "symbol"))
        else:
            self._text(chr(code))

    def _text(self, text: str) -> None:
        group = self._group
        if group.keep:
            self._kept[group.keep] = self._kept.get(group.keep, "") + text
            self.prologue.text(group.keep, text)
        if group.keep or group.skip:
            return
        self.given += count(text)
        if group.deleted:
            self.draft.drop(DELETED, text)
            return
        self._shown += text
        self._stories[-1].write(text, self._unseen())

    def _unseen(self) -> str:
        """Why the following text is hidden."""
        group = self._group
        if group.hidden:
            return "hidden text"
        on_paper = len(self._stories) == 1 and not (group.in_table or group.shaded)
        if group.white and on_paper:
            return "white on white"
        return "letters too small to see" if 0 < group.size <= _TINY else ""

    def _word(self, word: str, number: int | None) -> None:
        starred, self._starred = self._starred, False
        group = self._group
        if word == "u" and number is not None:
            self._unicode(number)
        elif self._unread and not starred:
            self._unread -= 1
        elif word == "upr":
            self._skip_next = True
        elif group.keep in PARTS and word in WORDS:
            self._prologue_word(word, number or 0)
        elif word in _KEPT:
            self._kept.pop(word, None)
            self._group = replace(group, keep=word, opens=word)
        elif starred and word not in _OPENED and not _FORMULA.fullmatch(word):
            self._group = replace(group, skip=True)
        elif not group.skip and not group.keep:
            self._shown_word(word, number)

    def _prologue_word(self, word: str, number: int) -> None:
        if word in INFO:
            self._group = replace(self._group, keep=word)
        self.prologue.word(self._group.keep, word, number)

    def _shown_word(self, word: str, number: int | None) -> None:
        if word in _CHARACTERS:
            self._text(_CHARACTERS[word])
        elif word in _ENDS:
            self._end_paragraph()
        elif word in _STORIES:
            self._begin(word)
        elif word in PARTS:
            self._group = replace(self._group, skip=True, keep=word)
        elif word == "pict":
            self._kept.pop("alt", None)
            self._group = replace(self._group, skip=True, opens=word)
        elif word in _SKIPPED or (word.startswith("m") and word.endswith("Pr")):
            self._group = replace(self._group, skip=True)
        elif word == "fldrslt":
            self._shown = ""
            self._group = replace(self._group, opens=word)
        elif not self._table(word, number or 0):
            self._format(word, number)

    def _begin(self, kind: str) -> None:
        mark = "Comment:" if kind == "annotation" else ""
        if kind == "annotation":
            mark = comment_by(self._kept.pop("atnauthor", ""), "")
        elif kind == "footnote":
            self._notes += 1
            mark = f"[{self._notes}]"
            self._stories[-1].write(self.draft.count_in(mark))
        self._stories.append(Story(kind, self.draft.inner(), mark))
        self._group = replace(self._group, opens=kind, in_table=False, level=None, style=0)

    def _close(self, opened: str) -> None:
        story = self._stories[-1]
        if opened in _STORIES and len(self._stories) > 1 and story.kind == opened:
            story.end()
            self._stories.pop()
            if opened in _MARGINS:
                self.margins.append(story)
            else:
                self._stories[-1].hang(story)
        elif opened == "sv" and self._kept.get("sn", "").strip() == "wzDescription":
            self._kept["alt"] = self._kept.get("sv", "")
        elif opened == "pict":
            picture = Story("pict", self.draft.inner())
            picture.draft.figure(self._kept.pop("alt", ""))
            story.hang(picture)
        elif opened == "fldrslt" and (link := _LINK.search(self._kept.pop("fldinst", ""))):
            story.write(self.draft.count_in(address(self._shown, link[1])))

    def _end_paragraph(self) -> None:
        group = self._group
        if group.skip or group.keep:
            return
        name = self.prologue.style(group.style)
        named = _HEADING.fullmatch(name)
        level = int(named[1]) if named else int(name == "title")
        if group.level is not None:
            level = group.level + 1 if group.level < 9 else 0
        self._stories[-1].end_paragraph(level, name == "caption", group.in_table)

    def _table(self, word: str, number: int) -> bool:
        story = self._stories[-1]
        match word:
            case "cell":
                story.end_cell()
            case "row":
                story.end_row()
            case "trowd" | "cellx" | "trhdr" | "clmrg" | "clvmrg":
                if not self._group.nested:  # tables in cells become text of the cell
                    _announce(story, word, number)
            case _:
                return False
        return True

    def _format(self, word: str, number: int | None) -> None:
        if word in ("ansicpg", "mac", "pc", "pca"):
            self.prologue.page = known(_PAGES.get(word, number or 0))
        else:
            self._group = formatted(self._group, word, number, self.prologue)


def _announce(story: Story, word: str, number: int) -> None:
    """Read a row's statements about itself and its cells."""
    if word == "trowd":
        story.layout = Layout()
    elif word == "trhdr":
        story.layout.header = True
    elif word == "cellx":
        story.layout.edges.append(Edge(number, story.layout.merged))
        story.layout.merged = None
    else:
        story.layout.merged = Covered.LEFT if word == "clmrg" else Covered.ABOVE
