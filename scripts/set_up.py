"""Prepares everything in `.venv` and the home: dependencies, llama.cpp, models, sample library.

Needs nothing but Python. Each step that is done leaves a stamp, so that a second run takes no
time and an interrupted one continues. Usage: python3 scripts/set_up.py [EXTRA ...]

llama.cpp comes ready: from a wheel that was compiled here earlier, from the index of the
llama-cpp-python project, or inside of xllamacpp, which is one of the locked packages. COMPILE=1
compiles it for this processor.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMPS = VENV / "set-up"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
PIP_INSTALL: list[str | Path] = [PYTHON, "-m", "pip", "install", "--no-compile"]
LOCKS = ROOT / "requirements"
LLAMA = "llama-cpp-python"
READY = "xllamacpp"
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
LLAMA_INDEX = "https://abetlen.github.io/llama-cpp-python/whl"  # a folder for each kind of build
OLDEST = (3, 11)
HEARTBEAT_SECONDS = 15
ASK = """from assistant.settings import default_home
from ingest.chunking.chunk import VERSION
from ingest.loaders.versions import stamp
print(default_home(), VERSION + " " + stamp("pdf"), sep="\\n")"""
TEST_MODELS = ["smollm2-135m", "qwen2.5-coder-0.5b"]  # small ones, for the slow tests


def main(extras: list[str]) -> int:
    if sys.version_info < OLDEST:
        say("Pincite needs Python 3.11 or newer; this is " + platform.python_version() + ".")
        return 1
    os.chdir(ROOT)
    try:
        make_environment()
        install_packages(["all", *extras])
        install_torch()
        install_pincite()
        if not install_llama():
            say("Set-up goes on: answers will be sentences of the documents until it is there.")
        fetch_models(TEST_MODELS if "dev" in extras else [])
        index_samples()
    except StepFailed as failure:
        say(str(failure))
        return 1
    except KeyboardInterrupt:
        say("\nStopped. Run the same command again to continue from here.")
        return 130
    return 0


class StepFailed(Exception):
    """Nothing after this step can work; the message says what to do."""


def make_environment() -> None:
    if done("environment", platform.python_version()):
        return
    # One that somebody made before is kept; half of one, after an interruption, is not.
    if PYTHON.exists() and not run("environment", [PYTHON, "-m", "pip", "--version"]):
        return stamp("environment", platform.python_version())
    say(f"Making the environment {VENV.name} with Python {platform.python_version()}")
    if run("environment", [sys.executable, "-m", "venv", "--clear", str(VENV)]):
        raise StepFailed("Python's venv module is missing. On Debian and Ubuntu: python3-venv")
    stamp("environment", platform.python_version())


def install_packages(parts: list[str]) -> None:
    """Those of requirements/, each at its version and with its hash."""
    keys = {part: digest((LOCKS / f"{part}.txt").read_bytes()) for part in parts}
    missing = [part for part in parts if not done(f"packages-{part}", keys[part])]
    if not missing:
        return
    say(f"Installing packages: {', '.join(missing)} (a few minutes the first time)")
    # The files name all that is needed, so that nothing has to be resolved.
    command: list[str | Path] = [*PIP_INSTALL, "--no-deps", "--require-hashes"]
    for part in missing:
        command += ["--requirement", LOCKS / f"{part}.txt"]
    if run("packages", command):
        raise StepFailed("The packages could not be installed: see the lines above.")
    for part in missing:
        stamp(f"packages-{part}", keys[part])


def install_torch() -> None:
    """Its build without CUDA where there is no use for CUDA: that saves gigabytes."""
    wanted = [locked("torch"), locked("torchvision")]
    if done("torch", " ".join(wanted)):
        return
    say(f"Installing {' and '.join(wanted)}")
    if not (wants_cpu_build() and installs_cpu_build(wanted)) and run(
        "torch", [*PIP_INSTALL, *wanted]
    ):
        raise StepFailed("torch could not be installed: see the lines above.")
    stamp("torch", " ".join(wanted))


def wants_cpu_build() -> bool:
    """Elsewhere the package index has a build without CUDA under the plain name."""
    nvidia = shutil.which("nvidia-smi") or Path("/proc/driver/nvidia/version").exists()
    return sys.platform == "linux" and not nvidia


def installs_cpu_build(wanted: list[str]) -> bool:
    index = os.environ.get("TORCH_INDEX", TORCH_INDEX)
    quick: list[str | Path] = ["--retries", "0", "--timeout", "15", "--no-deps"]
    if run("torch", [*PIP_INSTALL, *quick, "--index-url", index, *wanted]) == 0:
        return True
    say(f"{index} did not give the build without CUDA. With CUDA it takes some gigabytes more;")
    say("another index that has it: TORCH_INDEX=ADDRESS make setup")
    return False


def install_pincite() -> None:
    key = digest((ROOT / "pyproject.toml").read_bytes())
    if done("pincite", key):
        return
    if run("pincite", [*PIP_INSTALL, "--no-deps", "--editable", "."]):
        raise StepFailed("Pincite could not be installed: see the lines above.")
    stamp("pincite", key)


def install_llama() -> bool:
    """What answers, the quickest first: a build for a graphics card whose tools are here, or the
    one that COMPILE=1 asks for; else one that is ready."""
    builds = graphics_builds()
    if os.environ.get("COMPILE", "0") not in ("", "0"):
        builds = (*builds, "")
    if any(map(install_llama_for, builds)) or done("llama-ready", ready_key()):
        return True
    return has_llama() or install_ready_llama()


def has_llama() -> bool:
    """llama-cpp-python, which somebody installed or this machine compiled earlier."""
    key = f"{locked(LLAMA)} {machine_key()}"
    if done("llama", key) or llama_starts():
        return True
    kept = user_cache() / "wheels" / machine_key()
    if kept_wheel(kept) is None:
        return False
    if not install_llama_wheel(""):
        uninstall_llama()
        return False
    stamp("llama", key)
    return True


def install_ready_llama() -> bool:
    """llama-cpp-python's own wheel, which runs on more systems; else the library that came with the
    packages. The index is asked once."""
    if not takes_wheel_of_index() and not ready_starts():
        say("No ready llama.cpp runs here. To compile it: make setup COMPILE=1")
        return False
    stamp("llama-ready", ready_key())
    return True


def takes_wheel_of_index() -> bool:
    kind = "metal" if sys.platform == "darwin" else "cpu"
    index = f"{os.environ.get('LLAMA_INDEX', LLAMA_INDEX)}/{kind}"
    quick = ["--retries", "0", "--timeout", "15", "--no-deps", "--only-binary", LLAMA]
    command: list[str | Path] = [*PIP_INSTALL, *quick, "--index-url", index, locked(LLAMA)]
    say(f"Asking {index} for a ready {LLAMA}")
    if run("llama", command, quiet=True) == 0:
        if llama_starts():
            return True
        uninstall_llama()
    say(f"It has none that runs here: answers are computed by {READY}.")
    return False


def ready_key() -> str:
    return f"{locked(LLAMA)} {READY} {locked_version(READY)}"


def uninstall_llama() -> None:
    """One that does not start would end the app."""
    run("llama", [PYTHON, "-m", "pip", "uninstall", "--yes", "llama-cpp-python"])
    (STAMPS / "llama-ready").unlink(missing_ok=True)


def install_llama_for(build: str) -> bool:
    """`build`: what computes on a graphics card, empty for the processor alone."""
    key = f"{locked(LLAMA)} {machine_key(build)}"
    if done("llama", key):
        return True
    failure = f"llama-failed-{build}".rstrip("-")
    failed = done(failure, key)
    # Installed by the person, perhaps after it could not be built here.
    told = any((STAMPS / name).exists() for name in ("llama", "llama-ready"))
    untold = not told or (failed and not build)
    if (untold and llama_starts()) or (not failed and install_llama_wheel(build)):
        stamp("llama", key)
        return True
    if build:
        if not failed:
            say(f"llama.cpp could not be built for {build}: next, for the processor alone.")
        stamp(failure, key)
        return False
    uninstall_llama()
    if failed:
        say("llama.cpp could not be built last time. To try again: make clean setup COMPILE=1")
    elif has_compiler():  # without one the next attempt costs nothing
        stamp(failure, key)
    return False


def graphics_builds() -> tuple[str, ...]:
    """Those that this machine has a card and the tools for; GPU=vulkan chooses one, GPU=off none.
    The build for Apple's chips brings Metal anyhow."""
    sys.path.insert(0, str(ROOT))
    from ingest.platform.graphics import TOOLS, builds

    chosen = os.environ.get("GPU", "auto")
    if chosen == "auto":
        return builds()
    if chosen not in (*TOOLS, "off"):
        raise StepFailed(f"GPU={chosen}: choose one of auto, off, {', '.join(TOOLS)}.")
    return () if chosen == "off" else (chosen,)


