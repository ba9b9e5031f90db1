"""Writes requirements/*.txt: one version of each package, with the sha256 of each of its files;
and the same for the programs in environments of their own, assistant/models/locked/*.txt.

For all systems and Python versions at once, as `uv pip compile --universal` resolves them. What is
locked already stays as it is where it can; `--upgrade` takes the newest of all.
Usage: python scripts/lock.py [--upgrade]
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # run as a script, and Pincite may not be installed

from assistant.models.programs import (  # noqa: E402
    PROGRAMS,
    IsolatedEnvironment,
)

LOCKS = ROOT / "requirements"
OLDEST = "3.11"
# Each with the ones before it; a file has what it adds. What llama-cpp-python imports is in the
# first, since set-up may install that package from anywhere.
PARTS = ("all", "dev", "bench")
# Their files differ by machine, so that no hash holds: torch has builds for graphics cards and for
# none, and llama.cpp is compiled where it runs.
BY_MACHINE = ("torch", "torchvision", "llama-cpp-python")
_OF_TORCH = re.compile(r"(nvidia-|cuda-|triton\b)")  # what its build for graphics cards brings
_UNUSED = "sys_platform == 'never'"  # as pyproject.toml overrides what nothing loads
_HEAD = "# Written by `make lock`, not by hand.\n"
COMPILE = [
    sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes",
    "--python-version", OLDEST, "--no-header", "--no-annotate",
]  # fmt: skip


def main(options: list[str]) -> int:
    LOCKS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        widest = Path(scratch, "widest.txt")
        before = [] if "--upgrade" in options else sorted(LOCKS.glob("*.txt"))
        everything = resolved(PARTS, before, widest)
        known: set[str] = set()
        for number, part in enumerate(PARTS, start=1):
            found = resolved(PARTS[:number], [widest])
            write(part, {name: text for name, text in found.items() if name not in known})
            known |= set(found)
    lines = [unhashed(text) for name, text in everything.items() if name in BY_MACHINE]
    (LOCKS / "by-machine.txt").write_text(_HEAD + "".join(lines), "utf-8")
    for program in PROGRAMS.values():
        write_program(program, upgrade="--upgrade" in options)
    return 0


def write_program(program: IsolatedEnvironment, upgrade: bool) -> None:
    """What it depends on may be another version than that of the same package beside it."""
    assert program.locked
    command = [*COMPILE, "-", *([] if program.with_dependencies else ["--no-deps"])]
    if program.locked.exists() and not upgrade:
        command += ["--constraint", str(program.locked)]
    wanted = f"{program.package}=={program.version}\n"
    done = subprocess.run(
        command, cwd=ROOT, check=True, input=wanted, stdout=subprocess.PIPE, text=True
    )
    program.locked.write_text(_HEAD + done.stdout, "utf-8")


def resolved(
    extras: tuple[str, ...], constraints: list[Path], target: Path | None = None
) -> dict[str, str]:
    """The requirements with their hashes, by name (a package has several, where Pythons differ)."""
    command = [*COMPILE, "pyproject.toml"]
    for extra in ("compiled", *extras):
        command += ["--extra", extra]
    for path in constraints:
        command += ["--constraint", str(path)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    if target:
        target.write_text(done.stdout, "utf-8")
    return blocks(done.stdout)


def blocks(text: str) -> dict[str, str]:
    """A line that is not indented begins a requirement; its hashes are below it."""
    found: dict[str, str] = {}
    for block in re.split(r"(?m)^(?=\S)", text):
        if name := re.match(r"[\w.-]+", block):
            found[name[0]] = found.get(name[0], "") + block
    return found


def write(part: str, found: dict[str, str]) -> None:
    kept = [
        text
        for name, text in found.items()
        if name not in BY_MACHINE and not _OF_TORCH.match(name) and _UNUSED not in text
    ]
    (LOCKS / f"{part}.txt").write_text(_HEAD + "".join(kept), "utf-8")


def unhashed(block: str) -> str:
    """The requirements of a block alone."""
    lines = [line for line in block.splitlines() if not line.startswith(" ")]
    return "".join(line.rstrip(" \\") + "\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
