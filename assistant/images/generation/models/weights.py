"""The files of a drawing model: their list, size and hash."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from assistant.errors import ModelUnusable

INDEX = "model_index.json"
_SUFFIXES = (".safetensors", ".bin", ".ckpt")
_NOT_LOADED = ("safety_checker",)  # left on the disk


def files(path: Path) -> list[Path]:
    """The weights that are loaded of a folder, or the single file. Raises ModelUnusable."""
    if path.is_file():
        return [path]
    index = read_json(path / INDEX)
    parts = [path / name for name, value in index.items() if _is_loaded(name, value)]
    found = [chosen for part in parts for chosen in _of_part(part)]
    if not found:
        raise ModelUnusable(f"{path} holds no weights: no .safetensors file in its parts.")
    return sorted(found)


def variant(path: Path) -> str | None:
    """ "fp16" when a folder has its weights in that form alone."""
    names = [file.name for file in files(path)]
    return "fp16" if all(".fp16." in name for name in names) else None


def parameters(path: Path) -> int:
    """How many numbers the weights are."""
    return sum(_count(file) for file in files(path))


def digest(path: Path) -> str:
    """The sha256 of a single file; of a folder that of the hashes of its weights, by name.

    Remembered as long as size and time of the files stay: to read 4 GB takes seconds.
    """
    found = files(path)
    if path.is_file():
        return _digest(found[0])
    lines = [f"{_digest(file)}  {file.relative_to(path).as_posix()}\n" for file in found]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Of the tensors of a .safetensors file by name, without reading them. Raises ModelUnusable."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise ModelUnusable(f"{path} is no .safetensors file, or damaged: {error}.") from error


def read_json(path: Path) -> dict[str, Any]:
    """A file of a model's folder. Raises ModelUnusable."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnusable(f"{path} cannot be read: {error}.") from error
    if not isinstance(found, dict):
        raise ModelUnusable(f"{path} is not what it should be: a JSON object.")
    return found


def config(path: Path, part: str) -> Mapping[str, Any]:
    """Of a part of a folder; empty when there is no such part."""
    for name in ("config.json", "scheduler_config.json"):
        if (path / part / name).exists():
            return read_json(path / part / name)
    return {}


def _is_loaded(name: str, value: Any) -> bool:
    return isinstance(value, list) and bool(value[0]) and name not in _NOT_LOADED


def _of_part(folder: Path) -> Iterator[Path]:
    """Safetensors, whole precision and no copies, where there are several forms."""
    found = [p for p in folder.glob("*") if p.suffix in _SUFFIXES]
    safe = [p for p in found if p.suffix == ".safetensors"] or found
    plain = [p for p in safe if not any(f".{v}." in p.name for v in ("fp16", "non_ema"))]
    yield from plain or safe


def _count(file: Path) -> int:
    if file.suffix == ".safetensors":
        return sum(map(math.prod, shapes(file).values()))
    return file.stat().st_size // 4  # at most: a pickle does not tell without being opened


_known: dict[tuple[str, int, int], str] = {}


def _digest(file: Path) -> str:
    stat = file.stat()
    key = str(file.resolve()), stat.st_size, stat.st_mtime_ns
    if key not in _known:
        with file.open("rb") as stream:
            _known[key] = hashlib.file_digest(stream, "sha256").hexdigest()
    return _known[key]
