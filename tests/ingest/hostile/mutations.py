"""Changes the bytes of a file at random, also inside of what is packed in it; a seed decides all.

The ways are those of coverage-guided fuzzers (M. Zalewski, "Technical details for AFL", 2013).
"""

import io
import re
import zipfile
import zlib
from collections.abc import Callable
from random import Random

ODD = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
NUMBERS = (b"-1", b"0", b"1e999", b"NaN", b"99999999999999999999", b"2147483648", b"-2147483649")
SIGNS = (
    "\0",
    "\ufeff",
    "\u202e",
    "\ud7ff",
    "\U0010ffff",
    "\r",
    "<",
    "&",
    '"',
    "]]>",
    "\u0301" * 40,
)
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
_WORD = re.compile(rb"[A-Za-z]{2,}")
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_MOST = 4 << 20  # bytes of a changed file: what is long is tried elsewhere

Change = Callable[[bytes, Random], bytes]


def mutated(data: bytes, random: Random) -> bytes:
    """A changed copy; in half of the cases of a ZIP or PDF, what it has packed is changed."""
    if data.startswith(b"PK\3\4") and random.random() < 0.6:
        return _in_zip(data, random)
    if data.startswith(b"%PDF") and random.random() < 0.4:
        return _in_stream(data, random)
    return _changed(data, random)


def _changed(data: bytes, random: Random) -> bytes:
    data = data or b"\0"
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        data = random.choice(CHANGES)(data, random)[:_MOST] or b"\0"
    return data


def _in_zip(data: bytes, random: Random) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as given:
            parts = [(info.filename, given.read(info)) for info in given.infolist()]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError):
        return _changed(data, random)
    chosen, made = random.randrange(max(1, len(parts))), io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for number, (name, part) in enumerate(parts):
            target.writestr(name, _changed(part, random) if number == chosen else part)
    return made.getvalue()


def _in_stream(data: bytes, random: Random) -> bytes:
    streams = list(_STREAM.finditer(data))
    if not streams:
        return _changed(data, random)
    found = random.choice(streams)
    try:
        packed = zlib.compress(_changed(zlib.decompress(found[1]), random))
    except zlib.error:
        packed = _changed(found[1], random)
    return data[: found.start(1)] + packed + data[found.end(1) :]


def _spot(data: bytes, random: Random) -> tuple[int, int]:
    """A part of the data, short ones more often."""
    length = min(len(data), random.choice((1, 2, 8, 64, 512, 4096)))
    begin = random.randrange(len(data) - length + 1)
    return begin, begin + length


def _flip(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]


def _overwrite(data: bytes, random: Random) -> bytes:
    begin, end = _spot(data, random)
    return data[:begin] + random.randbytes(end - begin) + data[end:]


def _odd_number(data: bytes, random: Random) -> bytes:
    """Where formats keep lengths and counts."""
    at, size = random.randrange(len(data)), random.choice((1, 2, 4, 8))
    order = random.choice(("little", "big"))
    value = random.choice(ODD) & (1 << 8 * size) - 1
    return data[:at] + value.to_bytes(size, order) + data[at + size :]  # type: ignore[arg-type]


def _delete(data: bytes, random: Random) -> bytes:
    begin, end = _spot(data, random)
    return data[:begin] + data[end:]


def _repeat(data: bytes, random: Random) -> bytes:
    begin, end = _spot(data, random)
    return data[:end] + data[begin:end] * random.choice((1, 3, 100)) + data[end:]


def _swap(data: bytes, random: Random) -> bytes:
    begin, end = _spot(data, random)
    at = random.randrange(len(data))
    rest = data[:begin] + data[end:]
    return rest[:at] + data[begin:end] + rest[at:]


def _cut(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data))]


def _nothing(data: bytes, random: Random) -> bytes:
    begin, end = _spot(data, random)
    return data[:begin] + bytes(end - begin) + data[end:]


def _written_number(data: bytes, random: Random) -> bytes:
    return _replaced(data, _NUMBER, random.choice(NUMBERS), random)


def _word(data: bytes, random: Random) -> bytes:
    """A word takes the place of another one: names of elements, keys and fields change places."""
    words = _some(data, _WORD, random)
    return _replaced(data, _WORD, words[0], random) if words else _flip(data, random)


def _sign(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data))
    sign = random.choice(SIGNS).encode("utf-8", "surrogatepass")
    return data[:at] + sign * random.choice((1, 1, 300)) + data[at:]


def _some(data: bytes, pattern: re.Pattern[bytes], random: Random) -> list[bytes]:
    begin = random.randrange(len(data))
    found = pattern.search(data, begin) or pattern.search(data)
    return [found[0]] if found else []


def _replaced(data: bytes, pattern: re.Pattern[bytes], new: bytes, random: Random) -> bytes:
    found = pattern.search(data, random.randrange(len(data))) or pattern.search(data)
    return data[: found.start()] + new + data[found.end() :] if found else _flip(data, random)


CHANGES: tuple[Change, ...] = (
    _flip, _overwrite, _odd_number, _delete, _repeat, _swap, _cut, _nothing, _written_number,
    _word, _sign,
)  # fmt: skip
