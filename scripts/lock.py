"""Writes requirements/*.txt: one version of each package, with the sha256 of each of its files.

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
LOCKS = ROOT / "requirements"
OLDEST = "3.11"
PARTS = ("all", "dev", "bench")  # each with the ones before it; a file has what it adds
# Their files differ by machine, so that no hash holds: torch has builds for graphics cards and for
# none, and llama.cpp is compiled where it runs.
BY_MACHINE = ("torch", "torchvision", "llama-cpp-python")
_OF_TORCH = re.compile(r"(nvidia-|cuda-|triton\b)")  # what its build for graphics cards brings
_HEAD = "# Written by `make lock`, not by hand.\n"


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
    return 0


def resolved(
    extras: tuple[str, ...], constraints: list[Path], target: Path | None = None
) -> dict[str, str]:
    """The requirements with their hashes, by name (a package has several, where Pythons differ)."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--quiet"]
    command += ["--universal", "--generate-hashes", "--python-version", OLDEST]
    command += ["--no-header", "--no-annotate"]
    for extra in extras:
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
        text for name, text in found.items() if name not in BY_MACHINE and not _OF_TORCH.match(name)
    ]
    (LOCKS / f"{part}.txt").write_text(_HEAD + "".join(kept), "utf-8")


def unhashed(block: str) -> str:
    """The requirements of a block alone."""
    lines = [line for line in block.splitlines() if not line.startswith(" ")]
    return "".join(line.rstrip(" \\") + "\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
