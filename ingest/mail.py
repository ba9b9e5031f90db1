"""Parses mails into headers, a body and attachments, and writes them as documents."""

import mimetypes
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email import policy
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from ingest.document.model import Document, Line, count
from ingest.document.source import Source
from ingest.errors import UnreadableFile
from ingest.language import dates
from ingest.page_builder import BEGINS, Flow
from ingest.platform.process import beat
from ingest.text.decoding import decode
from ingest.web.html import HtmlReader, parse_text

# Not the newer policy: its header parser drops malformed addresses.
_POLICY = policy.compat32
_LONGEST = 100_000  # characters of a header that is decoded; longer ones stay encoded
_LONGEST_HEAD = 256 << 10  # bytes in which a subject is looked for
HEADERS = ("From", "To", "Cc", "Date", "Subject")  # in the order in which they are shown


@dataclass(frozen=True)
class Attachment:
    """A file in a mail. Without data: the mail names it, but it is elsewhere."""

    name: str
    data: bytes | None


@dataclass(frozen=True)
class Mail:
    """One message. Plain and HTML are two forms of the same text."""

    headers: tuple[tuple[str, str], ...]
    plain: str
    html: str
    attachments: tuple[Attachment, ...]

    @property
    def subject(self) -> str:
        return dict(self.headers).get("Subject", "")


def mails_in(path: Path) -> Iterator[Mail]:
    """The messages in a file, by its suffix. Raises UnreadableFile."""
    if path.suffix.lower() == ".msg":
        yield read_msg(path)
        return
    whole = split(path) if path.suffix.lower() == ".mbox" else [path.read_bytes()]
    mails = (parsed(data, path.name) for data in whole)
    empty = True
    for mail in mails:
        if empty and not mail.headers:
            break  # any text parses as a mail without headers
        empty = False
        yield mail
    if empty:
        raise UnreadableFile(f"{path.name} holds no mail.")


def subject(path: Path) -> str:
    """The subject of the mail in a file, as one line; empty without one. Never raises for its
    content: this names a file, and whoever reads the file reports what is wrong. Raises
    OSError."""
    with path.open("rb") as file:
        head = file.read(_LONGEST_HEAD)
    with suppress(Exception):  # as `parsed`
        return _header(BytesParser(policy=_POLICY).parsebytes(head, headersonly=True), "Subject")
    return ""


def parsed(data: bytes, name: str) -> Mail:
    """A message as it travels (RFC 5322), out of the file of that name. Raises UnreadableFile."""
    parser = BytesParser(policy=_POLICY)
    try:
        return _mime_mail(parser.parsebytes(data))
    except MemoryError:
        raise
    except Exception:  # above all a RecursionError: a thousand parts in parts
        head = parser.parsebytes(data, headersonly=True)
        return Mail(_mime_headers(head), decode(data, name).text, "", ())


def _mime_mail(message: Message) -> Mail:
    plain: list[str] = []
    html: list[str] = []
    attachments: list[Attachment] = []
    for part in _leaves(message):
        kind = part.get_content_type()
        is_file = part.get_content_disposition() == "attachment" or part.get_filename()
        if kind in ("text/plain", "text/html") and not is_file:
            (plain if kind == "text/plain" else html).append(_text(part))
        else:
            attachments.append(_mime_attachment(part, len(attachments) + 1))
    return Mail(_mime_headers(message), "\n".join(plain), "\n".join(html), tuple(attachments))


def split(path: Path) -> Iterator[bytes]:
    """The messages of a mailbox, one after the other: mailboxes grow larger than the memory."""
    held: list[bytes] = []
    blank = True
    with path.open("rb") as file:
        for line in file:
            if blank and line.startswith(b"From "):
                if held:
                    yield b"".join(held)
                held = []
            else:
                # Mailboxes mark a text line that begins with From.
                held.append(line[1:] if re.match(rb">+From ", line) else line)
            blank = line in (b"\n", b"\r\n")
    if held:
        yield b"".join(held)


def _leaves(message: Message) -> Iterator[Message]:
    """The leaf parts; a mail inside the mail is a file of its own."""
    # A list, not recursion: parts may be nested deeper than Python's stack.
    waiting = [message]
    while waiting:
        part = waiting.pop()
        if part.is_multipart() and part.get_content_maintype() != "message":
            waiting.extend(reversed(part.get_payload()))  # type: ignore[arg-type]
        else:
            yield part


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    declared = part.get_content_charset("")
    return decode(data, "the text of the mail", declared).text if data else ""