def install_llama_wheel(build: str) -> bool:
    kept = user_cache() / "wheels" / machine_key(build)
    wheel = kept_wheel(kept) or compile_llama(kept, build)
    command: list[str | Path] = [*PIP_INSTALL, "--force-reinstall", "--no-deps"]
    if not wheel or run("llama", [*command, wheel]):
        return False
    if not llama_starts():
        say("llama-cpp-python was installed, but it stops as soon as it is used: taken out again.")
        wheel.unlink()  # the next attempt makes another one
        return False
    return True


def llama_starts() -> bool:
    return runs("import llama_cpp; llama_cpp.llama_backend_init()")


def ready_starts() -> bool:
    return runs("from assistant.llm.llama import runtime; runtime.runtime()")


def runs(code: str) -> bool:
    return subprocess.run([str(PYTHON), "-c", code], capture_output=True).returncode == 0


def compile_llama(kept: Path, build: str = "") -> Path | None:
    parts = f" and its graphics card ({build})" if build else ""
    say(f"Compiling llama.cpp for this machine{parts} (4 to 20 minutes on two cores, once)")
    fresh = kept / "unfinished"
    command: list[str | Path] = [
        PYTHON,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--prefer-binary",
        "--verbose",
    ]
    # pip's own cache does not tell processors apart.
    command += ["--no-cache-dir", "--wheel-dir", fresh, locked(LLAMA)]
    flags = os.environ.get("CMAKE_ARGS", "")
    if build:
        flags = f"{flags} -DGGML_{build.upper()}=ON".strip()
        command.append(f"--no-binary={LLAMA}")  # a ready wheel would be for the processor
    elif not has_compiler():
        say("There is no C and C++ compiler (such as gcc and g++); trying for a built wheel.")
        command[4:4] = ["--only-binary", "llama-cpp-python"]
    jobs = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", str(os.cpu_count() or 1))
    if run("llama", command, CMAKE_BUILD_PARALLEL_LEVEL=jobs, CMAKE_ARGS=flags):
        say("llama-cpp-python could not be built; `pincite doctor` says what is missing.")
        return None
    for wheel in fresh.glob("*.whl"):
        wheel.replace(kept / wheel.name)  # whole, or not at all
    fresh.rmdir()
    return kept_wheel(kept)


