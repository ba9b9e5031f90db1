"""What happens when two versions of the program work on one home, by turns and at once?

`--older` is the source tree of another version (`git worktree add FOLDER TAG`), which runs with
this one's packages. Each command of each version must end as usual or in one sentence, and none may
end a home for the other: at the end this version must find all that was reported as added.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks import common

_SAMPLES = sorted((common.ROOT / "samples" / "content").glob("*.md"))
_TIMES = 4  # rounds of both at once
_QUESTION = "How many letters does a password have?"
_COMMANDS: tuple[tuple[str, ...], ...] = (
    ("documents",), ("search", "password", "--json"), ("ask", _QUESTION, "--json"),
    ("ask", _QUESTION, "--conversation", "22222222222242228222222222222222", "--json"),
    ("verify",), ("add", "{new}"), ("remove", "{name}"), ("backup", "{home}/made.backup"),
    ("eval", "runs"), ("eval", "rate", "{answer}", "up"), ("replay", "{answer}"),
    ("rebuild",), ("restore", "{home}/made.backup"), ("doctor",), ("libraries",),
)  # fmt: skip


@dataclass(frozen=True)
class Version:
    """A source tree and a home."""

    name: str
    tree: Path
    home: Path
    model: Path

    def run(self, *command: str) -> tuple[int, str, str]:
        """Status, standard output and standard error."""
        environment = {**os.environ, "PYTHONPATH": str(self.tree),
                       "PINCITE_HOME": str(self.home), "PINCITE_OCR": "off",
                       "PINCITE_EMBEDDING_MODEL": str(self.model)}  # fmt: skip
        done = subprocess.run(
            [*common.PINCITE, *command], cwd=self.tree, env=environment, text=True,
            capture_output=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--older", type=Path, required=True)
    options = parser.parse_args()
    found: list[str] = []
    for first_is_new in (False, True):
        with common.fresh_home() as home:
            model = common.model(options, "embedding")
            new = Version("new", common.ROOT, home, model)
            old = Version("old", options.older.resolve(), home, model)
            pair = (new, old) if first_is_new else (old, new)
            for line in by_turns(*pair, home):
                print(line, flush=True)
                found += [line] if line.startswith("!") else []
            if not first_is_new:
                continue
            for line in at_once(new, old, home):
                print(line, flush=True)
                found += [line] if line.startswith("!") else []
    print(f"{len(found)} problems")
    sys.exit(bool(found))


def by_turns(first: Version, second: Version, home: Path) -> Iterator[str]:
    """The home is made by one version; then both run every command by turns."""
    first.run("add", *map(str, _SAMPLES))
    answer = _identity(first)
    yield f"== made by {first.name}"
    for turn, version in enumerate((second, first, second)):
        answer = _identity(version) or answer
        for command in _COMMANDS:
            yield outcome(version, filled(command, home, turn, answer))


def at_once(new: Version, old: Version, home: Path) -> Iterator[str]:
    """Both add and search at the same time."""
    yield "== at once"
    with ThreadPoolExecutor(2) as pool:
        for lines in pool.map(lambda one: list(added(one, home)), (new, old)):
            yield from lines
    listed = {row["document"] for row in json.loads(new.run("documents", "--json")[1])}
    for one in sorted(home.glob("told-*")):
        if one.name.removeprefix("told-") not in listed:
            yield f"! {one.name} was reported as added, and is not there"
    yield outcome(new, ("verify",))


def added(version: Version, home: Path) -> Iterator[str]:
    for number in range(_TIMES):
        path = _made(home, f"{version.name}-{number}")
        yield outcome(version, ("add", str(path)), told=home / f"told-{path.name}")
        yield outcome(version, ("search", "password", "--json"))


def outcome(version: Version, command: tuple[str, ...], told: Path | None = None) -> str:
    """A line about a run; "!" begins one that did not end as it must."""
    status, _, said = version.run(*command)
    if told is not None and status == 0:
        told.touch()
    sentence = status in (1, 2) and said.strip().rpartition("\n")[2].startswith("pincite")
    mark = " " if status in (0, 3) else "-" if sentence and "Traceback" not in said else "!"
    last = said.strip().splitlines()[-1:] if status not in (0, 3) else []
    return f"{mark} {version.name} {' '.join(command)}: {status} {' '.join(last)[:300]}"


def filled(command: tuple[str, ...], home: Path, turn: int, answer: str) -> tuple[str, ...]:
    new = str(_made(home, f"turn-{turn}")) if "{new}" in command else ""
    names = {"home": str(home), "new": new, "answer": answer, "name": f"turn-{turn}.md"}
    return tuple(part.format(**names) for part in command)


def _made(home: Path, name: str) -> Path:
    path = home / "in" / f"{name}.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"# {name}\n\nThe passage of {name} says that a tap drips.\n", "utf-8")
    return path


def _identity(version: Version) -> str:
    _, said, _ = version.run("ask", _QUESTION, "--json")
    try:
        return str(json.loads(said)["id"])
    except (ValueError, KeyError):
        return ""


if __name__ == "__main__":
    main()
