"""PDF files as documents: what PDFium reads, and the text that is recognised on scanned pages."""

from ingest.document.model import Document
from ingest.document.source import Source
from ingest.errors import UnreadableFile


def load_pdf(source: Source) -> Document:
    """Read every page; of pages that are pictures the text is recognised.

    Raises EncryptedFile or UnreadableFile.
    """
    # Here, for PDFium to be loaded by processes that read alone.
    from ingest.images.pages import recognised
    from ingest.pdf import pdfium

    try:
        count = pdfium.count_pages(source.path)
        read = recognised(source.path, pdfium.pages(source.path), source.engines, count)
        outline, metadata = pdfium.structure(source.path)
    finally:
        pdfium.close()
    if not read:
        raise UnreadableFile(f"{source.name} is a PDF without pages.")
    return source.document(read, metadata=metadata, outline=outline)
