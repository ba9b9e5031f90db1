"""The result of a check, and imports in child processes to find it."""

import subprocess
import sys
from dataclasses import dataclass
from typing import Literal

from ingest.platform.extras import installed

Severity = Literal["ok", "warning", "error"]
IMPORT_SECONDS = 15


@dataclass(frozen=True)
class Check:
    """The result of one check; the remedy is empty when all is well."""

    name: str
    severity: Severity
    message: str
    remedy: str = ""


def importing(code: str) -> subprocess.Popen[str]:
    """A child process that runs some code: a library built for another processor ends it."""
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", code], stdout=pipe, stderr=pipe, text=True)


def outcome(child: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit status and the last line of the child's output; a hung child counts as failed."""
    try:
        output, errors = child.communicate(timeout=IMPORT_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return 1, f"it did not respond for {IMPORT_SECONDS} seconds"
    return child.returncode, ((output or errors).strip().splitlines() or [""])[-1]


def install(extra: str, imported: str, packages: str) -> str:
    """The command that installs an extra, or repairs its packages where they are there."""
    what = f"--force-reinstall {packages}" if installed(imported) else f"'pincite[{extra}]'"
    return f"{sys.executable} -m pip install {what}"
