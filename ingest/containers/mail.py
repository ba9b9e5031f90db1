"""The files attached to mails."""

import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ingest.containers.unpacking import Member
from ingest.document.limits import Limits
from ingest.mail import mime


def members(path: Path, limits: Limits) -> Iterator[Member]:
    """In a mailbox, the number and subject of the mail precede the name like a folder."""
    many = path.suffix.lower() == ".mbox"
    for number, message in enumerate(mime.messages(path), 1):
        place = f"{number} {_flat(message.subject)}".strip() + "/" if many else ""
        for file in message.attachments:
            problem = "" if file.data is not None else "the mail names it but does not contain it"
            yield Member(place + _last(file.name), partial(io.BytesIO, file.data or b""), problem)


def _last(name: str) -> str:
    """Some mail programs write the whole path of the file on the sender's disk."""
    return name.replace("\\", "/").rstrip("/").rpartition("/")[2] or "file"


def _flat(subject: str) -> str:
    return subject.replace("/", "-").replace("\\", "-").lstrip(".~ ")
