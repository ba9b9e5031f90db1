"""Writes docs/licences.md: the licences of all packages, as their own metadata says.

Of the environment that runs it, which needs all extras: .venv/bin/python scripts/licences.py
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "licences.md"
NOT_HANDED_ON = ("dev", "bench", "all")  # extras for development, and the sum of the others
BASE = "Pincite"
_LONGEST = 60  # characters: what is longer is the text of a licence, not its name
# Libraries under copyleft licences that ride in wheels as files; metadata does not name them.
COPYLEFT = {
    "x264": "GPL-2.0-or-later", "x265": "GPL-2.0-or-later", "xvidcore": "GPL-2.0-or-later",
    "heif": "LGPL-3.0-or-later", "de265": "LGPL-3.0-or-later", "mp3lame": "LGPL-2.0-or-later",
    "gnutls": "LGPL-2.1-or-later", "gmp": "LGPL-3.0-or-later or GPL-2.0-or-later",
    "nettle": "LGPL-3.0-or-later or GPL-2.0-or-later", "unistring": "LGPL-3.0-or-later",
    "asound": "LGPL-2.1-or-later",
}  # fmt: skip
HEAD = """# Licences

Pincite is under the Apache License 2.0. This page lists what it is installed with: each package of
`pincite[all,ray]`, its licence as its own metadata states it, and the part that brings it
(**Pincite** is the program without extras). `make licences` writes the page anew.

## Before you hand on a build

- **PyAV (`av`, in the extra `speech`) has x264 and x265 in its wheel, which are under the GPL.**
  FFmpeg built with them is under the GPL as a whole. Pincite decodes with it and never encodes. You
  may install and use it as you like. Whoever hands on a build that contains the wheel has to follow
  the GPL for it. A build without it leaves the extra `speech` out:
`pip install 'pincite[charts,embedders,images,ocr,pdf,postgres,s3,serve,server]'`.
  Pincite then does not read recordings and videos, and says so; everything else works.
- Piper (GPL-3.0) and Real-ESRGAN are never part of an installation. A command of the person at the
  machine fetches them into environments of their own.
- Models have licences of their own: `pincite models list` names them. They are not part of a build.
- The weights that bind questions to cells of tables were fitted to TAT-QA (Zhu et al., 2021), which
  is under CC BY 4.0, and to tables of our own.

"""


def main() -> int:
    PAGE.write_text(page(), "utf-8")
    return 0


def page() -> str:
    """The whole of docs/licences.md."""
    rows = [
        f"| {name} | {licence(found)} | {', '.join(parts)} |\n"
        for name, (found, parts) in sorted(packages().items())
    ]
    copyleft = [
        f"| {name} | {', '.join(libraries)} |\n"
        for name, (found, _) in sorted(packages().items())
        if (libraries := bundled(found))
    ]
    return "".join(
        [
            HEAD,
            "Libraries under copyleft licences in wheels, found by the names of their files:\n\n",
            "| package | libraries |\n|---|---|\n",
            *copyleft,
            "\n## All packages\n\n| package | licence | comes with |\n|---|---|---|\n",
            *rows,
        ]
    )


def packages() -> dict[str, tuple[Distribution, list[str]]]:
    """By name: the installed package, and the parts of Pincite that need it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    parts = {BASE: project["dependencies"], **project["optional-dependencies"]}
    found: dict[str, tuple[Distribution, list[str]]] = {}
    base = set(closure(parts[BASE]))
    for part, requirements in parts.items():
        for name in closure(requirements) if part not in NOT_HANDED_ON else ():
            if part == BASE or name not in base:
                found.setdefault(name, (distribution(name), []))[1].append(part)
    return found


def closure(requirements: list[str]) -> Iterator[str]:
    """The names of the packages and of all that they need here, each once."""
    seen: set[tuple[str, str]] = set()
    waiting = [Requirement(line) for line in requirements]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        for extra in {"", *requirement.extras} - {done for known, done in seen if known == name}:
            try:
                needs = distribution(name).requires or []
            except PackageNotFoundError:
                continue  # for another system
            seen.add((name, extra))
            waiting += [
                need
                for need in map(Requirement, needs)
                if need.marker is None or need.marker.evaluate({"extra": extra})
            ]
    yield from sorted({name for name, _ in seen})


def licence(found: Distribution) -> str:
    """The expression, else the classifiers, else the field of free text."""
    if expressions := found.metadata.get_all("License-Expression"):
        return str(expressions[0])
    classifiers = found.metadata.get_all("Classifier") or []
    named = [c.split(" :: ")[-1] for c in classifiers if c.startswith("License :: OSI Approved ::")]
    free = "".join(found.metadata.get_all("License") or []).strip()
    if named:
        return ", ".join(named)
    return free if free and len(free) <= _LONGEST else "see the package"


def bundled(found: Distribution) -> list[str]:
    """The copyleft libraries among a package's files, with their licences."""
    names = {path.name for path in found.files or [] if ".so" in path.name}
    libraries = {match[1] for name in names if (match := re.match(r"lib([a-z0-9]+)[-.]", name))}
    return [f"{name} ({COPYLEFT[name]})" for name in sorted(libraries & set(COPYLEFT))]


if __name__ == "__main__":
    sys.exit(main())
