"""Recordings, subtitles and archives in archives that name other files: none is opened or written.

The kernel says who opens a file. Each test first shows that a careless reader would have done it.
"""

import struct
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import av
import numpy as np
import pytest

from ingest.containers import Expanded, expand
from ingest.document.source import Limits
from ingest.errors import UnreadableFile
from ingest.loaders import load
from ingest.media.ffmpeg import Media
from tests.ingest.archives import taped, zipped
from tests.ingest.opened import watched
from tests.recordings import tone, write

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")

TABLES = (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref")
SAID = "The meeting begins."
SUFFIXES = {".txt", ".zip", ".tar", ".tgz", ".eml", ".gz"}


def refers_to(secret: Path, path: Path) -> Path:
    """A QuickTime film whose sound is in another file, as film editors keep it."""
    data = bytearray(secret.read_bytes())
    inside = tables(data, TABLES)
    entry = inside[-1] + 16
    old = size(data, entry)
    new = alias(secret)
    data[entry : entry + old] = new
    for at in inside:
        struct.pack_into(">I", data, at, size(data, at) + len(new) - old)
    begin = data.index(b"mdat") + 4
    length = size(data, begin - 8) - 8
    data[begin : begin + length] = bytes(length)
    path.write_bytes(data)
    return path


def tables(data: bytearray, path: tuple[bytes, ...], at: int = 0) -> list[int]:
    """Where each table of a path begins, from the outermost on."""
    while data[at + 4 : at + 8] != path[0]:
        at += size(data, at)
    return [at, *(tables(data, path[1:], at + 8) if path[1:] else ())]


def size(data: bytearray, at: int) -> int:
    return int(struct.unpack_from(">I", data, at)[0])


def alias(there: Path) -> bytes:
    """An entry that names a file by its whole path."""
    name = str(there).encode()
    named = struct.pack(">HH", 2, len(name)) + name + bytes(len(name) & 1) + b"\xff\xff\0\0"
    nowhere = struct.pack(">hh", -1, -1) + bytes(16)
    head = b"alis" + bytes(14) + b"\1\0" + bytes(38) + b"\1x" + bytes(78)
    return struct.pack(">I", 4 + len(head + nowhere + named)) + head + nowhere + named


def test_a_film_that_keeps_its_sound_in_another_file_stays_silent(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret.mov", tone(0.5), codecs=("pcm_s16le", ""))
    films = [refers_to(secret, tmp_path / f"film{suffix}") for suffix in (".mov", ".mp4", ".m4a")]
    careless = {"enable_drefs": "1", "use_absolute_path": "1"}
    with watched(secret) as seen:
        with av.open(str(films[0]), options=careless) as opened:
            assert max(np.abs(frame.to_ndarray()).max() for frame in opened.decode(audio=0)) > 0
        assert seen.touched
        for film in films:
            with Media(film) as media:
                assert not any(np.abs(piece).max() for piece in media.sound() if len(piece))
        assert not seen.touched


def test_subtitles_in_pictures_do_not_bring_the_file_beside_them(tmp_path: Path) -> None:
    index = "# VobSub index file, v7 (do not modify this line!)\nsize: 720x576\n" \
            "id: en, index: 0\ntimestamp: 00:00:01:000, filepos: 000000000\n"  # fmt: skip
    beside = tmp_path / "film.sub"
    beside.write_bytes(b"\0\0\1\xba" + bytes(2044))
    with watched(beside) as seen:
        (tmp_path / "film.idx").write_text(index)
        av.open(str(tmp_path / "film.idx"), format="vobsub").close()
        assert seen.touched
        for suffix in (".mp4", ".mkv", ".mp3", ".webm"):
            (tmp_path / f"film{suffix}").write_text(index)
            with pytest.raises(UnreadableFile):
                Media(tmp_path / f"film{suffix}")
        assert not seen.touched


@pytest.mark.parametrize("suffix", [".vtt", ".srt", ".txt"])
def test_subtitles_name_files_in_vain(tmp_path: Path, suffix: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("Tell nobody.")
    path = tmp_path / f"film{suffix}"
    path.write_text(
        f"WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n\n"
        f"STYLE\n@import url(file://{secret});\n::cue {{background: url('{secret}')}}\n\n"
        f"1\n00:00:01,000 --> 00:00:02,000\n<img src='{secret}'>{{\\fn{secret}}}{SAID}\n\n"
        f"2\n00:00:03,000 --> 00:00:04,000\n#EXTM3U\n#include {secret}\n"
    )
    with watched(secret) as seen:
        secret.read_text()
        assert seen.touched
        text = "\n".join(page.text for page in load(path).pages)
        assert SAID in text and "Tell nobody" not in text
        assert not seen.touched


def out_of(folder: Path, kind: str, into: Path) -> Path:
    """An archive whose files lie outside of it: by their names, or through links."""
    path = into / f"inner.{kind}"
    if kind == "zip":
        names = [f"../{folder.name}/out.txt", f"{folder}/out.txt", "good.txt"]
        return zipped(path, dict.fromkeys(names, b"words"))
    with tarfile.open(path, "w:gz" if kind == "tgz" else "w") as archive:
        for name, target in {"secret.txt": folder / "secret.txt", "folder": folder}.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, str(target)
            archive.addfile(info)
    rest = taped(into / "rest.tar", {"folder/out.txt": b"words", "good.txt": b"words"})
    if kind == "tar":
        with tarfile.open(path, "a") as archive, tarfile.open(rest) as other:
            for member in other:
                archive.addfile(member, other.extractfile(member))
    return path


def mailed(path: Path, inner: Path) -> Path:
    message = EmailMessage()
    message["From"], message["Subject"] = "a@example.com", "Files"
    message.set_content("see the files")
    message.add_attachment(
        inner.read_bytes(), maintype="application", subtype="x-any", filename=f"../{inner.name}"
    )
    path.write_bytes(bytes(message))
    return path


OUTER: dict[str, Callable[[Path, Path], Path]] = {
    "outer.zip": lambda path, inner: zipped(path, {f"a/{inner.name}": inner.read_bytes()}),
    "outer.tar": lambda path, inner: taped(path, {f"a/{inner.name}": inner.read_bytes()}),
    "outer.tgz": lambda path, inner: taped(path, {inner.name: inner.read_bytes()}, "w:gz"),
    "outer.eml": mailed,
    "twice.zip": lambda path, inner: zipped(
        path, {"in.eml": mailed(path.with_name("in.eml"), inner).read_bytes()}
    ),
}


@pytest.mark.parametrize("kind", ["zip", "tar", "tgz"])
@pytest.mark.parametrize("outer", OUTER)
def test_an_archive_in_an_archive_reaches_nothing_outside(
    tmp_path: Path, outer: str, kind: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    secret = outside / "secret.txt"
    secret.write_text("Tell nobody.")
    inner = out_of(outside, kind, tmp_path)
    careless(inner, tmp_path / "careless")
    assert (outside / "out.txt").exists() or (tmp_path / "careless" / "secret.txt").exists()
    (outside / "out.txt").unlink(missing_ok=True)
    path = OUTER[outer](tmp_path / outer, inner)
    with watched(secret, outside) as seen:
        parts = list(unpacked(path, tmp_path / "out"))
        assert not seen.touched
        secret.read_text()
        assert seen.touched
    for part in parts:
        assert part.resolve().is_relative_to(tmp_path / "out")
        assert not part.is_symlink() and b"Tell nobody" not in part.read_bytes()
    assert {part.name for part in parts} >= {inner.name}


def careless(archive: Path, folder: Path) -> None:
    """Unpack it as its names and links say."""
    folder.mkdir()
    if archive.suffix != ".zip":
        with tarfile.open(archive) as tape:
            return tape.extractall(folder, filter="fully_trusted")
    with zipfile.ZipFile(archive) as packed:
        for name in packed.namelist():
            (folder / name).write_bytes(packed.read(name))


def unpacked(path: Path, folder: Path, level: int = 0) -> Iterator[Path]:
    """All files in it, and in those."""
    below = folder / f"{path.name}-{level}"
    below.mkdir(parents=True)
    expanded: Expanded = expand(path, below, Limits(free=0), level, SUFFIXES)
    for part in expanded.parts:
        yield part.path
        yield from unpacked(part.path, part.path.parent / "in", level + 1)