def fetch_models(more: list[str]) -> None:
    commands = [[], more] if more else [[]]  # without a name: the defaults
    if any([subprocess.call([str(BIN / "pincite"), "models", "pull", *c]) for c in commands]):
        say("Not all models are here. To try again: .venv/bin/pincite models pull")


def index_samples() -> None:
    documents = sorted(Path("samples").glob("*.pdf"))
    states = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in documents]
    told = subprocess.run([str(PYTHON), "-c", ASK], capture_output=True, text=True, check=True)
    home, makers = told.stdout.splitlines()
    key = digest(repr((home, states, makers)).encode())
    if done("samples", key) and Path(home, "libraries", "samples").exists():
        return
    say("Indexing the sample company")
    command = [str(BIN / "pincite"), "add", *map(str, documents), "--library", "samples"]
    if subprocess.call(command) in (0, 3):  # 3: some could not be read, and it said which
        stamp("samples", key)
    else:
        say("The sample company is not indexed; your own documents are not affected.")


def locked_version(package: str) -> str:
    """The version of a package that is the same on all machines."""
    found = re.search(rf"(?m)^{package}==(\S+)", (LOCKS / "all.txt").read_text("utf-8"))
    return found[1] if found else ""


def locked(package: str) -> str:
    """The requirement of a package whose files differ by machine."""
    lines = (LOCKS / "by-machine.txt").read_text("utf-8").splitlines()
    return next(line for line in lines if line.startswith(f"{package}=="))


