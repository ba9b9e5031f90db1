"""Decodes bytes of any encoding. Only this module imports charset_normalizer."""

import codecs
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ingest.document.source import Source
from ingest.errors import UnreadableFile

MOST = 50_000_000  # bytes of a text file that are read
_SAMPLE = 200_000  # bytes that are examined to find the encoding
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip
_MOSTLY = 1 / 3  # control characters among the first bytes: not text, although valid UTF-8
_STRAY = 1 / 20  # the same when no encoding is certain
_BINARY = re.compile(rb"[\x00-\x06\x0e-\x1a]")


class DecodedText(NamedTuple):
    """The text of a file, and the encoding that it was read in."""

    text: str
    encoding: str
    rest: int = 0  # bytes that were not read


def read_text(source: Source) -> DecodedText:
    """The text of a file; of a very long file its first MOST bytes. Raises UnreadableFile."""
    data, rest = _first_bytes(source)
    return decode(data, source.name)._replace(rest=rest)


def read_whole(source: Source) -> DecodedText:
    """The same for formats that are useless in part."""
    return decode(whole_bytes(source), source.name)


def whole_bytes(source: Source) -> bytes:
    """Raises UnreadableFile for a file of more than MOST bytes, and for one that does not open."""
    data, rest = _first_bytes(source)
    if rest:
        raise UnreadableFile(
            f"{source.name} is larger than {MOST // 1_000_000} MB: split it into smaller files."
        )
    return data


def _first_bytes(source: Source) -> tuple[bytes, int]:
    """At most MOST bytes, and how many more there are."""
    try:
        size = source.path.stat().st_size
        with source.path.open("rb") as file:
            data = file.read(MOST)
    except OSError as error:
        raise UnreadableFile(f"{source.name} cannot be opened: {error.strerror}.") from error
    return data, max(size - len(data), 0)


def decode(data: bytes, name: str, declared: str = "") -> DecodedText:
    """Decode bytes. `declared` is the encoding that they claim. Raises UnreadableFile."""
    encoding = _encoding(data, name, declared)
    return DecodedText(data.decode(encoding, errors="replace"), encoding)


def _encoding(data: bytes, name: str, declared: str) -> str:
    """By the byte order mark, the declaration, as UTF-8, or else by the letters."""
    if marked := _marked(data):
        return marked
    if wide := _wide(data[:_SAMPLE]):
        return wide
    shifted = "iso2022_jp" if b"\x1b$B" in data[:_SAMPLE] else ""
    sure = (one for one in ("utf-8", declared) if one and _decodes(data, one))
    encoding = shifted or next(sure, "")
    binary = len(_BINARY.findall(data[:4096])) / max(len(data[:4096]), 1)
    if binary > (_MOSTLY if encoding else _STRAY):
        raise UnreadableFile(f"{name} is not text: it holds bytes of another format.")
    if encoding:
        return encoding
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_SAMPLE]).best()
    return best.encoding if best else "cp1252"


def _marked(data: bytes) -> str:
    """The encoding that a byte order mark tells."""
    return next((code for mark, code in _BYTE_ORDER_MARKS.items() if data.startswith(mark)), "")


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        if not codecs.lookup(encoding)._is_text_encoding:  # "zlib" would unpack what it is given
            return False
        # Not final: a letter may be cut at the end of what was read.
        codecs.getincrementaldecoder(encoding)().decode(data)
    except (LookupError, UnicodeDecodeError, AttributeError):
        return False
    return True


def _wide(sample: bytes) -> str:
    """UTF-16 without a mark: every other byte of western text is zero."""
    if len(sample) < 8:
        return ""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) / 2
    if odd > 0.4 * half > 10 * even:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * half > 10 * odd else ""


# -- Whether a file of an unknown kind is text that people read: by a look at its first bytes

_LOOKED_AT = 8192  # bytes
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
    if not _marked(start) and _CONTROLS.intersection(start):
        return False
    try:
        text = decode(start, path.name).text
    except UnreadableFile:
        return False
    return bool(text.strip()) and _is_readable(text)


def _is_readable(text: str) -> bool:
    if text.lstrip().lower().startswith(_MARKUP):
        return False
    words = text.split()
    signs = sum(map(len, words))
    packed = sum(len(word) for word in words if len(word) > _LONG and word.isascii())
    letters = sum(map(str.isalpha, text))
    return packed <= _PACKED * signs and letters >= _LETTERS * signs
