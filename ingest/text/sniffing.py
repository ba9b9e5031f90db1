"""Whether a file of an unknown kind is text that people read: by a look at its first bytes."""

import codecs
from functools import lru_cache
from pathlib import Path

_LOOKED_AT = 8192  # bytes
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\r\f\v\b\x1b")  # \b, \x1b: colours of logs
_MARKUP = ("<?xml", "<svg", "<!doctype")  # of a kind that has a reader of its own, or none
_LETTERS = 0.4  # of what is no blank; tables of numbers have fewer
_LONG = 40  # letters of ASCII without a blank: keys, Base64 and what programs have packed
_PACKED = 0.3  # the share of those at which it is no text


def is_text(path: Path) -> bool:
    """False also for a file that is empty or does not open. A pipe is opened, and could wait for
    ever: the caller looks at the kind of file first."""
    try:
        about = path.stat()
    except OSError:
        return False
    # A folder that is watched is looked at every few seconds.
    return _is_text(path, about.st_size, about.st_mtime_ns)


@lru_cache(100_000)
def _is_text(path: Path, size: int, changed: int) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(_LOOKED_AT)
    except OSError:
        return False
    text = _decoded(start)
    return bool(text.strip()) and _is_readable(text)


def _decoded(start: bytes) -> str:
    """Its text; empty for what is none. The last letter may be cut."""
    mark = next((mark for mark in _MARKS if start.startswith(mark)), None)
    if mark is None and _CONTROLS.intersection(start):
        return ""
    try:
        return codecs.getincrementaldecoder(_MARKS[mark] if mark else "utf-8")().decode(start)
    except UnicodeDecodeError:
        return _western(start)


def _western(start: bytes) -> str:
    """Text of an 8-bit code has few letters beyond ASCII, and none of its control characters."""
    beyond = sum(byte >= 0x80 for byte in start)
    return "" if beyond > len(start) / 5 else start.decode("cp1252", "ignore")


def _is_readable(text: str) -> bool:
    if text.lstrip().lower().startswith(_MARKUP):
        return False
    words = text.split()
    signs = sum(map(len, words))
    packed = sum(len(word) for word in words if len(word) > _LONG and word.isascii())
    letters = sum(map(str.isalpha, text))
    return packed <= _PACKED * signs and letters >= _LETTERS * signs
