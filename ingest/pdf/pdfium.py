"""Opens PDF files with PDFium: the text of their pages, and pictures of them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pypdfium2
from PIL import Image

from ingest.document.model import Page
from ingest.errors import EncryptedFile, UnreadableFile
from ingest.pdf.page import prepare_forms, read_page

# PDFium keeps process-wide state and is not thread-safe: one page at a time.
_ONE_AT_A_TIME = threading.RLock()
_kept: dict[Path, Any] = {}
MOST_PIXELS = 150_000_000  # of a page that is drawn: half a gigabyte in memory


def pages(path: Path) -> Iterator[Page]:
    """Read the pages one after the other.

    Raises EncryptedFile or UnreadableFile.
    """
    with _ONE_AT_A_TIME:
        kept = _kept.get(path)
        pdf = _open(path) if kept is None else kept
        try:
            for index in range(len(pdf)):
                yield _page(pdf, index)
        finally:
            if kept is None:
                pdf.close()


@contextmanager
def kept_open(path: Path) -> Iterator[int]:
    """Keep a file open while it is read and drawn; yields its number of pages.

    To find a page in a file just opened PDFium walks over all before it: of 5,000 pages each costs
    twenty times as much.
    """
    with _ONE_AT_A_TIME:
        _kept[path] = _open(path)
        try:
            yield len(_kept[path])
        finally:
            _kept.pop(path).close()


def render(path: Path, page: int, scale: float = 1.5) -> Image.Image:
    """Draw a page (the first is 1) as a picture of `scale` * 72 dots per inch."""
    with _ONE_AT_A_TIME:
        pdf = _kept.get(path) or _open(path)
        try:
            if not 1 <= page <= len(pdf):
                raise UnreadableFile(f"{path.name} has no page {page}: it has {len(pdf)}.")
            return _drawn(path, pdf[page - 1], scale)
        except pypdfium2.PdfiumError as error:
            raise UnreadableFile(f"Page {page} of {path.name} cannot be drawn: {error}") from error
        finally:
            if path not in _kept:
                pdf.close()


def _drawn(path: Path, page: Any, scale: float) -> Image.Image:
    width, height = page.get_size()
    if width * height * scale * scale > MOST_PIXELS:
        raise UnreadableFile(f"A page of {path.name} is too large to be drawn.")
    bitmap = page.render(scale=scale)
    image: Image.Image = bitmap.to_pil().convert("RGB")
    bitmap.close()
    page.close()
    return image


def _open(path: Path) -> Any:
    try:
        pdf = pypdfium2.PdfDocument(path)
        prepare_forms(pdf)
        return pdf
    except OSError as error:
        raise UnreadableFile(
            f"{path} cannot be opened. If it was deleted, add the document's file again."
        ) from error
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise EncryptedFile(
                f"{path.name} is protected by a password. Save a copy without the password "
                "and add that."
            ) from error
        raise UnreadableFile(f"{path.name} is not a readable PDF: the file is damaged.") from error


def _page(pdf: Any, index: int) -> Page:
    page = textpage = None
    try:
        page = pdf[index]
        textpage = page.get_textpage()
        return read_page(pdf, page, textpage, index + 1)
    except pypdfium2.PdfiumError:
        # A damaged page does not affect the others.
        return Page(index + 1, 0.0, 0.0, (), characters=0, note="damaged page")
    finally:
        if textpage is not None:
            textpage.close()
        if page is not None:
            page.close()
