"""Pictures, recordings and films that are made to fill the memory, or that end too early."""

import io
import struct
import wave
import zlib
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from tests.ingest.packed import zlibbed

BLOCK = bytes(1 << 20)


def piece(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(path: Path, width: int, height: int, more: bytes = b"") -> Path:
    """In black and white, all black."""
    row = bytes(1 + (width + 7) // 8)
    data = zlib.compress(row * height, 9) if height < 200 else zlibbed(row * 100, height // 100)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    pieces = piece(b"IHDR", head) + more + piece(b"IDAT", data) + piece(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + pieces)
    return path


def remark(path: Path) -> Path:
    """A small picture with a packed remark of two thousand million letters."""
    return png(path, 80, 80, piece(b"zTXt", b"Comment\0\0" + zlibbed(BLOCK, 2000)))


def frames(path: Path, number: int = 20_000) -> Path:
    """A TIFF whose last picture is followed by the first: pictures without an end."""
    tags = [(256, 3, 1, 64), (257, 3, 1, 64), (258, 3, 1, 1), (259, 3, 1, 1), (262, 3, 1, 1),
            (273, 4, 1, 8), (277, 3, 1, 1), (278, 3, 1, 64), (279, 4, 1, 512)]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    size = 2 + len(entries) + 4
    begin = 8 + 512
    body = b""
    for index in range(number):
        following = begin + (index + 1) * size if index < number - 1 else begin
        body += struct.pack("<H", len(tags)) + entries + struct.pack("<I", following)
    path.write_bytes(b"II*\0" + struct.pack("<I", begin) + bytes(512) + body)
    return path


def jpeg(size: tuple[int, int] = (640, 200)) -> bytes:
    file = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(file, "JPEG")
    return file.getvalue()


def exif(path: Path) -> Path:
    """As many bytes of Exif as a JPEG can hold, whose list of entries points at itself."""
    loop = b"MM\0*\0\0\0\x08" + struct.pack(">H", 5000)
    loop += struct.pack(">HHII", 0x8769, 4, 1, 8) * 5000 + struct.pack(">I", 8)
    data = jpeg()
    segment = b"\xff\xe1" + struct.pack(">H", 65_000) + (b"Exif\0\0" + loop)[:64_998].ljust(64_998)
    path.write_bytes(data[:2] + segment * 40 + data[2:])
    return path


def claims(path: Path) -> Path:
    """A recording of a second that says it holds four thousand million bytes."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(32_000))
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xfe"
    path.write_bytes(data)
    return path


def cut_film(path: Path) -> Path:
    """An MP4 that ends where its pictures should begin, with tables of millions of entries."""

    def box(kind: bytes, data: bytes, size: int = 0) -> bytes:
        return struct.pack(">I", size or len(data) + 8) + kind + data

    table = box(b"stts", struct.pack(">III", 0, 0x0FFFFFFF, 1), size=0x7FFFFFFF)
    tables = box(b"mdia", box(b"minf", box(b"stbl", table)))
    header = box(b"moov", box(b"mvhd", bytes(100)) + box(b"trak", box(b"tkhd", bytes(84)) + tables))
    path.write_bytes(box(b"ftyp", b"isom\0\0\2\0isomiso2mp41") + header)
    return path


def noise(path: Path, begin: bytes = b"") -> Path:
    path.write_bytes(begin + bytes((n * n * 7919 >> 5) & 255 for n in range(200_000)))
    return path


MEDIA: dict[str, Callable[[Path], Path]] = {
    "line.png": lambda path: png(path, 100_000_000, 1),
    "remark.png": remark,
    "frames.tif": frames,
    "exif.jpg": exif,
    "cut.jpg": lambda path: path.write_bytes(jpeg()[:9000]) and path,
    "claims.wav": claims,
    "cut.mp4": cut_film,
    "noise.mp3": noise,
    "noise.mkv": lambda path: noise(path, b"\x1aE\xdf\xa3"),
    "noise.heic": lambda path: noise(path, b"\0\0\0\x18ftypheic\0\0\0\0"),
}