def kept_wheel(folder: Path) -> Path | None:
    """Of llama.cpp, at the version that is wanted."""
    name = locked(LLAMA).replace("-", "_").replace("==", "-")
    return next(folder.glob(f"{name}-*.whl"), None)


def machine_key(build: str = "") -> str:
    """Which machines can share a compiled wheel: same Python, system and vector instructions, and
    the same kind of graphics card."""
    vector = re.compile("sse|ssse|avx|fma|f16c|bmi|amx|asimd|sve|i8mm|bf16")
    flags: list[str] = []
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith(("flags", "Features")):
                flags = sorted(flag for flag in line.split() if vector.match(flag))
                break
    processor = " ".join(flags) or platform.processor()
    python = "cp{}{}".format(*sys.version_info[:2])
    system = f"{platform.system()}-{platform.machine()}".lower()
    return f"{python}-{system}-{digest(processor.encode())[:8]}-{build}".rstrip("-")


def has_compiler() -> bool:
    both = (("cc", "gcc", "clang", "cl"), ("c++", "g++", "clang++", "cl"))
    return all(any(shutil.which(name) for name in names) for names in both)


def user_cache() -> Path:
    """The same folder as platformdirs.user_cache_dir("pincite", appauthor=False)."""
    if sys.platform == "win32":
        return Path(os.environ["LOCALAPPDATA"], "pincite", "Cache")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "pincite"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pincite"


def run(step: str, command: list[str | Path], *, quiet: bool = False, **environment: str) -> int:
    """Run a command that says a lot: show a sign of life, and its last lines when it fails and that
    is not expected (`quiet`)."""
    with subprocess.Popen(
        [str(part) for part in command],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as child:
        try:
            lines = watch(step, child)
        except BaseException:
            child.terminate()
            raise
    if child.returncode and not quiet:
        say("".join(f"  {line.rstrip()}\n" for line in lines[-12:]))
    return child.returncode


def watch(step: str, child: subprocess.Popen[str]) -> list[str]:
    """All that the child says, with a line about it now and then."""
    started, lines = time.monotonic(), [""]
    reader = threading.Thread(target=lambda: lines.extend(child.stdout or ()), daemon=True)
    reader.start()
    while reader.is_alive():
        reader.join(HEARTBEAT_SECONDS)
        if reader.is_alive():
            minutes, seconds = divmod(int(time.monotonic() - started), 60)
            say(f"  {step}: {minutes}:{seconds:02} {sign_of_life(lines[-1])}")
    return lines


def sign_of_life(line: str) -> str:
    compiled = re.match(r"\s*\[(\d+)/(\d+)\]", line)
    return f"compiled {compiled[1]} of {compiled[2]}" if compiled else line.strip()[:70]


def done(step: str, key: str) -> bool:
    path = STAMPS / step
    return path.exists() and path.read_text("utf-8") == key


def stamp(step: str, key: str) -> None:
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / step).write_text(key, "utf-8")


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
