""""""

from email.message import EmailMessage
from pathlib import Path

import pytest

from ingest.document.model import Document, count
from ingest.errors import UnreadableFile
from ingest.loaders import load


def message(subject: str = "Leave", body: str = "Thirty days.") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"] = "Ann <ann@example.com>", "Bob <bob@example.com>"
    made["Date"], made["Subject"] = "Mon, 01 Jan 2024 10:00:00 +0000", subject
    made.set_content(body)
    return made


def loaded(tmp_path: Path, data: bytes | EmailMessage, name: str = "a.eml") -> Document:
    (tmp_path / name).write_bytes(bytes(data))
    document = load(tmp_path / name)
    for page in document.pages:
        dropped = sum(one.characters for one in page.dropped)
        assert page.characters == sum(count(line.text) for line in page.lines) + dropped
    return document


def lines(document: Document, page: int = 0) -> list[str]:
    return [line.text for line in document.pages[page].lines]


def test_a_mail_is_its_headers_and_its_text(tmp_path: Path) -> None:
    document = loaded(tmp_path, message(body="Dear Bob,\n\nthirty\ndays.\n"))
    assert lines(document) == [
        "From: Ann <ann@example.com>", "To: Bob <bob@example.com>",
        "Date: Mon, 01 Jan 2024 10:00:00 +0000", "Subject: Leave",
        "Dear Bob,", "thirty", "days.",
    ]  # fmt: skip
    assert [line.begins for line in document.pages[0].lines[4:]] == [True, True, False]
    assert document.title == document.pages[0].title == "Leave"
    assert document.metadata["from"] == "Ann <ann@example.com>"


def test_the_plain_form_is_preferred_and_a_stub_is_not(tmp_path: Path) -> None:
    html = "<h1>Leave</h1><p>Everybody has thirty days of leave.</p>"
    whole, stub = message(body="Everybody has thirty days."), message(body="See HTML.")
    for mail in (whole, stub):
        mail.add_alternative(html, subtype="html")
    assert lines(loaded(tmp_path, whole))[4:] == ["Everybody has thirty days."]
    assert lines(loaded(tmp_path, stub))[4:] == ["Leave", "Everybody has thirty days of leave."]


def test_a_mail_of_html_alone_is_read(tmp_path: Path) -> None:
    mail = message()
    mail.set_content("<h1>Leave</h1><ul><li>thirty</li></ul>", subtype="html")
    assert lines(loaded(tmp_path, mail))[4:] == ["Leave", "- thirty"]


def test_attached_files_are_named(tmp_path: Path) -> None:
    mail = message()
    mail.add_attachment(b"x", maintype="application", subtype="pdf", filename="Plan für 2024.pdf")
    assert lines(loaded(tmp_path, mail))[-1] == "Attachment: Plan für 2024.pdf"


def test_encoded_headers_and_old_encodings_are_read(tmp_path: Path) -> None:
    data = (
        b"From: =?iso-8859-1?Q?J=F6rg?= <j@example.com>\nSubject: =?utf-8?B?w5xiZXI=?=\n"
        b'Content-Type: text/plain; charset="iso-8859-1"\n'
        b"Content-Transfer-Encoding: 8bit\n\nGr\xfc\xdfe\n"
    )
    assert lines(loaded(tmp_path, data)) == ["From: Jörg <j@example.com>", "Subject: Über", "Grüße"]


@pytest.mark.parametrize("charset", ["no-such-charset", "utf-8", "utf-7"])
def test_a_wrong_encoding_does_not_lose_the_text(tmp_path: Path, charset: str) -> None:
    head = f"From: a@example.com\nContent-Type: text/plain; charset={charset}\n\n"
    assert lines(loaded(tmp_path, head.encode() + b"Caf\xe9 at noon\n"))[1].endswith("at noon")


def test_a_header_that_the_library_trips_over_is_kept(tmp_path: Path) -> None:
    data = b"From: <<a@@b>>, ;;\nTo: \xff\xfe\nDate: never\nSubject: x\n\nText.\n"
    found = lines(loaded(tmp_path, data))
    assert found[0].startswith("From: <<a@@b>>")
    assert found[-3:] == ["Date: never", "Subject: x", "Text."]


def test_a_word_of_a_header_that_cannot_be_decoded_loses_no_mail(tmp_path: Path) -> None:
    found = lines(loaded(tmp_path, b"From: a@b\nSubject: =?utf-8?b?a?=\n\nText.\n"))
    assert found[-2:] == ["Subject: =?utf-8?b?a?=", "Text."]


def test_the_mails_of_a_mailbox_are_pages_with_their_subject(tmp_path: Path) -> None:
    mails = [message("First", "One.\nFrom here on\n"), message("Second", "Two.")]
    mails[0].replace_header("Date", "Tue, 2 Jan 2024 08:30:00 -0800")
    box = b"".join(
        b"From ann Mon Jan  1 2024\n" + bytes(mail).replace(b"\nFrom h", b"\n>From h") + b"\n"
        for mail in mails
    )
    document = loaded(tmp_path, box, "a.mbox")
    assert [page.title for page in document.pages] == ["First", "Second"]
    assert lines(document)[-2:] == ["One.", "From here on"]
    assert document.title == "a"
    assert document.metadata == {"modified": "2024-01-02T08:30"}


def test_parts_nested_a_thousand_deep_are_read(tmp_path: Path) -> None:
    head = "From: a@example.com\nMIME-Version: 1.0\n"
    opening = "".join(
        f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(1000)
    )
    data = head + opening + "Content-Type: text/plain\n\ndeep\n"
    document = loaded(tmp_path, data.encode())
    assert lines(document)[0] == "From: a@example.com"
    assert lines(document, -1)[-1] == "deep"


@pytest.mark.parametrize("name", ["a.eml", "a.msg", "a.mbox"])
def test_what_is_no_mail_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableFile, match=name):
        loaded(tmp_path, b"just some words\n\nand more", name)


def test_the_mails_of_the_evaluation_set_are_read(evaluation: Path) -> None:
    folder = evaluation / "office" / "files"
    assert lines(load(folder / "eml_simple.eml"))[-1] == "This is a simple email body."
    document = load(folder / "fake-email-attachment.msg")
    assert document.title == "Fake email with attachment"
    assert lines(document)[0] == 'From: "Mallori Harrell" <mallori@unstructured.io>'
    assert lines(document)[-1] == "Attachment: fake-attachment.txt"
    assert "   - Lots of whitespace" in lines(document)
