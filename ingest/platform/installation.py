"""How Pincite was installed here, and so the command that adds to it.

Whoever installs it where a command of this machine would not do, such as the script of a bundle,
leaves a line beside it instead: `pincite-extras.txt` in the environment, with EXTRA in it.
"""

import json
import re
import sys
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_NAME = "pincite"
_serving = False


def serve_others() -> None:
    """From now on this process names no command: visitors would read where it is installed."""
    global _serving
    _serving = True


def add_extra(extra: str) -> str:
    """The command line that adds an extra to this installation, for sh, cmd and PowerShell alike;
    or a sentence where none of this machine does."""
    if _serving:
        return "`pincite doctor` on the server says how"
    environment = Path(sys.prefix)
    if text := _read(environment / "pincite-extras.txt"):
        return text.strip().replace("EXTRA", extra)
    if text := _read(environment / "uv-receipt.toml"):
        listed = tomllib.loads(text)["tool"]["requirements"]
        ours: Mapping[str, Any] = next((one for one in listed if one["name"] == _NAME), {})
        beside = "".join(f'--with "{_written(one)}" ' for one in listed if one is not ours)
        return f"uv tool install {beside}{_requirement(*ours.get('extras', ()), extra)}"
    if text := _read(environment / "pipx_metadata.json"):
        had = re.search(r"\[([\w,-]+)\]", json.loads(text)["main_package"]["package_or_url"])
        return f"pipx install --force {_requirement(*had[1].split(',') if had else (), extra)}"
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    return f"{python} -m pip install {_requirement(extra)}"


def needs(extra: str, to: str) -> str:
    """The sentence that says which extra is missing; `to` is a clause: what it is needed for."""
    return f"Install {_NAME}[{extra}] to {to}: {add_extra(extra)}"


def _read(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="utf-8")
    return ""


def _written(requirement: Mapping[str, Any]) -> str:
    """A requirement of a receipt of uv, as its command line takes it."""
    places = (requirement.get(kind) for kind in ("path", "directory", "editable", "url"))
    named = requirement["name"] + requirement.get("specifier", "")
    return str(next(filter(None, places), named))


def _requirement(*extras: str) -> str:
    """Pincite from where it came from, with extras, each once."""
    with_extras = f"[{','.join(dict.fromkeys(extras))}]"
    origin: dict[str, Any] = {}
    with suppress(PackageNotFoundError):  # a clone that is not installed
        origin = json.loads(distribution(_NAME).read_text("direct_url.json") or "{}")
    url = origin.get("url", "")
    if origin.get("dir_info", {}).get("editable"):
        from urllib.request import url2pathname  # brings http and ssl

        return f'--editable "{url2pathname(urlsplit(url).path)}{with_extras}"'
    if version := origin.get("vcs_info"):
        url = f"{version['vcs']}+{url}@{version['commit_id']}"
    return f'"{_NAME}{with_extras} @ {url}"' if url else f'"{_NAME}{with_extras}"'
