"""Writes a bundle: wheels, models and libraries, and the script that installs them elsewhere."""

import platform
import shutil
import sys
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

from assistant.build import composition
from assistant.bundling import wheels
from assistant.bundling.wheels import BundleFailed
from assistant.models.catalogue import defaults
from assistant.models.roles import ROLES
from assistant.models.store import Models
from assistant.settings import Settings

Say = Callable[[str], None]
_MARK = "platform.txt"  # what the wheels were made for; by it, a folder is known as a bundle
_INSTALLER = "install.sh"


def write(
    folder: Path, settings: Settings, libraries: Sequence[str] = (), *, models: bool = True,
    say: Say = lambda _: None,
) -> None:  # fmt: skip
    """Make `folder` a bundle, or bring an earlier one up to date. Raises PinciteError or OSError.

    Of the models those that are chosen and the defaults, as far as they are here.
    """
    _prepare(folder)
    (folder / _MARK).write_text(f"{made_for()}\n", "utf-8")
    found = wheels.gather(folder / "wheels", say)
    listed = "".join(map(wheels.requirement, found))
    (folder / "requirements.txt").write_text(listed, "utf-8")
    for path in _models(settings) if models else ():
        say(f"Copying {path.name}")
        _copy(path, folder / "models" / path.name)
    for name in libraries:
        say(f"Backing up the library {name}")
        _back_up(settings, name, folder / "libraries" / f"{name}.pincite")
    installer = files("assistant.bundling").joinpath(_INSTALLER).read_text("utf-8")
    (folder / _INSTALLER).write_text(installer, "utf-8")


def made_for() -> str:
    """System, processor and Python: wheels fit one of each."""
    python = "{}.{}".format(*sys.version_info)
    return f"{platform.system()} {platform.machine()} {python}"


def _prepare(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARK).exists():
        raise BundleFailed(f"{folder} is not empty, and it is no bundle. Name a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / "wheels", ignore_errors=True)  # none of an earlier version stays


def _models(settings: Settings) -> list[Path]:
    models = Models(settings.models_folder, settings)
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


def _back_up(settings: Settings, name: str, target: Path) -> None:
    chosen = Settings.load(home=settings.home, library=name)
    target.parent.mkdir(parents=True, exist_ok=True)
    with composition.library_to_read(chosen) as library:
        library.maintenance.back_up(target.absolute())
