"""Files inside files. A new kind of container is one module and one line here.

A container is also a document: its loader lists the files inside, so that search finds them.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path

from ingest.containers import kinds
from ingest.containers.unpacking import (
    ADVICE,
    FULL,
    Expanded,
    Member,
    Omitted,
    Part,
    unpack,
)  # fmt: skip
from ingest.document.source import Limits

__all__ = ["CONTAINERS", "FULL", "LIMITS", "Expanded", "Limits", "Omitted", "Part", "expand"]

CONTAINERS: dict[str, Callable[[Path, Limits], Iterator[Member]]] = {
    **dict.fromkeys((".zip", ".tar", ".tgz", ".tbz2", ".txz"), kinds.archive_members),
    **dict.fromkeys(kinds.SINGLE_FILES, kinds.archive_members),
    **dict.fromkeys((".eml", ".msg", ".mbox"), kinds.mail_members),
    **dict.fromkeys((".docx", ".docm", ".pptx", ".pptm", ".xlsx", ".xlsm"), kinds.office_members),
    ".pdf": kinds.pdf_members,
}

LIMITS = Limits()


def expand(
    path: Path,
    folder: Path,
    limits: Limits = LIMITS,
    level: int = 0,
    suffixes: Collection[str] = (),
) -> Expanded:
    """Write the files that are inside of a file, not those inside of these, into a folder.

    Only those with one of the `suffixes` are written: those that a loader reads.

    `level` is how many containers this one lies in. For all that a person's file holds the limits
    are one budget: the next call gets `limits.after(…)`. A file that is no container has no
    parts. Raises UnreadableFile when the container itself cannot be read.
    """
    if path.suffix.lower() not in CONTAINERS:
        return Expanded(())
    members = CONTAINERS[path.suffix.lower()](path, limits)
    if level >= limits.depth:
        deep = f"it is nested too deep: {ADVICE}unpacked_depth"
        members = (replace(member, problem=deep) for member in members)
    return unpack(members, path.stat().st_size, folder, limits, suffixes)
