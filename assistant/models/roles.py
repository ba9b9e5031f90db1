"""The roles of models, and how a file or a folder is recognised as one."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, get_args

from assistant.errors import ModelUnusable
from ingest.platform.extras import installed
from vectorstore.classifiers import folder as classifiers

Role = Literal[
    "chat", "embedding", "reranker", "groundedness", "speech", "drawing", "vision", "voice", "tags",
]  # fmt: skip
ROLES: tuple[Role, ...] = get_args(Role)
# Roles that nobody fills unless a person says so: what such a model does to answers is to be
# measured first, on the person's own questions.
BY_CHOICE: tuple[Role, ...] = ("reranker", "groundedness")

KINDS: dict[Role, str] = {  # for people
    "chat": "a GGUF file",
    "embedding": "a folder of sentence-transformers, or that of multilingual-e5-small",
    "reranker": "a folder of transformers with a cross-encoder, which has one label",
    "groundedness": "a folder of transformers whose labels tell what a text supports",
    "speech": "a folder of faster-whisper",
    "drawing": "a folder of diffusers, or one .safetensors file",
    "vision": "a folder of transformers, or one with a GGUF file and its mmproj file",
    "voice": "a folder with a Piper voice",
    "tags": "a folder of timm, or the .pth file of the catalogue",
}
MARKS: dict[Role, str] = {  # the file by which a folder is known, as a pattern
    "embedding": "modules.json",
    "speech": "model.bin",
    "drawing": "model_index.json",
    "voice": "*.onnx.json",
    "tags": "config.json",  # with an "architecture" in it
    "vision": "preprocessor_config.json",  # or processor_config.json, or *mmproj*.gguf
}
_EXTRAS: dict[str, tuple[str, *tuple[str, ...]]] = {  # what runs a role, and packages: one of them
    "chat": ("compiled", "llama_cpp", "xllamacpp"),
    "speech": ("speech", "faster_whisper"),
    "vision": ("compiled", "llama_cpp", "xllamacpp"),  # those of the catalogue
    "drawing": ("images", "diffusers"),
    "tags": ("images", "timm"),
}
_PACKED = "e5-small-q4.bin"  # an embedding model in one file, see the catalogue
_FILES = (
    _PACKED,
    "*.gguf",
    "*.safetensors",
    "*.pth",
    "processor_config.json",
    *dict.fromkeys(MARKS.values()),
)


def missing_extra(role: str) -> str:
    """The extra to install before a model of the role can run; empty when all is there."""
    extra, *packages = _EXTRAS.get(role, ("",))
    return f"pincite[{extra}]" if extra and not any(map(installed, packages)) else ""


def role_of(path: Path) -> Role | None:
    """The role; None when it is no model. Raises OSError when it cannot be read."""
    if not path.is_dir():
        return _role_of_file(path)
    return next((role for role, known in _FOLDERS.items() if known(path)), None)


def usable(path: Path) -> Path:
    """The path itself, once it is known to look like a model. Raises ModelUnusable."""
    try:
        if role_of(path):
            return path
    except OSError as error:
        raise ModelUnusable(f"{path} cannot be read: {error.strerror}.") from error
    if path.is_dir():
        marks = " and no ".join(f"{mark} ({role})" for role, mark in MARKS.items())
        raise ModelUnusable(
            f"{path} is not a model's folder: it holds no {marks}, and its config.json names no "
            "classifier of texts (reranker, groundedness)."
        )
    if path.suffix == ".safetensors":
        raise ModelUnusable(f"{path} is damaged: it does not start as a .safetensors file.")
    raise ModelUnusable(f"{path} is not a GGUF model, or it is damaged: it does not start as one.")


def is_usable(path: Path) -> bool:
    """Whether it looks like a model."""
    try:
        return bool(usable(path))
    except ModelUnusable:
        return False


def found_below(folder: Path) -> Iterator[tuple[Role, Path]]:
    """All models of a folder, those that are inside of another one left out."""
    places = {place for pattern in _FILES for found in folder.rglob(pattern)
              for place in (found, found.parent) if place != folder}  # fmt: skip
    taken: set[Path] = set()
    for place in sorted(places, key=lambda place: (len(place.parts), place)):
        if not taken.isdisjoint(place.parents):
            continue
        if role := _role_if_readable(place) or _by_suffix(place):
            taken.add(place)
            yield role, place


def _role_if_readable(place: Path) -> Role | None:
    try:
        return role_of(place)
    except OSError:
        return None


def _by_suffix(place: Path) -> Role | None:
    """What a damaged file was, so that it can be named as one."""
    meant = place.suffix == ".gguf" and "mmproj" not in place.name
    return "chat" if meant and place.is_file() else None


def _role_of_file(path: Path) -> Role | None:
    with path.open("rb") as file:
        start = file.read(9)
    if start[:4] == b"GGUF":
        return None if "mmproj" in path.name else "chat"
    if path.suffix == ".pth":  # read as numbers only, never as the program that a pickle can be
        return "tags" if start[:2] in (b"\x80\x02", b"PK") else None
    # Safetensors begin with the length of a JSON object. Pickled weights (.ckpt) can hold programs.
    return "drawing" if path.suffix == ".safetensors" and start[8:9] == b"{" else None


def _has(*marks: str) -> Callable[[Path], bool]:
    return lambda folder: any(any(folder.glob(mark)) for mark in marks)


def _names_architecture(folder: Path) -> bool:
    """As timm writes it; of other libraries' files it is `architectures`."""
    try:
        named = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    return isinstance(named, dict) and "architecture" in named


def _sees(folder: Path) -> bool:
    if any(folder.glob("*mmproj*.gguf")):
        return len(list(folder.glob("*.gguf"))) > 1
    prepares = ("preprocessor_config.json", "processor_config.json")
    return (folder / "config.json").exists() and any((folder / name).exists() for name in prepares)


def _ranks(folder: Path) -> bool:
    found = classifiers.look(folder)
    return found is not None and found.ranks


def _checks(folder: Path) -> bool:
    found = classifiers.look(folder)
    return found is not None and found.checks


_FOLDERS: dict[Role, Callable[[Path], bool]] = {
    "reranker": _ranks,  # before embedders: both can have the modules of sentence-transformers
    "embedding": _has(MARKS["embedding"], _PACKED),
    "speech": _has(MARKS["speech"]),
    "drawing": _has(MARKS["drawing"]),
    "voice": _has(MARKS["voice"]),
    "tags": _names_architecture,
    "vision": _sees,
    "groundedness": _checks,  # after vision: pictures are classified, too
}
