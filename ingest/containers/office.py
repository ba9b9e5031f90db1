"""Documents that are embedded in Office documents, such as a workbook in a slide."""

import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ingest.containers.unpacking import Member
from ingest.document.limits import Limits


def members(path: Path, limits: Limits) -> Iterator[Member]:
    """Embedded documents, without pictures: these belong to the page that shows them."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return  # the document's own loader reports the problem
    with archive:
        for info in archive.infolist():
            if "/embeddings/" in info.filename and not info.is_dir():
                name = info.filename.rpartition("/")[2]
                yield Member(name, partial(archive.open, info), size=info.file_size)
