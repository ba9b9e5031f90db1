"""Opens a zipped office file, unless it is encrypted, damaged or a zip bomb."""

import zipfile

from ingest.document.source import Source
from ingest.errors import EncryptedFile, UnreadableFile

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # first bytes of old binary and of all encrypted files
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # the stream that holds an encrypted file
_LARGEST = 1 << 30  # bytes of all parts together
_RATIO = 250  # of unpacked to packed; real parts stay below 100, deflate can do 1032
_SMALL = 4 << 20  # bytes that are harmless at any ratio


def opened(source: Source) -> zipfile.ZipFile:
    """The file as a zip whose parts may be read. Raises EncryptedFile or UnreadableFile."""
    try:
        if is_ole(source):
            raise _not_zipped(source)
        archive = zipfile.ZipFile(source.path)
    except OSError as error:
        raise UnreadableFile(f"{source.name} cannot be opened: {error.strerror}.") from error
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise damaged(source) from error
    _check(source, archive)
    return archive


def damaged(source: Source) -> UnreadableFile:
    """The error for a file whose content does not match its name."""
    kind = source.path.suffix.lower()
    return UnreadableFile(f"{source.name} is damaged or not a {kind} file: save it again.")


def encrypted(source: Source) -> EncryptedFile:
    """The error for a file that only a password opens."""
    return EncryptedFile(
        f"{source.name} is protected by a password: save it without one and add it again."
    )


def is_ole(source: Source) -> bool:
    """Whether the file begins as an OLE compound file, the container of old Office files."""
    with source.path.open("rb") as file:
        return file.read(len(OLE)) == OLE


def has_encrypted_package(source: Source) -> bool:
    """Whether the file is a password-protected .docx, .xlsx or .pptx."""
    return _ENCRYPTED in source.path.read_bytes()


def _not_zipped(source: Source) -> UnreadableFile:
    if has_encrypted_package(source):
        return encrypted(source)
    kind = source.path.suffix.lower()
    return UnreadableFile(
        f"{source.name} is an old binary Office file, not a {kind} file: "
        f"name it .doc, .xls or .ppt, or save it as {kind}."
    )


def _check(source: Source, archive: zipfile.ZipFile) -> None:
    # zipfile reads no more of a part than its directory states: these sizes are a promise.
    parts = archive.infolist()
    if any(part.flag_bits & 1 for part in parts):
        raise encrypted(source)
    total = sum(part.file_size for part in parts)
    size = source.path.stat().st_size
    swollen = any(_swollen(part.file_size, part.compress_size) for part in parts)
    if swollen or total > _LARGEST or _swollen(total, size):
        raise UnreadableFile(
            f"{source.name} would unpack to {total / 1e6:,.0f} MB from {size / 1e6:,.1f} MB: "
            "refused, because it looks like a zip bomb."
        )


def _swollen(unpacked: int, packed: int) -> bool:
    return unpacked > _SMALL and unpacked > packed * _RATIO