def _mime_attachment(part: Message, number: int) -> Attachment:
    name = _unpacked(part.get_filename() or "")
    if part.get_content_maintype() == "message" and part.is_multipart():
        inner = part.get_payload(0)
        assert isinstance(inner, Message)
        name = name or f"{_header(inner, 'Subject') or f'mail {number}'}.eml"
        with suppress(Exception):  # the library cannot serialise every mail that it parses
            return Attachment(name, inner.as_bytes())
        return Attachment(name, None)
    payload = part.get_payload(decode=True)
    name = name or f"part {number}{mimetypes.guess_extension(part.get_content_type()) or ''}"
    return Attachment(name, payload if isinstance(payload, bytes) else None)


def _mime_headers(message: Message) -> tuple[tuple[str, str], ...]:
    found = ((name, _header(message, name)) for name in HEADERS)
    return tuple((name, text) for name, text in found if text)


def _header(message: Message, name: str) -> str:
    """All headers of a name; malformed ones stay unchanged."""
    raw = [value for key, value in message.raw_items() if key.lower() == name.lower()]
    return ", ".join(_unpacked(str(value)) for value in raw)


def _unpacked(value: str) -> str:
    """`=?utf-8?Q?...?=` as text, and bytes beyond ASCII, which no standard allows."""
    text = decode(value.encode(errors="surrogateescape"), "a header").text
    if len(text) > _LONGEST:  # the library takes hours for a million of such words
        return " ".join(text.split())
    words = []
    try:
        pieces = decode_header(" ".join(text.split()))
    except HeaderParseError:  # base64 of a length that there is not
        return " ".join(text.split())
    for piece, charset in pieces:
        if isinstance(piece, str):
            words.append(piece)
        elif charset:
            words.append(decode(piece, "a header", charset).text)
        else:
            words.append(piece.decode("raw-unicode-escape"))  # as decode_header has packed it
    return " ".join("".join(words).split())


# -- Reads Outlook's MSG files. The only module that imports oxmsg

_SHORT_NAME, _SHOWN_NAME = 0x3704, 0x3001  # PidTagAttachFilename, PidTagDisplayName


def read_msg(path: Path) -> Mail:
    """The message in an Outlook file (.msg). Raises UnreadableFile."""
    from oxmsg import Message

    try:
        message: Any = Message.load(str(path))
        files = [
            Attachment(_outlook_name(file) or f"part {number}", file.file_bytes)
            for number, file in enumerate(message.attachments, 1)
        ]
        return Mail(_outlook_headers(message), message.body or "", _html(message), tuple(files))
    except MemoryError:
        raise
    except Exception as error:  # the library raises many kinds of errors for damaged files
        raise UnreadableFile(f"{path.name} is not an Outlook message, or is damaged.") from error


def _outlook_name(file: Any) -> str:
    stated = file.properties.str_prop_value
    return str(file.file_name or stated(_SHORT_NAME) or stated(_SHOWN_NAME) or "")


def _outlook_headers(message: Any) -> tuple[tuple[str, str], ...]:
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


# -- Mails as documents: headers, body and the names of attached files; each mail is a page
# Attachments are documents of their own, see ingest/containers.py.

_TITLE = 1000  # characters repeated in each page or passage; the lines have all of them


def load_mail(source: Source) -> Document:
    """The messages of a file (.eml, .msg, .mbox), a page each at least. Raises UnreadableFile."""
    flow = Flow()
    subjects, sent = [], []
    for number, mail in enumerate(mails_in(source.path), 1):
        flow.title = mail.subject[:_TITLE]
        _write(flow, mail)
        flow.end_page()
        subjects.append(flow.title)
        sent.append(dates.written(dict(mail.headers).get("Date", "")))
        beat(number, 0)
    one = len(subjects) == 1
    metadata = {name.lower(): text[:_TITLE] for name, text in mail.headers} if one else {}
    if newest := max(sent):
        metadata["modified"] = newest
    return source.document(flow.finished(), subjects[0] if one else "", metadata)


def _write(flow: Flow, mail: Mail) -> None:
    for name, text in mail.headers:
        heading = 1 if name == "Subject" else 0
        flow.verbatim(f"{name}: {text}", Line("", heading=heading, begins=True))
    _body(flow, mail)
    for file in mail.attachments:
        flow.verbatim(f"Attachment: {file.name}", BEGINS)


def _body(flow: Flow, mail: Mail) -> None:
    """Plain text, unless it is a stub: "your program cannot show this mail"."""
    if mail.html.strip():
        form = Flow()
        _write_html(form, mail)
        if count(mail.plain) < sum(page.characters or 0 for page in form.finished()) / 2:
            _write_html(flow, mail)
            return
    begins = True
    for line in mail.plain.splitlines():
        if line.strip():
            flow.verbatim(line, Line("", begins=begins))
        begins = not line.strip()


def _write_html(flow: Flow, mail: Mail) -> None:
    """Write the HTML; without any, the headers of the mail remain."""
    with suppress(UnreadableFile):
        root = parse_text(mail.html, "the text of the mail")
        HtmlReader(root, flow).read(root)
