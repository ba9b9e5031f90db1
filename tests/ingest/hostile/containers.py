"""Archives and mails that are made to fill, mislead or escape from whoever opens them."""

import gzip
import io
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from tests.ingest.archives import taped, zipped
from tests.ingest.packed import BLOCK, deflated, empty_files, quine, zip_of, zlibbed

ZEROS = bytes(BLOCK)
GOOD = b"A good file beside bad ones."


def zip_bomb(path: Path) -> Path:
    """Three thousand million zeros, and a good file behind them."""
    bomb = ("zeros.txt", deflated(b"", ZEROS, 3000), 3000 * BLOCK)
    return zip_of(path, [bomb, ("good.txt", deflated(GOOD, b"", 0), len(GOOD))])


def nested_bomb(path: Path, wide: int = 16, deep: int = 4, size: int = 1 << 30) -> Path:
    """Like 42.zip: archives of archives of archives of a thousand million zeros."""
    zip_of(path, [("0.txt", deflated(b"", ZEROS, size // BLOCK), size)])
    for level in range(deep):
        inner = path.read_bytes()
        # A comment makes each one different: else they were known after the first.
        zipped(path, {f"{level} {n}.zip": inner[:-2] + b"\1\0" + bytes([n]) for n in range(wide)})
    return path


def tar_bomb(path: Path, size: int = 3000 * BLOCK) -> Path:
    info = tarfile.TarInfo("zeros.txt")
    info.size = size
    head = info.tobuf(tarfile.PAX_FORMAT)
    end = struct.pack("<II", 0, (len(head) + size) & 0xFFFFFFFF)
    body = deflated(head, ZEROS, size // BLOCK)
    path.write_bytes(b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + body + end)
    return path


OUTSIDE = ["../out.txt", "a/../../out.txt", "/tmp/out.txt", "C:\\out.txt", "..\\..\\out.txt"]


def traversal(path: Path) -> Path:
    files = {**dict.fromkeys(OUTSIDE, b"escaped"), "good.txt": GOOD}
    return zipped(path, files) if path.suffix == ".zip" else taped(path, files)


def links(path: Path) -> Path:
    """Links out, a folder that is a link with a file in it, devices and a pipe."""
    kinds = {
        "link.txt": tarfile.SYMTYPE, "hard.txt": tarfile.LNKTYPE, "folder": tarfile.SYMTYPE,
        "null.txt": tarfile.CHRTYPE, "disk.txt": tarfile.BLKTYPE, "pipe.txt": tarfile.FIFOTYPE,
    }  # fmt: skip
    with tarfile.open(path, "w") as archive:
        for name, kind in kinds.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/tmp" if name == "folder" else "/etc/passwd"
            archive.addfile(info)
        for name in ("folder/out.txt", "good.txt"):
            info = tarfile.TarInfo(name)
            info.size = len(GOOD)
            archive.addfile(info, io.BytesIO(GOOD))
    return path


def zip_links(path: Path) -> Path:
    zipped(path, {"good.txt": GOOD})
    info = zipfile.ZipInfo("link.txt")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, "/etc/passwd")
    return path


STRANGE = [
    "line\nend.txt", "bell\a.txt", "\x1b[2J\x1b]0;owned\a.txt", "invoice\u202etxt.exe.txt",
    "CON.txt", "nul.txt", "COM1.log", "aux", "trailing. .txt", "[/bold][link=x].txt", "=1+1.txt",
    "<img src=x onerror=alert(1)>.txt", "ü" * 300 + ".txt", "-rf.txt", "%s%n.txt",
]  # fmt: skip


def encrypted(path: Path) -> Path:
    """An archive that says that its file needs a password."""
    raw = bytearray(zipped(path, {"locked.txt": GOOD}).read_bytes())
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    return path


def truncated(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def noise(path: Path) -> dict[str, bytes]:
    text = b"".join(b"%d " % (number * number * 7919) for number in range(100_000))
    return {"good.txt": GOOD, "noise.txt": text}


def parts(path: Path, deep: int) -> Path:
    """Multiparts in multiparts."""
    head, body = "From: a@example.com\nSubject: Deep\nMIME-Version: 1.0\n", ""
    for level in range(deep):
        head += f'Content-Type: multipart/mixed; boundary="b{level}"\n\n--b{level}\n'
        body = f"\n--b{level}--\n" + body
    path.write_text(f"{head}Content-Type: text/plain\n\ndeep text\n{body}")
    return path


def forwards(path: Path, deep: int) -> Path:
    """A mail in a mail in a mail."""
    message = EmailMessage()
    message["From"], message["Subject"] = "a@example.com", "Last"
    message.set_content("the innermost")
    for level in range(deep):
        outer = EmailMessage()
        outer["From"], outer["Subject"] = "a@example.com", f"Fwd {level}"
        outer.set_content(f"see level {level}")
        outer.add_attachment(message)
        message = outer
    path.write_bytes(bytes(message))
    return path


def attachments(path: Path, number: int = 10_000) -> Path:
    part = (
        "--b\nContent-Type: text/plain\nContent-Disposition: attachment; "
        'filename="note {0}.txt"\n\nNote number {0}.\n'
    )
    parts = "".join(map(part.format, range(number)))
    path.write_text(
        "From: a@example.com\nSubject: Many\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/mixed; boundary="b"\n\n{parts}--b--\n'
    )
    return path


def headers(path: Path) -> Path:
    """A subject of a hundred thousand encoded words, and 50,000 recipients."""
    subject = " ".join(["=?utf-8?B?w5xiZXI=?="] * 100_000)
    to = ", ".join(f"Person {number} <p{number}@example.com>" for number in range(50_000))
    path.write_text(f"From: a@example.com\nTo: {to}\nSubject: {subject}\n\nThe text.\n")
    return path


def backwards(path: Path) -> Path:
    """A TAR whose file is of negative size: the next one would be itself."""
    raw = bytearray(taped(path, {"a.txt": b"", "good.txt": GOOD}).read_bytes())
    raw[124:136] = struct.pack(">Iq", 0xFFFFFFFF, -512)
    return summed(path, raw)


def long_header(path: Path) -> Path:
    """A TAR that says that a header of nine thousand million bytes follows."""
    raw = bytearray(taped(path, {"a.txt": b"", "good.txt": GOOD}).read_bytes())
    raw[124:136], raw[156:157] = struct.pack(">IQ", 0x80000000, 9 << 30), b"x"
    return summed(path, raw)


def holes(path: Path) -> Path:
    """A TAR of a file that is nothing but a hole of eight million million bytes."""
    raw = bytearray(taped(path, {"a.txt": b"", "good.txt": GOOD}).read_bytes())
    raw[156:157], raw[257:265] = b"S", b"ustar  \0"
    raw[386:410] = b"00100000000000000000000\0"[:24]
    raw[483:495] = struct.pack(">IQ", 0x80000000, 8 << 40)
    return summed(path, raw)


def summed(path: Path, raw: bytearray) -> Path:
    raw[148:156] = b" " * 8
    raw[148:156] = b"%06o\0 " % sum(raw[:512])
    path.write_bytes(raw)
    return path


def million(path: Path, number: int = 1_000_000) -> Path:
    """A packed TAR of a million empty files of one name: 512 MB of headers."""
    info = tarfile.TarInfo("a.txt")
    block = info.tobuf(tarfile.USTAR_FORMAT) * 2048
    body = deflated(b"", block, number // 2048)
    end = struct.pack("<II", 0, number // 2048 * len(block))
    path.write_bytes(b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + body + end)
    return path


def outlook(path: Path) -> Path:
    """An Outlook file whose list of sectors is a ring."""
    sector = 512
    head = bytearray(sector)
    head[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHHH", head, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<IIIIIIII", head, 44, 1, 1, 0, 4096, 1, 1, 2, 1)
    struct.pack_into("<I", head, 76, 0)
    ring = struct.pack("<128I", 0xFFFFFFFD, 1, 2, *[3] * 125)  # each is followed by itself
    path.write_bytes(bytes(head) + ring + bytes(sector * 3))
    return path


def coded(path: Path) -> Path:
    """A mail whose letters are said to be in a code that unpacks them: three thousand million."""
    head = b"From: a@example.com\nSubject: x\nContent-Type: text/plain; charset=zlib\n\n"
    path.write_bytes(head + zlibbed(ZEROS, 3000))
    return path


def boundaries(path: Path, number: int = 2_000) -> Path:
    """Parts in parts whose boundaries all begin alike, and none of which ends."""
    lines = ["From: a@example.com", "Subject: x", "MIME-Version: 1.0"]
    for level in range(number):
        mark = "b" * (level % 70 + 1)
        lines += [f'Content-Type: multipart/mixed; boundary="{mark}"', "", f"--{mark}"]
    path.write_text("\n".join(lines) + "\n\n" + "--b\n" * 50_000)
    return path


CONTAINERS: dict[str, Callable[[Path], Path]] = {
    "bomb.zip": zip_bomb,
    "nested.zip": nested_bomb,
    "bomb.tgz": tar_bomb,
    "itself.zip": quine,
    "traversal.zip": traversal,
    "traversal.tar": traversal,
    "links.tar": links,
    "links.zip": zip_links,
    "many.zip": lambda path: empty_files(path, 100_000),
    "cases.zip": lambda path: zipped(
        path, {"A.txt": b"one", "a.txt": b"two", "\u00c4.txt": b"three", "A\u0308.txt": b"four"}
    ),
    "names.zip": lambda path: zipped(path, dict.fromkeys(STRANGE, GOOD)),
    "encrypted.zip": encrypted,
    "truncated.zip": lambda path: truncated(zipped(path, noise(path))),
    "truncated.tgz": lambda path: truncated(taped(path, noise(path), "w:gz")),
    "truncated.txt.gz": lambda path: (
        path.write_bytes(gzip.compress(noise(path)["noise.txt"])) and truncated(path)
    ),
    "parts.eml": lambda path: parts(path, 5_000),
    "forwards.eml": lambda path: forwards(path, 40),
    "attachments.eml": attachments,
    "headers.eml": headers,
    "backwards.tar": backwards,
    "header.tar": long_header,
    "holes.tar": holes,
    "million.tgz": million,
    "ring.msg": outlook,
    "coded.eml": coded,
    "boundaries.eml": boundaries,
}
