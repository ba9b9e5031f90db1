"""RTF as tokens: control words, groups and text; and the encodings of its fonts."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})? ?"
    r"|\\'(?P<byte>[0-9a-fA-F]{2})"
    r"|\\(?P<symbol>[^a-zA-Z])"
    r"|(?P<brace>[{}])"
    r"|(?P<text>[^\\{}\r\n]+)"
    r"|[\r\n]+|\\",
    re.DOTALL,
)

SYMBOL = "symbol"
_PAGES = {2: SYMBOL, 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gbk",
          136: "big5", 161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256",
          186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437",
          255: "cp850"}  # fmt: skip
_SYMBOLS = {0xB7: "•", 0xA7: "▪", 0x6F: "◦", 0x2D: "-", 0xFC: "✓", 0xFB: "✗", 0xA8: "☐",
            0xFE: "☒"}  # fmt: skip


class Token(NamedTuple):
    """One step through the file."""

    kind: str  # "word", "byte", "symbol", "brace" or "text"
    text: str
    number: int | None = None


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a file that was read as Latin-1. Binary data is skipped."""
    at = 0
    while match := _TOKEN.match(text, at):
        at = match.end()
        kind = match.lastgroup
        if kind in ("word", "number"):
            number = int(match["number"]) if match["number"] else None
            if match["word"] == "bin":
                at += max(number or 0, 0)
            yield Token("word", match["word"], number)
        elif kind is not None:
            yield Token(kind, match[kind])


def page_of(charset: int, default: str) -> str:
    """The encoding of a font with this character set."""
    return _PAGES.get(charset, default)


def known(page: int) -> str:
    """The encoding of this Windows code page, if Python has it."""
    name = {10000: "mac_roman", 65001: "utf-8", 936: "gbk"}.get(page, f"cp{page}")
    try:
        b"".decode(name)
    except LookupError:
        return "cp1252"
    return name


def decoded(data: bytes, page: str) -> str:
    """Bytes as text, by the code page of the font."""
    if page == SYMBOL:
        return "".join(_SYMBOLS.get(byte, chr(byte)) for byte in data)
    return data.decode(page, errors="replace")
