"""The tables at the beginning of an RTF file: fonts, styles, colours, and metadata."""

from ingest.office.rtf.syntax import page_of

PARTS = {"fonttbl", "stylesheet", "colortbl", "info"}
INFO = {"title", "author"}
WORDS = INFO | {"f", "fcharset", "s", "cs", "ds", "ts", "red", "green", "blue"}
_WHITE = [255, 255, 255]


class Prologue:
    """Collects the words and texts of these tables, and resolves their numbers."""

    def __init__(self) -> None:
        self.page = "cp1252"  # the encoding of fonts that state none
        self.info: dict[str, str] = {}
        self._fonts: dict[int, int] = {}  # font -> character set
        self._styles: dict[int, str] = {}
        self._whites: set[int] = set()
        self._font = 0
        self._style: int | None = 0
        self._name = ""
        self._said = ""
        self._colour = [0, 0, 0]
        self._colours = 0

    def word(self, part: str, word: str, number: int) -> None:
        if part == "fonttbl" and word == "f":
            self._font = number
        elif part == "fonttbl" and word == "fcharset":
            self._fonts[self._font] = number
        elif part == "stylesheet" and word == "s":
            self._style = number
        elif part == "stylesheet" and word in ("cs", "ds", "ts"):
            self._style = None  # of letters, sections and tables
        elif part == "colortbl" and word in ("red", "green", "blue"):
            self._colour[("red", "green", "blue").index(word)] = number

    def text(self, part: str, text: str) -> None:
        if part in INFO:
            self._said += text
        elif part == "stylesheet":
            self._name += text
        elif part == "colortbl":
            for _ in range(text.count(";")):
                self._next_colour()

    def close(self, part: str) -> None:
        """A group of a table has ended, such as one style."""
        if part in INFO and self._said.strip():
            self.info.setdefault(part, self._said.strip())
        self._said = ""
        if self._style is not None and self._name.strip():
            self._styles[self._style] = self._name.strip().rstrip(";").lower()
        self._style, self._name = 0, ""

    def encoding(self, font: int) -> str:
        return page_of(self._fonts.get(font, 1), self.page)

    def style(self, number: int) -> str:
        return self._styles.get(number, "")

    def is_white(self, colour: int) -> bool:
        return colour in self._whites

    def _next_colour(self) -> None:
        if self._colour == _WHITE:
            self._whites.add(self._colours)
        self._colours += 1
        self._colour = [0, 0, 0]
