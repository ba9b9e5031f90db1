"""Puts Pincite into the menu of the system: what `pincite app --shortcut` does.

Linux and other systems of freedesktop.org: a desktop entry and an icon below XDG_DATA_HOME
(https://specifications.freedesktop.org/desktop-entry-spec/latest/). macOS: a bundle in
~/Applications. Windows: a shortcut in the start menu, which the system's own script host writes.
"""

import os
import plistlib
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from assistant.errors import AssistantError

_ICON = Path(__file__).parents[1] / "ui" / "icon.svg"
_ROOT = Path(__file__).parents[2]
_ENTRY = """[Desktop Entry]
Type=Application
Version=1.0
Name=Pincite
Comment=Ask your own documents, and see the exact line of each sentence
Comment[de]=Die eigenen Dokumente fragen, mit der genauen Zeile zu jedem Satz
Comment[fr]=Interroger ses propres documents, avec la ligne exacte de chaque phrase
Comment[es]=Preguntar a los documentos propios, con la línea exacta de cada frase
Exec={command}
Icon={icon}
Terminal=true
Categories=Office;
Keywords=documents;search;questions;
"""


def make(home: Path, system: str = sys.platform) -> Path:
    """Write it, for the app on this home; the place of it. Raises AssistantError."""
    try:
        if system == "win32":
            return _windows(home)
        if system == "darwin":
            return _mac(home)
        return _freedesktop(home)
    except OSError as error:
        raise AssistantError(f"The shortcut could not be written: {error}.") from error


def command(home: Path) -> list[str]:
    """What starts the app from any folder: the installed command, else this very Python."""
    beside = Path(sys.executable).with_name("pincite.exe" if os.name == "nt" else "pincite")
    installed = str(beside) if beside.exists() else shutil.which("pincite")
    start = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); "
    run = "from assistant.cli.main import main; sys.exit(main(sys.argv[1:]))"
    by = [installed] if installed else [sys.executable, "-P", "-c", start + run]
    return [*by, "--home", str(home.absolute()), "app"]


def _freedesktop(home: Path) -> Path:
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    icon = data / "icons" / "hicolor" / "scalable" / "apps" / "pincite.svg"
    entry = data / "applications" / "pincite.desktop"
    for path in (icon, entry):
        path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_ICON, icon)
    text = _ENTRY.format(command=quoted(command(home)), icon=icon)
    entry.write_text(text, encoding="utf-8")
    return entry


def quoted(words: Sequence[str]) -> str:
    """As the key `Exec` wants it: each word quoted, percent signs doubled, and then backslashes
    once more, because the whole value is a string of the file."""
    found = []
    for word in words:
        inner = word.replace("\\", "\\\\")
        for sign in '"`$':
            inner = inner.replace(sign, f"\\{sign}")
        found.append('"' + inner.replace("%", "%%") + '"')
    return " ".join(found).replace("\\", "\\\\")


def _mac(home: Path) -> Path:
    """A bundle whose program opens a terminal with the app in it; not tried on a Mac."""
    bundle = Path.home() / "Applications" / "Pincite.app" / "Contents"
    program = bundle / "MacOS" / "Pincite"
    program.parent.mkdir(parents=True, exist_ok=True)
    words = shlex.join(command(home))
    started = program.with_name("pincite.command")
    started.write_text(f"#!/bin/sh\nexec {words}\n", encoding="utf-8")
    program.write_text(f"#!/bin/sh\nexec open -a Terminal {shlex.quote(str(started))}\n", "utf-8")
    for path in (started, program):
        path.chmod(0o755)
    about = {
        "CFBundleName": "Pincite", "CFBundleExecutable": "Pincite",
        "CFBundleIdentifier": "pincite.app", "CFBundlePackageType": "APPL",
    }  # fmt: skip
    (bundle / "Info.plist").write_bytes(plistlib.dumps(about))
    return bundle.parent


def _windows(home: Path) -> Path:
    """By WScript.Shell, the way that Windows documents; not tried on Windows."""
    menu = Path(os.environ["APPDATA"]) / "Microsoft" / "Windows" / "Start Menu" / "Programs"
    place, (program, *rest) = menu / "Pincite.lnk", command(home)
    given = {
        "PINCITE_LNK": str(place), "PINCITE_PROGRAM": program,
        "PINCITE_ARGUMENTS": subprocess.list2cmdline(rest),
    }  # fmt: skip
    script = (
        "$s = (New-Object -ComObject WScript.Shell).CreateShortcut($env:PINCITE_LNK); "
        "$s.TargetPath = $env:PINCITE_PROGRAM; $s.Arguments = $env:PINCITE_ARGUMENTS; $s.Save()"
    )
    run = ["powershell", "-NoProfile", "-NonInteractive", "-Command", script]
    done = subprocess.run(run, env={**os.environ, **given}, capture_output=True, check=False)
    if done.returncode:
        raise AssistantError("The shortcut could not be written: PowerShell refused to make it.")
    return place
