"""The number of each reader. A change of a reader's output raises its number.

Documents that an older one has read are made anew from the library's copies of their files; those
of other readers are left alone. What all of them share, such as the chunker, has a number of its
own: `ingest.chunking.chunk.VERSION`.
"""

from ingest import extensions

VERSIONS = {
    "archive": 1,
    "audio": 1,
    "code": 1,
    "delimited": 1,
    "docx": 3,
    "epub": 3,
    "html": 3,
    "image": 2,
    "json": 1,
    "json_lines": 1,
    "legacy": 3,
    "mail": 4,
    "markdown": 3,
    "mhtml": 3,
    "odf": 3,
    "pdf": 1,
    "pptx": 3,
    "rtf": 2,
    "sheet": 1,
    "subtitles": 1,
    "text": 1,
    "video": 1,
    "xml": 1,
}


def stamp(name: str) -> str:
    """The record of a reader in a document: `pdf/1`."""
    return f"{name}/{VERSIONS.get(name, 0)}"


def outdated(stamp: str) -> bool:
    """Whether the reader's number has changed since. Also true without a record.

    False for unknown readers and higher numbers, which belong to a newer Pincite.
    """
    name, _, number = stamp.partition("/")
    if ":" in name:
        return extensions.is_outdated(stamp)
    return not stamp or int(number) < VERSIONS.get(name, 0)
