"""Old binary Office files (.doc, .xls, .ppt): LibreOffice turns them into today's formats first.

It runs with a profile of its own in which macros are off and links stay unopened.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ingest.document.model import Document
from ingest.document.source import Source
from ingest.errors import UnreadableFile, UnsupportedFile
from ingest.platform.progress import beat

_MODERN = {".doc": "docx", ".dot": "docx", ".xls": "xlsx", ".xlt": "xlsx",
           ".ppt": "pptx", ".pps": "pptx", ".pot": "pptx"}  # fmt: skip
_SECONDS = 120
_PROGRAMS = ("soffice", "libreoffice", "/Applications/LibreOffice.app/Contents/MacOS/soffice",
             r"C:\Program Files\LibreOffice\program\soffice.exe")  # fmt: skip
_NOWHERE = "http://127.0.0.1:9"  # a dead proxy: network requests fail
_SETTINGS = (
    ("Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Office.Common/Security/Scripting", "DisableActiveContent", "true"),
    ("Office.Writer/Content/Update", "Link", "2"),  # never
    ("Office.Calc/Content/Update", "Link", "2"),
)


def load_legacy(source: Source) -> Document:
    """Convert a copy and read that. Raises UnsupportedFile where LibreOffice is not installed."""
    from ingest.loaders import LOADERS

    modern = _MODERN[source.path.suffix.lower()]
    if kind := _disguised(source, modern):
        return LOADERS[kind](source)
    program = _program(source, modern)
    with tempfile.TemporaryDirectory(prefix="pincite-") as folder:
        made = _convert(program, source, modern, Path(folder))
        document = LOADERS[f".{modern}"](replace(source, path=made))
    title = document.metadata.get("title") or source.stem
    return replace(document, name=source.name, title=title)


def _disguised(source: Source, modern: str) -> str:
    """Some programs write RTF, or today's formats, under the old names."""
    with source.path.open("rb") as file:
        begin = file.read(8)
    return ".rtf" if begin.startswith(b"{\\rtf") else f".{modern}" * begin.startswith(b"PK\3\4")


def _program(source: Source, modern: str) -> str:
    found = next((path for name in _PROGRAMS if (path := shutil.which(name))), None)
    if found is None:
        raise UnsupportedFile(
            f"{source.name} is an old binary Office file: install LibreOffice to read such files, "
            f"or save it as .{modern}."
        )
    return found


def _convert(program: str, source: Source, modern: str, folder: Path) -> Path:
    given = folder / "given" / f"document{source.path.suffix.lower()}"
    given.parent.mkdir()
    shutil.copyfile(source.path, given)
    profile, again = folder / "profile", folder / "again"
    _write_settings(profile / "user" / "registrymodifications.xcu")
    made = folder / f"document.{modern}"
    _run(_command(program, profile, modern, given), source, folder)
    if not made.is_file():
        # A new profile makes it start twice. Where nothing may be removed from /tmp, its first pipe
        # is in the way of the second, unless the profile has another name: then it starts once.
        profile.rename(again)
        _run(_command(program, again, modern, given), source, folder)
    if not made.is_file():
        raise UnreadableFile(
            f"LibreOffice cannot open {source.name}: it is damaged or protected by a password."
        )
    return made


def _command(program: str, profile: Path, modern: str, given: Path) -> list[str]:
    options = ["--headless", "--norestore", "--nologo", "--nofirststartwizard", "--nolockcheck"]
    where = f"-env:UserInstallation={profile.as_uri()}"
    target = ["--convert-to", modern, "--outdir", str(profile.parent)]
    return [program, where, *options, *target, str(given)]


def _run(command: Sequence[str], source: Source, home: Path) -> None:
    proxies = {name: _NOWHERE for name in ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy")}
    environment = {**os.environ, **proxies, "HOME": str(home), "SAL_USE_VCLPLUGIN": "svp"}
    process = subprocess.Popen(
        command, env=environment, cwd=home, process_group=0,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(_SECONDS):
            beat(0, 0)
            with suppress(subprocess.TimeoutExpired):
                process.wait(1)
                return
        raise UnreadableFile(
            f"LibreOffice took longer than {_SECONDS} seconds to open {source.name}."
        )
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and its children: soffice is a script around the real one."""
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _write_settings(path: Path) -> None:
    path.parent.mkdir(parents=True)
    items = "".join(
        f'<item oor:path="/org.openoffice.{place}"><prop oor:name="{name}" oor:op="fuse">'
        f"<value>{value}</value></prop></item>"
        for place, name, value in _SETTINGS
    )
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<oor:items xmlns:oor="http://openoffice.org/2001/registry">' + items + "</oor:items>",
        encoding="utf-8",
    )
