"""Addresses of documents where they were found, for files that leave the program."""

from collections.abc import Mapping
from pathlib import Path

from assistant.export.account import Address


def file_address(path: str) -> str:
    """Empty where the file is no more, or inside of an archive."""
    file = Path(path)
    return file.as_uri() if file.is_absolute() and file.is_file() else ""


def page_addresses(paths: Mapping[str, str]) -> Address:
    """Of pages, from the paths of documents: viewers of PDFs open the page behind the mark."""
    known = {document: file_address(path) for document, path in paths.items()}

    def address(document: str, page: int) -> str:
        found = known.get(document, "")
        return f"{found}#page={page}" if found else ""

    return address
