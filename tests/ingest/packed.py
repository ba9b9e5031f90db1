"""Packed bytes that unpack to far more, made without packing far more; an archive of itself."""

import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

BLOCK = 1 << 20


def deflated(head: bytes, block: bytes, times: int, tail: bytes = b"") -> bytes:
    """The bytes of `head + block * times + tail`, packed; the block is packed only once."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + again * times + packer.compress(tail) + packer.flush()


def zlibbed(block: bytes, times: int) -> bytes:
    """The same as a zlib stream, as PNG and PDF have it. Its checksum is zero, thus wrong."""
    return b"\x78\xda" + deflated(b"", block, times) + bytes(4)


def empty_files(path: Path, number: int) -> Path:
    """A ZIP of empty files; zipfile would take 15 seconds to write 100,000 of them."""
    files, entries, at = [], [], 0
    for index in range(number):
        name = b"%d.txt" % index
        about = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 33, 0, 0, 0, len(name), 0)
        files.append(b"PK\x03\x04" + about + name)
        entries.append(b"PK\x01\x02\x14\0" + about + struct.pack("<HHHII", 0, 0, 0, 0, at) + name)
        at += len(files[-1])
    size = sum(map(len, entries))
    end = struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, number, number, size, at)
    place = b"PK\x06\x07" + struct.pack("<IQI", 0, at + size, 1)
    last = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 65535, 65535, size, at, 0)
    path.write_bytes(b"".join([*files, *entries, b"PK\x06\x06", end, place, last]))
    return path


def zip_of(path: Path, files: Sequence[tuple[str, bytes, int]]) -> Path:
    """A ZIP of (name, packed bytes, size when unpacked). The checksums of large files are wrong."""
    with zipfile.ZipFile(path, "w", allowZip64=True) as archive:
        for name, data, _ in files:
            archive.writestr(name, data)
    raw = bytearray(path.read_bytes())
    entries = [(struct.unpack_from("<I", raw, at + 42)[0], at) for at in _entries(raw, len(files))]
    for (start, at), (_, data, size) in zip(entries, files, strict=True):
        small = size < BLOCK
        checksum = struct.pack("<I", zlib.crc32(zlib.decompress(data, -15)) if small else 0)
        raw[start + 8 : start + 10] = raw[at + 10 : at + 12] = struct.pack("<H", 8)
        raw[start + 14 : start + 18] = raw[at + 16 : at + 20] = checksum
        raw[start + 22 : start + 26] = raw[at + 24 : at + 28] = struct.pack("<I", size)
    path.write_bytes(raw)
    return path


def _entries(raw: bytes, number: int) -> list[int]:
    at = struct.unpack_from("<I", raw, raw.rindex(b"PK\x05\x06") + 16)[0]
    found = []
    for _ in range(number):
        found.append(at)
        at += 46 + sum(struct.unpack_from("<HHH", raw, at + 28))
    return found


def quine(path: Path) -> Path:
    """A ZIP that holds nothing but itself, byte for byte.

    After R. Cox, "Zip Files All the Way Down" (2010): blocks that are copied as they are, and
    repeats of what was written last, each of five bytes, say themselves.
    """
    name = b"this-archive-holds-itself-again.zip"

    def made(checksum: int) -> bytes:
        def parts(packed: int, size: int) -> tuple[bytes, bytes]:
            about = struct.pack("<HHHHHIII", 20, 0, 8, 0, 33, checksum, packed, size)
            head = b"PK\x03\x04" + about + struct.pack("<HH", len(name), 0) + name
            rest = struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0) + name
            entry = b"PK\x01\x02\x14\0" + about + rest
            end = struct.pack("<HHHHIIH", 0, 0, 1, 1, len(entry), len(head) + packed, 0)
            return head, entry + b"PK\x05\x06" + end

        packed = len(_itself(*parts(0, 0)))
        head, tail = parts(packed, len(b"".join(parts(0, 0))) + packed)
        return head + _itself(head, tail) + tail

    path.write_bytes(made(_fixed_point(made)))
    return path


def _itself(head: bytes, tail: bytes) -> bytes:
    """A deflate stream that unpacks to head, the stream, and tail."""
    assert len(head) == 65  # then the repeat of it and of five bytes takes five bytes, too

    def keep(*units: bytes) -> bytes:
        size = len(b"".join(units))
        return b"\0" + struct.pack("<HH", size, size ^ 0xFFFF) + b"".join(units)

    first = keep(head + b"12345")[:5]  # the length counts these five bytes themselves
    again = _repeat((69, 70), literal=0xFF)
    four, nothing = _repeat((10, 20), (10, 20)), keep()
    last = _repeat((len(tail) + 4, len(tail) + 4), last=True)
    assert (len(again), len(four), len(last)) == (5, 5, 4)
    one, many = keep(bytes(5))[:5], keep(bytes(20))[:5]
    end = keep(last + tail)
    return b"".join([
        first, head, first, again, keep(again), keep(one), keep(again, one, one, many), four,
        keep(four, many, four, many), four, keep(four, nothing, nothing, end[:5]), four,
        nothing, nothing, end, last,
    ])  # fmt: skip


def _repeat(*copies: tuple[int, int], literal: int | None = None, last: bool = False) -> bytes:
    """A block of fixed codes (RFC 1951, 3.2.6): copies of (length, distance), perhaps a byte."""
    bits = f"{int(last)}10"
    for length, distance in copies:
        bits += _bits(length, 3, 4, 7, 1) + _bits(distance, 1, 2, 5, 0)
    bits += "" if literal is None else f"{0b110010000 + literal - 144:09b}"
    bits += "0000000"
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8))


def _bits(value: int, low: int, group: int, width: int, symbol: int) -> str:
    """A length or distance: a symbol, counted from `low`, and the bits that it leaves open."""
    steps = extra = 0
    while value >= low + (1 << extra):
        low += 1 << extra
        steps += 1
        extra = max(0, steps // group - 1)
    rest = f"{value - low:0{extra}b}"[::-1] if extra else ""
    return f"{symbol + steps:0{width}b}{rest}"


def _fixed_point(made: Callable[[int], bytes]) -> int:
    """The checksum of a file that holds this checksum: each of its bits flips the same others."""
    base = zlib.crc32(made(0))
    basis: list[tuple[int, int]] = []  # (what flips, by which bits), the highest first
    for bit in range(32):
        flips, by = zlib.crc32(made(1 << bit)) ^ base ^ (1 << bit), 1 << bit
        flips, by = _reduced(flips, by, basis)
        basis = sorted([*basis, (flips, by)], reverse=True)
    left, found = _reduced(base, 0, basis)
    assert left == 0, "there is none: an archive of another name may have one"
    return found


def _reduced(value: int, by: int, basis: Sequence[tuple[int, int]]) -> tuple[int, int]:
    for flips, those in basis:
        if value ^ flips < value:
            value, by = value ^ flips, by ^ those
    return value, by
