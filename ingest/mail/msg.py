"""Reads Outlook's MSG files. The only module that imports oxmsg."""

from pathlib import Path
from typing import Any

from ingest.errors import UnreadableFile
from ingest.mail.mime import Attachment, Mail

_SHORT_NAME, _SHOWN_NAME = 0x3704, 0x3001  # PidTagAttachFilename, PidTagDisplayName


def read_msg(path: Path) -> Mail:
    """Raises UnreadableFile."""
    from oxmsg import Message

    try:
        message: Any = Message.load(str(path))
        return _mail(message)
    except MemoryError:
        raise
    except Exception as error:  # the library raises many kinds of errors for damaged files
        raise UnreadableFile(f"{path.name} is not an Outlook message, or is damaged.") from error


def _mail(message: Any) -> Mail:
    plain, html = message.body or "", _html(message)
    files = [_attachment(file, number) for number, file in enumerate(message.attachments, 1)]
    return Mail(_headers(message), plain, html, tuple(files))


def _headers(message: Any) -> tuple[tuple[str, str], ...]:
    sent = {name.title(): value for name, value in message.message_headers.items()}
    everyone = ", ".join(
        f"{one.name} <{one.email_address}>" if one.email_address else one.name
        for one in message.recipients
    )
    found = {
        "From": message.sender or "",
        "To": sent.get("To") or everyone,
        "Cc": sent.get("Cc", ""),
        "Date": sent.get("Date") or (message.sent_date.isoformat(" ") if message.sent_date else ""),
        "Subject": message.subject,
    }
    shown = {name: " ".join(str(text).split()) for name, text in found.items()}
    return tuple((name, text) for name, text in shown.items() if text)


def _html(message: Any) -> str:
    try:
        return str(message.html_body or "")
    except (LookupError, UnicodeError):  # it declares a wrong encoding
        data = message.properties.binary_prop_value(0x1013) or b""
        return bytes(data).decode("utf-8", errors="replace")


def _attachment(file: Any, number: int) -> Attachment:
    stated = file.properties.str_prop_value
    name = file.file_name or stated(_SHORT_NAME) or stated(_SHOWN_NAME) or f"part {number}"
    return Attachment(name, file.file_bytes)
