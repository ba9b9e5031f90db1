"""The number of each reader. Whoever changes what a reader makes of a file gives it the next one.

Documents that an older one has read are made anew from the library's copies of their files; those
of other readers are left alone. What all of them share, such as the chunker, has a number of its
own: `ingest.chunking.chunk.VERSION`.
"""

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
    "mail": 3,
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
    """What a document remembers of its reader: `pdf/1`."""
    return f"{name}/{VERSIONS.get(name, 0)}"


def outdated(stamp: str) -> bool:
    """Has this reader got another number since? Also when nothing is remembered.

    Not for readers that are unknown here, or have a higher number: a newer Pincite's.
    """
    name, _, number = stamp.partition("/")
    return not stamp or int(number) < VERSIONS.get(name, 0)
