"""The table of loaders by suffix. A new format is one module and one line here, or an extension
(docs/extending.md).
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from ingest import extensions
from ingest.containers import LIMITS, archive_members
from ingest.document.model import Document, Line
from ingest.document.source import Engines, Source, readable
from ingest.document.wire import LoadedCodec
from ingest.errors import ExtensionFailed, UnreadableFile, UnsupportedFile
from ingest.extensions import Extension
from ingest.images.image_file import SUFFIXES as PICTURES
from ingest.images.recognition import load_image
from ingest.mail import load_mail
from ingest.media.loaders import load_audio, load_subtitles, load_video
from ingest.office.odf import load_odf
from ingest.office.rtf import load_rtf
from ingest.office.slides import load_pptx
from ingest.office.word import load_docx
from ingest.page_builder import Flow
from ingest.platform.process import beat, output_of
from ingest.sheets.loader import load_sheet
from ingest.text.decoding import is_text
from ingest.text.loaders import (
    CODE,
    load_delimited,
    load_json,
    load_json_lines,
    load_text,
    load_xml,
)
from ingest.text.reflow import folded
from ingest.web.loaders import load_epub, load_html, load_markdown, load_mhtml

# -- Old binary Office files (.doc, .xls, .ppt): LibreOffice turns them into today's formats first
# It runs with a profile of its own in which macros are off and links stay unopened.

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
    modern = _MODERN[source.path.suffix.lower()]
    with source.path.open("rb") as file:
        begin = file.read(8)  # some programs write RTF, or today's formats, under the old names
    if begin.startswith((b"{\\rtf", b"PK\3\4")):
        return LOADERS[".rtf" if begin.startswith(b"{") else f".{modern}"](source)
    program = _program(source, modern)
    with tempfile.TemporaryDirectory(prefix="pincite-") as folder:
        made = _convert(program, source, modern, Path(folder))
        document = LOADERS[f".{modern}"](replace(source, path=made))
    title = document.metadata.get("title") or source.stem
    return replace(document, name=source.name, title=title)


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
    # With its children: soffice is a script around the real one.
    if output_of(command, _SECONDS, env=environment, cwd=home, process_group=0) is None:
        raise UnreadableFile(
            f"LibreOffice took longer than {_SECONDS} seconds to open {source.name}."
        )


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


# -- The number of each reader. A change of a reader's output raises its number
# Documents that an older one has read are made anew from the library's copies of their files; those
# of other readers are left alone. What all of them share, such as the chunker, has a number of its
# own: `ingest.chunking.VERSION`.

VERSIONS = {
    "archive": 1, "audio": 1, "delimited": 1, "docx": 3, "epub": 3, "html": 3,
    "image": 3, "json": 1, "json_lines": 1, "legacy": 3, "mail": 4, "markdown": 3, "mhtml": 3,
    "odf": 4, "pdf": 2, "pptx": 4, "rtf": 4, "sheet": 2, "subtitles": 1, "text": 1, "video": 1,
    "xml": 1,
}  # fmt: skip


def stamp(name: str) -> str:
    """The record of a reader in a document: `pdf/2`."""
    return f"{name}/{VERSIONS.get(name, 0)}"


def outdated(stamp: str) -> bool:
    """Whether the reader's number has changed since. Also true without a record.

    False for unknown readers and higher numbers, which belong to a newer Pincite.
    """
    name, _, number = stamp.partition("/")
    if ":" in name:
        return extensions.is_outdated(stamp)
    return not stamp or int(number) < VERSIONS.get(name, 0)


# -- Archives as documents: pages with the names of the files inside, so that search finds them


def load_archive(source: Source) -> Document:
    """List the files inside, which are documents of their own. Raises UnreadableFile."""
    flow = Flow()
    for number, member in enumerate(archive_members(source.path, LIMITS)):
        if number < LIMITS.files:
            flow.verbatim(member.name, Line("", begins=True))
        else:
            flow.leave_out("names of too many files", len("".join(member.name.split())))
        beat(number, 0)
    return source.document(flow.finished())


def load_pdf(source: Source) -> Document:
    """See `read_pdf`."""
    from ingest.pdf.loader import read_pdf  # here, for PDFium to be loaded by readers alone

    return read_pdf(source)


Loader = Callable[[Source], Document]
"""Reads a file. Raises UnreadableFile or EncryptedFile. More: `tests/contracts/loaders.py`."""

LOADERS: dict[str, Loader] = {
    ".pdf": load_pdf,
    **dict.fromkeys((".docx", ".docm", ".dotx"), load_docx),
    **dict.fromkeys((".pptx", ".pptm", ".ppsx", ".potx"), load_pptx),
    **dict.fromkeys((".odt", ".odp", ".ott", ".otp", ".fodt", ".fodp"), load_odf),
    ".rtf": load_rtf,
    **dict.fromkeys((".doc", ".dot", ".xls", ".xlt", ".ppt", ".pps", ".pot"), load_legacy),
    **dict.fromkeys(PICTURES, load_image),
    **dict.fromkeys((".wav", ".mp3", ".m4a", ".aac", ".flac", ".aiff", ".aif"), load_audio),
    **dict.fromkeys((".ogg", ".oga", ".opus"), load_audio),
    **dict.fromkeys((".mp4", ".m4v", ".mov", ".mkv", ".webm"), load_video),
    **dict.fromkeys((".txt", ".text", ".log", ".asc", ".rst", ".rest", ".org"), load_text),
    **dict.fromkeys((".adoc", ".asciidoc", ".textile", ".wiki", ".nfo"), load_text),
    **dict.fromkeys(CODE, load_text),
    **dict.fromkeys((".csv", ".tsv", ".tab"), load_delimited),
    **dict.fromkeys((".xlsx", ".xlsm", ".xltx", ".xltm", ".xlsb", ".xls", ".ods"), load_sheet),
    **dict.fromkeys((".html", ".htm", ".xhtml"), load_html),
    **dict.fromkeys((".mht", ".mhtml"), load_mhtml),
    **dict.fromkeys((".md", ".markdown", ".mdown"), load_markdown),
    **dict.fromkeys((".json", ".geojson", ".ipynb"), load_json),
    **dict.fromkeys((".jsonl", ".ndjson"), load_json_lines),
    ".xml": load_xml,
    ".epub": load_epub,
    **dict.fromkeys((".vtt", ".srt"), load_subtitles),
    **dict.fromkeys((".eml", ".msg", ".mbox"), load_mail),
    **dict.fromkeys((".zip", ".tar", ".tgz", ".tbz2", ".txz", ".gz", ".bz2", ".xz"), load_archive),
}


def suffixes() -> tuple[str, ...]:
    """Of all files that can be read, those of extensions last."""
    others = (f".{name}" for name in extensions.installed(extensions.LOADERS))
    return tuple(dict.fromkeys((*LOADERS, *others)))


def needs_office(path: Path) -> bool:
    """Whether a file of this name is read by LibreOffice."""
    return LOADERS.get(path.suffix.lower()) is load_legacy


def load(path: Path, engines: Engines | None = None) -> Document:
    """Read a file with the loader for its suffix; of an unknown kind it is read if it is text.

    Raises UnsupportedFile, EncryptedFile or UnreadableFile.
    """
    engines = engines or Engines()
    loader, stamped = _loader(path, engines)
    if loader is None:
        raise UnsupportedFile(
            f"{readable(path.name)}: this kind of file cannot be read yet. "
            f"Known: {', '.join(suffixes())}."
        )
    document = folded(loader(Source(path, digest(path), engines)))
    return replace(document, reader=stamped)


def reader(path: Path, engines: Engines) -> str:
    """The reader of a file of this name, as documents record it; `none/0` when there is none."""
    return _loader(path, engines)[1]


def _loader(path: Path, engines: Engines) -> tuple[Loader | None, str]:
    """The loader, and its name and version as documents record them."""
    suffix = path.suffix.lower()
    loader = LOADERS.get(suffix)
    extension = extensions.find(
        extensions.LOADERS, suffix[1:], loader is not None, engines.extensions_first
    )
    if extension is not None:
        return partial(_load_by, extension), extension.stamp
    if loader is None and is_text(path):
        loader = load_text
    return loader, stamp(loader.__name__.removeprefix("load_") if loader else "none")


def _load_by(extension: Extension, source: Source) -> Document:
    try:
        made = extension.make(Document, source)
        with extension.blamed():  # what it made may hold values of other types
            return LoadedCodec().decode(LoadedCodec().encode((made, [])))[0]
    except ExtensionFailed as error:
        raise UnreadableFile(f"{source.name} could not be read. {error}") from error


def digest(path: Path, most: int = 0) -> str:
    """The sha256 of a file's bytes, in hexadecimal. Raises UnreadableFile.

    Also for a file of more than `most` bytes, unless that is 0: a file can claim any size and take
    no space on the disk.
    """
    name = readable(path.name)
    try:
        with path.open("rb") as file:
            if most and file.seek(0, os.SEEK_END) > most:
                raise UnreadableFile(
                    f"{name} is larger than {most >> 30} GB: split it, or raise the setting "
                    "file_gb."
                )
            file.seek(0)
            found = hashlib.file_digest(file, "sha256").hexdigest()
            empty = file.tell() == 0
    except OSError as error:
        raise UnreadableFile(f"{name} cannot be opened: {error.strerror}.") from error
    if empty:
        raise UnreadableFile(f"{name} is empty: 0 bytes.")
    return found
