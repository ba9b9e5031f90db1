"""Names of files that come from elsewhere, made valid on any disk."""

import re
from pathlib import PurePosixPath

_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(?:[ .]|$)", re.IGNORECASE)


def safe_name(name: str) -> str:
    """The last part of a name, made valid on any disk, with its suffix, which decides the
    loader."""
    last = PurePosixPath(name.replace("\\", "/")).name
    clean = "".join(sign if sign.isprintable() else "_" for sign in last)
    clean = re.sub(r'[<>:"/\\|?*]', "_", clean).strip(" .") or "file"
    if _RESERVED.match(clean):  # Windows opens a device, whatever the suffix
        clean = f"_{clean}"
    stem, suffix = PurePosixPath(clean).stem, PurePosixPath(clean).suffix
    while len((stem + suffix).encode()) > 200:  # disks allow 255 bytes
        stem, suffix = stem[:-1], suffix[:20]
    return stem + suffix
