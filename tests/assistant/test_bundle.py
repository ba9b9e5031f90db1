"""A bundle for machines without a registry: what goes in, and the script that installs it."""

import hashlib
import os
import platform
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from assistant import bundle
from assistant.bundle import BundleFailed
from assistant.cli.main import main
from assistant.settings import Settings


def test_what_pincite_needs_is_found_with_what_that_needs() -> None:
    found = bundle.needed("pincite")
    assert {"pincite", "streamlit", "numpy", "mdurl", "packaging"} <= found
    assert not found & {"pytest", "ruff", "mypy"}  # those of development


def test_most_of_it_is_locked_with_hashes() -> None:
    locked = bundle._locked()
    assert "--hash=sha256:" in locked["streamlit"]
    by_machine = {"pincite", "torch", "torchvision", "llama-cpp-python"}
    by_machine |= {"ray", "msgpack"}  # not in `all`: whoever has it takes it along as it is
    loose = bundle.needed("pincite") - set(locked) - by_machine
    assert not {name for name in loose if not name.startswith(("nvidia", "cuda", "triton"))}


def test_a_folder_with_other_things_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert main(["--home", str(tmp_path / "home"), "bundle", str(tmp_path)]) == 1
    assert "is not empty, and it is not a bundle" in capsys.readouterr().err
    assert [path.name for path in tmp_path.glob("*.txt")] == ["thesis.txt"]


def test_without_the_lock_a_sentence_says_where_to_run_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "ROOT", tmp_path)
    with pytest.raises(BundleFailed, match="made from a clone"):
        bundle.gather_wheels(tmp_path / "wheels")


def tiny_wheel(folder: Path) -> Path:
    """A wheel of a program named `pincite` that says where its home is."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "pincite-1.0-py3-none-any.whl"
    info = "pincite-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("assistant/__init__.py", "")
        wheel.writestr(
            "assistant/settings.py",
            "import os\nclass Settings:\n"
            "    home = os.environ['PINCITE_HOME']\n"
            "    @classmethod\n    def load(cls): return cls()\n",
        )
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: pincite\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle with one wheel and one model."""

    def gather(folder: Path, say: object) -> list[Path]:
        return [tiny_wheel(folder)]

    model = tmp_path / "models" / "small.gguf"
    model.parent.mkdir()
    model.write_bytes(b"GGUF")
    monkeypatch.setattr(bundle, "gather_wheels", gather)
    monkeypatch.setattr(bundle, "_models", lambda settings: [model])
    bundle.write_bundle(tmp_path / "bundle", Settings(home=tmp_path / "home"))
    return tmp_path / "bundle"


def test_a_bundle_names_each_wheel_with_its_hash(made: Path) -> None:
    wheel = made / "wheels" / "pincite-1.0-py3-none-any.whl"
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    listed = (made / "requirements.txt").read_text()
    assert listed == f"pincite==1.0 --hash=sha256:{sha256}\n"
    assert (made / "models" / "small.gguf").read_bytes() == b"GGUF"
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert (made / "platform.txt").read_text() == (
        f"{platform.system()} {platform.machine()} {python}\n"
    )


def install(made: Path, target: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(target.parent),
        "PINCITE_HOME": str(target.parent / "its home"),
    }  # fmt: skip
    return subprocess.run(
        ["sh", str(made / "install.sh"), str(target)],
        env=environment | {"PYTHON": sys.executable}, capture_output=True, text=True, timeout=250,
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_a_bundle_for_another_platform_says_so(made: Path, tmp_path: Path) -> None:
    (made / "platform.txt").write_text("Plan9 mips 3.11\n")
    done = install(made, tmp_path / "program")
    assert done.returncode == 1
    assert "is for Plan9 on mips; this is" in done.stderr
    assert not (tmp_path / "program").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_the_script_installs_program_and_models_and_can_be_repeated(
    made: Path, tmp_path: Path
) -> None:
    for _ in range(2):
        done = install(made, tmp_path / "program")
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "its home" / "models" / "small.gguf").read_bytes() == b"GGUF"
    assert "Open the app" in done.stdout
    assert all((tmp_path / "program" / "lib" / path.name).exists() for path in bundle._of_llama())
    launchers = {"darwin": "Desktop"}.get(sys.platform, ".local/share/applications")
    [launcher] = (tmp_path / launchers).iterdir()
    assert f'"{tmp_path}/program/bin/pincite"' in launcher.read_text()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_a_python_in_the_bundle_runs_it(made: Path, tmp_path: Path) -> None:
    """In its place a script stands for the one that is copied."""
    there = made / "python" / "bin"
    there.mkdir(parents=True)
    (there / "python3").write_text(f'#!/bin/sh\necho ours >&2\nexec "{sys.executable}" "$@"\n')
    (there / "python3").chmod(0o755)
    done = install(made, tmp_path / "program")
    assert (done.returncode, done.stderr) == (0, "ours\n")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_a_wheel_that_was_changed_on_the_way_is_refused(made: Path, tmp_path: Path) -> None:
    wheel = made / "wheels" / "pincite-1.0-py3-none-any.whl"
    wheel.write_bytes(wheel.read_bytes() + b"more")
    done = install(made, tmp_path / "program")
    assert done.returncode != 0
    assert "HASH" in done.stderr.upper()
