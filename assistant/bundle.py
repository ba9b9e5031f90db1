"""Writes a bundle: wheels, models and libraries, and the script that installs them elsewhere."""

import hashlib
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from assistant.models.catalogue import ROLES, defaults
from assistant.models.installed import Models
from assistant.settings import Settings
from assistant.wiring import composition
from ingest.errors import PinciteError

# -- The packages of an installation as wheels for this platform, at the versions of the lock
# From a clone alone: a wheel of Pincite does not hold the lock.

ROOT = Path(__file__).resolve().parents[1]
# The index of torch without CUDA; where it cannot be reached, pip says so and asks its other ones.
_TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
_NOT_HANDED_ON = {"all", "bench", "dev", "compiled"}  # the last: made for one processor
_COMPILED = "llama-cpp-python"


class BundleFailed(PinciteError):
    """A bundle cannot be made here."""


def gather_wheels(folder: Path, say: Callable[[str], None] = lambda _: None) -> list[Path]:
    """Write the wheels of Pincite and of all that its installed abilities need into `folder`.

    Raises BundleFailed.
    """
    if not (ROOT / "requirements" / "all.txt").exists():
        raise BundleFailed(
            "A bundle is made from a clone of Pincite, whose folder `requirements` says which "
            "versions belong together: .venv/bin/pincite bundle DIR"
        )
    names = needed("pincite") - {"pincite", _COMPILED}
    blocks = _locked()
    folder.mkdir(parents=True, exist_ok=True)
    listed = folder.parent / "locked.txt"
    listed.write_text("".join(blocks[name] for name in sorted(names & set(blocks))), "utf-8")
    say(f"Fetching {len(names)} packages")
    _pip(folder, "--require-hashes", "--requirement", str(listed))
    listed.unlink()
    if others := [f"{name}=={distribution(name).version}" for name in sorted(names - set(blocks))]:
        say(f"Fetching {', '.join(others)}")
        _pip(folder, "--extra-index-url", _TORCH_INDEX, *others)
    say("Building Pincite")
    _pip(folder, str(ROOT))
    return sorted(folder.glob("*.whl"))


def needed(package: str) -> set[str]:
    """The names of all packages that one needs here, with its extras that are installed."""
    found: set[str] = set()
    waiting = [(package, extra) for extra in ("", *_installed_extras(package))]
    seen = set(waiting)
    while waiting:
        name, extra = waiting.pop()
        found.add(name)
        for need in _needs(name, extra):
            more = [(canonicalize_name(need.name), each) for each in ("", *need.extras)]
            waiting += [one for one in more if one not in seen]
            seen.update(more)
    return found


def _needs(name: str, extra: str) -> Iterator[Requirement]:
    for line in distribution(name).requires or ():
        need = Requirement(line)
        wanted = need.marker is None or need.marker.evaluate({"extra": extra})
        if wanted and need.name not in _unused() and _is_installed(need.name):
            yield need  # an optional one may be missing


@cache
def _unused() -> frozenset[str]:
    """What nothing loads, and so the lock has not, though it may be here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    lines = project["tool"]["uv"]["override-dependencies"]
    return frozenset(Requirement(line).name for line in lines)


def _installed_extras(package: str) -> list[str]:
    """Those of which every package is here."""
    about = distribution(package)
    extras = set(about.metadata.get_all("Provides-Extra") or ()) - _NOT_HANDED_ON
    lines = [Requirement(line) for line in about.requires or ()]
    return [
        extra
        for extra in sorted(extras)
        if all(
            _is_installed(need.name)
            for need in lines
            if need.marker and need.marker.evaluate({"extra": extra})
        )
    ]


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _locked() -> dict[str, str]:
    """The lines of the lock that fit this machine, by package."""
    found: dict[str, str] = {}
    for block in re.split(r"(?m)^(?=\S)", (ROOT / "requirements" / "all.txt").read_text("utf-8")):
        requirement = block.partition("\\")[0].strip()
        if not requirement or requirement.startswith("#"):
            continue
        need = Requirement(requirement)
        if need.marker is None or need.marker.evaluate():
            found[canonicalize_name(need.name)] = block
    return found


def _pip(folder: Path, *what: str) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir",
               str(folder), *what]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise BundleFailed(f"pip could not get the packages: {last}")


def wheel_requirement(wheel: Path) -> str:
    """The line by which pip installs exactly this file."""
    name, version, *_ = parse_wheel_filename(wheel.name)
    with wheel.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return f"{name}=={version} --hash=sha256:{sha256}\n"


_MARK = "platform.txt"  # what the wheels were made for; by it, a folder is known as a bundle
_INSTALLER = "install.sh"


def write_bundle(
    folder: Path, settings: Settings, libraries: Sequence[str] = (), *, models: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> None:  # fmt: skip
    """Make `folder` a bundle, or bring an earlier one up to date. Raises PinciteError or OSError.

    Of the models those that are chosen and the defaults, as far as they are here.
    """
    _prepare(folder)
    (folder / _MARK).write_text(f"{made_for()}\n", "utf-8")
    if sysconfig.get_config_var("PYTHON_BUILD_STANDALONE"):  # as uv's, which runs anywhere
        say("Copying Python")
        left = shutil.ignore_patterns("__pycache__", "site-packages", "test")
        shutil.copytree(sys.base_prefix, folder / "python", symlinks=True, ignore=left)
    for openmp in _of_llama():
        _copy(openmp, folder / "lib" / "libgomp.so.1")
    found = gather_wheels(folder / "wheels", say)
    listed = "".join(map(wheel_requirement, found))
    (folder / "requirements.txt").write_text(listed, "utf-8")
    for path in _models(settings) if models else ():
        say(f"Copying {path.name}")
        _copy(path, folder / "models" / path.name)
    for name in libraries:
        say(f"Backing up the library {name}")
        target = folder.absolute() / "libraries" / f"{name}.pincite"
        target.parent.mkdir(parents=True, exist_ok=True)
        with composition.library_to_read(Settings.load(home=settings.home, library=name)) as one:
            one.maintenance.back_up(target)
    installer = Path(__file__).with_suffix(".sh").read_text("utf-8")
    (folder / _INSTALLER).write_text(installer, "utf-8")


def _of_llama() -> list[Path]:
    """The library that the ready llama.cpp is linked with, and a very small Linux lacks."""
    ours = sysconfig.get_config_var("MULTIARCH")  # None where libraries are not by processor
    found = list(Path("/lib", ours).glob("libgomp.so.1")) if ours else []
    return [*found, *Path("/").glob("*lib64/libgomp.so.1")][:1]


def made_for() -> str:
    """System, processor and Python: wheels fit one of each."""
    python = "{}.{}".format(*sys.version_info)
    return f"{platform.system()} {platform.machine()} {python}"


def _prepare(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARK).exists():
        raise BundleFailed(f"{folder} is not empty, and it is not a bundle. Name a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    for part in ("python", "wheels"):  # nothing of an earlier version stays
        shutil.rmtree(folder / part, ignore_errors=True)


def _models(settings: Settings) -> list[Path]:
    models = Models(settings)
    usual = {model.name for model in defaults()}
    found = [model.path for model in models.installed() if model.name in usual]
    found += [path for role in ROLES if (path := models.chosen(role))]
    return sorted(set(found))


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, target, dirs_exist_ok=True)
    else:
        shutil.copy2(path, target)
