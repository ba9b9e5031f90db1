"""Writes a file completely and with the right sha256, or not at all. Knows no sources."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

Progress = Callable[[str, int, int | None], None]
"""Called with what is being done, the bytes done and, where known, the bytes in all."""

BLOCK = 1 << 20


class SourceFailed(Exception):
    """This source did not deliver the file; the message is a clause that says why."""


def silent(doing: str, done: int, total: int | None) -> None:
    """A progress listener that does nothing."""


def blocks_of(path: Path) -> Iterator[bytes]:
    """The bytes of a file, block by block."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def sha256_of(path: Path, progress: Progress = silent) -> str:
    """The hash of a file, as hexadecimal digits; `progress` is called for each block."""
    digest, done, total = hashlib.sha256(), 0, path.stat().st_size
    for block in blocks_of(path):
        digest.update(block)
        done += len(block)
        progress(f"checking {path.name}", done, total)
    return digest.hexdigest()


def part_of(target: Path) -> Path:
    """Where the bytes of `target` gather until they are all there."""
    return target.with_name(f"{target.name}.part")


def write_whole(target: Path, blocks: Iterable[bytes], sha256: str | None = None) -> None:
    """Write a file at once. Raises SourceFailed, leaving nothing, when the sha256 differs."""
    part, digest = part_of(target), hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with part.open("wb") as file:
        for block in blocks:
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    _reveal(part, target, sha256, digest.hexdigest())


def reveal(target: Path, sha256: str | None, progress: Progress = silent) -> None:
    """Turn the finished part of `target` into `target`, once its sha256 is right."""
    part = part_of(target)
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    _reveal(part, target, sha256, sha256 and sha256_of(part, progress))


def _reveal(part: Path, target: Path, expected: str | None, found: str | None) -> None:
    if expected and expected != found:
        part.unlink()
        raise SourceFailed(f"it gave other bytes: sha256 {found}, not {expected}")
    part.replace(target)


def place(source: Path, target: Path, link: bool = True) -> None:
    """Let `target` be the same bytes as `source`: by a hard link where possible, else a copy."""
    part = part_of(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    part.unlink(missing_ok=True)
    try:
        if not link:
            raise OSError("a copy is wanted")
        os.link(source, part)
    except OSError:
        shutil.copyfile(source, part)
    part.replace(target)


def require_space(folder: Path, needed: int) -> None:
    """Raise SourceFailed when the disk of `folder` cannot take so many bytes more."""
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise SourceFailed(
            f"it needs {needed / 1e9:.2f} GB in {folder} and only {free / 1e9:.2f} GB is free"
        )
