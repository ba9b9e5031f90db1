"""Programs in environments of their own: installed by pip, checked, taken out again."""

import re
import shutil
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import AssistantError, ModelNotFetched, ModelUnusable
from assistant.models.hub import sha256_of
from assistant.models.installed import Models
from assistant.models.programs import PIPER, PROGRAMS, IsolatedEnvironment
from assistant.settings import Settings

TINY = IsolatedEnvironment(
    name="tiny", package="pincite-tiny", version="1.0", licence="MIT", purpose="a test",
    check="import pincite_tiny", until_then="nothing works", downloaded=1000, installed=1000,
)  # fmt: skip


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a wheel, and the only place where pip looks for one."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    info = "pincite_tiny-1.0.dist-info"
    with zipfile.ZipFile(folder / "pincite_tiny-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("pincite_tiny.py", "")
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: pincite-tiny\nVersion: 1.0"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any"
        )
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.mark.slow
def test_a_program_is_installed_once_and_taken_out(wheels: Path, tmp_path: Path) -> None:
    cache, doing = tmp_path / "cache", list[str]()
    python = TINY.make(cache, lambda what, done, total: doing.append(what))
    assert TINY.python(cache) == python and TINY.works(cache) == ""
    assert "fetching pincite-tiny 1.0 (MIT)" in doing
    assert not (TINY.folder(cache) / "unfinished").exists()
    made = python.lstat().st_mtime_ns
    assert TINY.make(cache).lstat().st_mtime_ns == made
    shutil.rmtree(TINY.folder(cache))
    assert TINY.python(cache) is None
    assert TINY.works(cache) == "pincite-tiny 1.0 is not installed"


@pytest.mark.slow
def test_only_the_locked_bytes_are_installed(wheels: Path, tmp_path: Path) -> None:
    (wheel,) = wheels.iterdir()
    lock = tmp_path / "lock.txt"
    locked = replace(TINY, locked=lock)
    lock.write_text(f"pincite-tiny==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(ModelNotFetched, match="hash"):
        locked.make(tmp_path / "cache")
    assert locked.python(tmp_path / "cache") is None

    lock.write_text(f"pincite-tiny==1.0 --hash=sha256:{sha256_of(wheel)}\n")
    assert locked.python(tmp_path / "cache") != locked.make(tmp_path / "cache")


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_file_of_a_program_is_pinned(name: str) -> None:
    program = PROGRAMS[name]
    assert program.locked
    text = program.locked.read_text(encoding="utf-8")
    blocks = [block for block in re.split(r"(?m)^(?=[\w#])", text) if block and block[0] != "#"]
    assert f"{program.package}=={program.version} " in text
    for block in blocks:
        assert re.fullmatch(r"[\w.-]+==\S+( ; .*)?( \\\n    --hash=sha256:[0-9a-f]{64})+\n", block)


def test_what_pip_does_not_find_is_a_sentence(wheels: Path, tmp_path: Path) -> None:
    absent = replace(TINY, package="pincite-absent")
    with pytest.raises(ModelNotFetched, match=r"pincite-absent.*No matching.*nothing works"):
        absent.make(tmp_path / "cache")
    assert absent.python(tmp_path / "cache") is None


def test_a_python_for_which_there_is_no_wheel_is_a_sentence(tmp_path: Path) -> None:
    old = replace(TINY, newest_python=(3, 10))
    this = "{}.{}".format(*sys.version_info)
    with pytest.raises(ModelNotFetched) as raised:  # the same command would not go on with it
        old.make(tmp_path)
    wanted = f"it exists for Python 3.10 and older, and this is Python {this}."
    assert str(raised.value).endswith(wanted)
    assert not any(tmp_path.iterdir())


def test_models_pull_and_remove_take_the_name_of_a_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(program: IsolatedEnvironment, cache: Path, *_: object) -> None:
        program.folder(cache).mkdir(parents=True)

    monkeypatch.setattr(IsolatedEnvironment, "make", make)
    monkeypatch.setitem(PROGRAMS, "tiny", TINY)
    models = Models(Settings(home=tmp_path), cache=tmp_path / "cache")
    assert models.pull("tiny") == TINY.folder(tmp_path / "cache")
    models.remove("tiny")
    assert not TINY.folder(tmp_path / "cache").exists()


@pytest.mark.parametrize("name", ["real-esrgan", "piper"])
def test_a_program_that_is_not_installed_cannot_be_removed(tmp_path: Path, name: str) -> None:
    models = Models(Settings(home=tmp_path), cache=tmp_path / "cache")
    with pytest.raises(ModelUnusable, match=f"{name} is not installed, so there is nothing to"):
        models.remove(name)


def test_a_program_that_cannot_be_removed_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, ignore_errors: bool = False) -> None:
        if not ignore_errors:
            raise PermissionError(13, "Permission denied")

    models = Models(Settings(home=tmp_path), cache=tmp_path / "cache")
    PIPER.folder(tmp_path / "cache").mkdir(parents=True)
    monkeypatch.setattr(shutil, "rmtree", refuse)
    with pytest.raises(AssistantError, match=r"could not be removed: Permission denied\."):
        models.remove("piper")
