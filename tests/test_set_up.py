import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import platformdirs
import pytest

from scripts.setting_up import llama, packages, steps

SCRIPTS = Path(__file__).parents[1] / "scripts"


def script(name: str) -> ModuleType:
    """A file of scripts/ as a module."""
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def stamps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "STAMPS", tmp_path / "stamps")


@pytest.fixture(autouse=True)
def no_graphics_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine has; the tests about cards ask for one."""
    monkeypatch.setenv("GPU", "off")
    monkeypatch.delenv("COMPILE", raising=False)
    monkeypatch.delenv("LLAMA_INDEX", raising=False)


def wheel_name() -> str:
    version = steps.locked(llama.LLAMA).partition("==")[2]
    return f"llama_cpp_python-{version}-py3-none-any.whl"


def test_a_step_is_done_until_its_key_changes() -> None:
    assert not steps.done("step", "one")
    steps.stamp("step", "one")
    assert steps.done("step", "one")
    assert not steps.done("step", "two")


@pytest.mark.parametrize("target", ["check", "test"])
def test_checks_install_their_own_tools_first(target: str) -> None:
    """Also after `make run`, which installs none of them."""
    command = ["make", "--dry-run", target]
    planned = subprocess.run(command, cwd=SCRIPTS.parent, capture_output=True, text=True).stdout
    assert 0 < planned.find("scripts/set_up.py dev") < planned.find("ruff format")


def test_an_old_python_gets_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    assert script("set_up").main([]) == 1
    assert "needs Python 3.11 or newer" in capsys.readouterr().err


def test_the_cache_is_the_one_that_the_program_uses() -> None:
    assert llama.user_cache() == Path(platformdirs.user_cache_dir("pincite", appauthor=False))


def test_what_differs_by_machine_is_locked_to_a_version() -> None:
    assert steps.locked("torch").startswith("torch==")
    assert steps.locked("llama-cpp-python").startswith("llama-cpp-python==")


@pytest.mark.parametrize(
    ("nvidia", "index_answers", "indexes"),
    [(False, True, [True]), (False, False, [True, False]), (True, True, [False])],
)
def test_torch_comes_without_cuda_where_nobody_can_use_it(
    monkeypatch: pytest.MonkeyPatch, nvidia: bool, index_answers: bool,
    indexes: list[bool],
) -> None:  # fmt: skip
    """`indexes`: for each attempt, whether torch's own index is asked."""
    asked: list[bool] = []

    def run(step: str, command: list[str]) -> int:
        asked.append("--index-url" in command)
        return int(asked[-1] and not index_answers)

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(packages.shutil, "which", lambda name: name if nvidia else None)
    monkeypatch.setattr(steps, "run", run)
    packages.install_torch()
    assert asked == indexes
    packages.install_torch()  # once is enough
    assert asked == indexes


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sets what pip is told about an index; at first nothing, whatever this machine has."""

    def tell(setting: str) -> None:
        code = f"print({setting!r})"
        monkeypatch.setattr(steps, "PIP", [sys.executable, "-c", code])

    tell("global.timeout='9'")
    return tell


def test_packages_of_all_parts_are_installed_in_one_go_with_their_hashes(
    monkeypatch: pytest.MonkeyPatch, index: Callable[[str], None]
) -> None:
    index("global.index-url='https://index.example/simple'")  # which uv would not ask
    commands: list[list[str]] = []
    monkeypatch.setattr(steps, "run", lambda step, command, **_: commands.append(command) or 0)
    packages.install_packages(["all", "dev"])
    packages.install_packages(["all"])
    packages.install_packages(["all", "dev", "bench"])
    assert [command.count("--requirement") for command in commands] == [2, 1]
    assert all("--require-hashes" in command for command in commands)
    assert all("pip" in command[1:3] for command in commands)


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize("works", [True, False])
def test_for_developers_uv_installs_them_and_where_it_does_not_run_pip_does(
    monkeypatch: pytest.MonkeyPatch, works: bool
) -> None:
    commands: list[list[object]] = []

    def run(step: str, command: list[object], **_: object) -> int:
        commands.append(command)
        return int(not works and command[0] == steps.BIN / "uv")

    monkeypatch.setattr(steps, "run", run)
    packages.install_packages(["all", "dev"])
    assert [command[0] for command in commands[:2]] == [steps.PYTHON, steps.BIN / "uv"]
    alone = (steps.STAMPS / "uv.txt").read_text("utf-8")
    assert alone.startswith("uv==") and "--hash=sha256:" in alone and alone.count("==") == 1
    assert all("--require-hashes" in command and "--no-deps" in command for command in commands)
    assert [command[0] for command in commands[2:]] == ([] if works else [steps.PYTHON])
    assert commands[-1].count("--requirement") == 2


def test_a_changed_or_lost_translation_is_compiled_by_installing_pincite_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    texts = tmp_path / "assistant" / "i18n" / "de.po"
    texts.parent.mkdir(parents=True)
    commands: list[list[str]] = []
    monkeypatch.setattr(steps, "ROOT", tmp_path)
    monkeypatch.setattr(steps, "run", lambda step, command: commands.append(command) or 0)
    counts = []
    for text in ("Seite", "Seite", "Seiten"):
        texts.write_text(text)
        packages.install_pincite()
        texts.with_suffix(".mo").touch()  # as the installation compiles it
        counts.append(len(commands))
    texts.with_suffix(".mo").unlink()  # an older version in git took it away
    packages.install_pincite()
    assert [*counts, len(commands)] == [1, 1, 2, 3]
    assert all(command[-2:] == ["--editable", "."] for command in commands)


def test_a_command_that_fails_shows_its_last_lines(capsys: pytest.CaptureFixture[str]) -> None:
    code = "print('much'); print('this is why'); raise SystemExit(7)"
    assert steps.run("step", [sys.executable, "-c", code]) == 7
    assert "this is why" in capsys.readouterr().err


def test_a_long_command_shows_signs_of_life(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(steps, "HEARTBEAT_SECONDS", 0.1)
    code = "import time; print('[7/193] g++ ...', flush=True); time.sleep(0.5)"
    assert steps.run("llama", [sys.executable, "-c", code]) == 0
    assert "llama: 0:00 compiled 7 of 193" in capsys.readouterr().err


def test_a_compiled_wheel_is_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "wheels" / llama.machine_key()
    kept.mkdir(parents=True)
    wheel = kept / wheel_name()
    wheel.write_bytes(b"")
    commands: list[list[str]] = []
    monkeypatch.setattr(llama, "user_cache", lambda: tmp_path)
    monkeypatch.setattr(llama, "llama_starts", lambda: bool(commands))
    monkeypatch.setattr(steps, "run", lambda step, command: commands.append(command) or 0)
    assert llama.install_llama()
    assert llama.install_llama()  # and once is enough
    assert [command[-1] for command in commands] == [wheel]


@pytest.mark.parametrize(
    ("given", "runs", "ready", "works", "taken_out"),
    [
        (True, True, False, True, False),  # the wheel of the index
        (True, False, True, True, True),  # one that was made for other processors
        (False, False, True, True, False),  # an index that does not answer
        (False, False, False, False, False),
    ],
)
def test_without_a_compiled_wheel_a_ready_one_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: bool, runs: bool,
    ready: bool, works: bool, taken_out: bool,
) -> None:  # fmt: skip
    """`given`: by the index; `runs`: here; `ready`: whether the library of the packages does."""
    commands: list[list[str]] = []

    def run(step: str, command: list[object], **_: object) -> int:
        commands.append(list(map(str, command)))
        return int("--index-url" in command and not given)

    monkeypatch.setattr(llama, "user_cache", lambda: tmp_path)
    monkeypatch.setattr(llama, "llama_starts", lambda: runs and bool(commands))
    monkeypatch.setattr(llama, "ready_starts", lambda: ready)
    monkeypatch.setattr(steps, "run", run)
    monkeypatch.setenv("LLAMA_INDEX", "https://index.example/whl")
    assert llama.install_llama() == works
    first = commands[0]
    assert first[first.index("--index-url") + 1].startswith("https://index.example/whl/")
    assert first[first.index("--only-binary") + 1] == first[-1].partition("==")[0]
    assert any("uninstall" in command for command in commands) == taken_out
    asked = len(commands)
    assert llama.install_llama() == works
    assert len(commands) == asked or not works  # the index is asked once


def test_a_failed_compilation_is_not_repeated_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[object] = []
    monkeypatch.setattr(llama, "user_cache", lambda: tmp_path)
    monkeypatch.setattr(llama, "llama_starts", lambda: False)
    monkeypatch.setattr(llama, "has_compiler", lambda: True)
    monkeypatch.setattr(llama, "ready_starts", lambda: False)
    monkeypatch.setenv("COMPILE", "1")
    monkeypatch.setattr(steps, "run", lambda *step, **_: attempts.append(step) or 1)
    assert not llama.install_llama()
    assert not llama.install_llama()
    assert sum("wheel" in str(step) for step in attempts) == 1


def test_a_llama_cpp_that_does_not_start_is_taken_out_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "wheels" / llama.machine_key()
    kept.mkdir(parents=True)
    wheel = kept / wheel_name()
    wheel.write_bytes(b"")
    commands: list[list[str]] = []
    monkeypatch.setattr(llama, "user_cache", lambda: tmp_path)
    monkeypatch.setattr(llama, "llama_starts", lambda: False)
    monkeypatch.setattr(llama, "ready_starts", lambda: False)
    monkeypatch.setattr(steps, "run", lambda step, command, **_: commands.append(command) or 0)
    assert not llama.install_llama()
    assert commands[-1][-3:] == ["uninstall", "--yes", "llama-cpp-python"]
    assert not wheel.exists()


def test_a_llama_cpp_that_a_person_installed_after_a_failure_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps.stamp("llama-failed", f"{steps.locked(llama.LLAMA)} {llama.machine_key()}")
    monkeypatch.setattr(llama, "llama_starts", lambda: True)
    monkeypatch.setattr(steps, "run", lambda *_: pytest.fail("nothing has to be run"))
    assert llama.install_llama()


def test_a_card_with_its_tools_gets_a_build_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[tuple[str, bool]] = []

    def run(step: str, command: list[object], **environment: str) -> int:
        if "wheel" in command:
            folder = Path(str(command[command.index("--wheel-dir") + 1]))
            folder.mkdir(parents=True)
            (folder / wheel_name()).write_bytes(b"")
            forced = f"--no-binary={llama.LLAMA}" in command
            built.append((environment["CMAKE_ARGS"], forced))
        return 0

    monkeypatch.setenv("CMAKE_ARGS", "-DA=1")
    monkeypatch.setenv("GPU", "vulkan")
    monkeypatch.setattr(llama, "user_cache", lambda: tmp_path)
    monkeypatch.setattr(llama, "llama_starts", lambda: bool(built))
    monkeypatch.setattr(steps, "run", run)
    assert llama.install_llama()
    assert llama.install_llama()
    assert built == [("-DA=1 -DGGML_VULKAN=ON", True)]
    kept = [path.parent.name for path in (tmp_path / "wheels").glob("*/*.whl")]
    assert kept == [llama.machine_key("vulkan")] != [llama.machine_key()]


def test_where_the_build_for_a_card_fails_the_processor_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "wheels" / llama.machine_key()
    kept.mkdir(parents=True)
    (kept / wheel_name()).write_bytes(b"")
    compiled: list[str] = []
    installed: list[str] = []

    def run(step: str, command: list[object], **environment: str) -> int:
        (compiled if "wheel" in command else installed).append(str(command[-1]))
        return int("wheel" in command)

    monkeypatch.setenv("GPU", "cuda")
    monkeypatch.setattr(llama, "user_cache", lambda: tmp_path)
    monkeypatch.setattr(llama, "llama_starts", lambda: bool(installed))
    monkeypatch.setattr(steps, "run", run)
    assert llama.install_llama()
    assert llama.install_llama()  # and the card is not tried each time
    assert len(compiled) == 1
    assert installed == [str(kept / wheel_name())]


def test_an_unknown_build_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPU", "glide")
    with pytest.raises(steps.StepFailed, match=r"GPU=glide: choose one of auto, off, cuda, vu"):
        llama.graphics_builds()


def test_it_needs_nothing_but_the_standard_library() -> None:
    """Before any package is installed: in a Python without site-packages."""
    done = subprocess.run(
        [sys.executable, "-S", "-I", "-c",
         "import runpy, sys; runpy.run_path(sys.argv[1], run_name='looked at');"
         "print([m for m in sys.modules if m.split('.')[0] in ('pip', 'numpy', 'ingest')])",
         str(SCRIPTS / "set_up.py")],
        capture_output=True, text=True, timeout=60, cwd="/",
    )  # fmt: skip
    assert done.stdout == "[]\n", done.stderr
