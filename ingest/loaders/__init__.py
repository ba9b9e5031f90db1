"""The table of loaders by suffix. A new format is one module and one line here, or an extension
(docs/extending.md)."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from ingest import extensions
from ingest.document.model import Document
from ingest.document.source import Engines, Source, readable
from ingest.errors import ExtensionFailed, UnreadableFile, UnsupportedFile
from ingest.extensions import Extension
from ingest.images.image_file import SUFFIXES as PICTURES
from ingest.loaders.archive import load_archive
from ingest.loaders.code import LANGUAGES, load_code
from ingest.loaders.data import load_json, load_json_lines, load_xml
from ingest.loaders.delimited import load_delimited
from ingest.loaders.epub import load_epub
from ingest.loaders.html import load_html, load_mhtml
from ingest.loaders.image import load_image
from ingest.loaders.mail import load_mail
from ingest.loaders.markdown import load_markdown
from ingest.loaders.media.audio import load_audio
from ingest.loaders.media.subtitles import load_subtitles
from ingest.loaders.media.video import load_video
from ingest.loaders.office.docx import load_docx
from ingest.loaders.office.legacy import load_legacy
from ingest.loaders.office.odf import load_odf
from ingest.loaders.office.pptx import load_pptx
from ingest.loaders.office.rtf import load_rtf
from ingest.loaders.office.sheet import load_sheet
from ingest.loaders.pdf import load_pdf
from ingest.loaders.text import load_text
from ingest.loaders.versions import stamp
from ingest.serialization.reading import LoadedCodec
from ingest.text.fold_lines import folded
from ingest.text.sniffing import is_text

Loader = Callable[[Source], Document]
"""Reads a file. Raises UnreadableFile or EncryptedFile; `ingest.testing` says what else holds."""

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
    **dict.fromkeys(LANGUAGES, load_code),
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
