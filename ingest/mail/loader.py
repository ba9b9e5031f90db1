"""Mails as documents: headers, body and the names of attached files; a mail of a mailbox is a page.

Attachments are documents of their own, see ingest/containers/kinds.py.
"""

from contextlib import suppress

from ingest.document.model import Document, Line, count
from ingest.document.source import Source
from ingest.errors import UnreadableFile
from ingest.language import dates
from ingest.mail.messages import Mail, mails_in
from ingest.page_builder import BEGINS, Flow
from ingest.platform.process import beat
from ingest.web.html import HtmlReader, parse_text

_TITLE = 1000  # characters repeated in each page or passage; the lines have all of them


def load_mail(source: Source) -> Document:
    """Raises UnreadableFile."""
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
