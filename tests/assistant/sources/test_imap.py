"""A mailbox at a real server (Dovecot), where one is installed."""

import itertools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace

import pytest

from assistant.settings import Settings
from assistant.sources import source_list
from assistant.sources.address import SourceFailed
from assistant.sources.imap import Mailbox, quoted
from assistant.sources.source_list import Source, noted, variable
from tests.assistant.main_library import names
from tests.assistant.sources.conftest import Fetch
from tests.servers.source_servers import Dovecot
from vectorstore.library import Library

MakeSource = Callable[..., Source]


@pytest.fixture
def mailbox(dovecot: Dovecot) -> Iterator[Dovecot]:
    """Empty."""
    for path in (*(dovecot.mail / "new").iterdir(), *(dovecot.mail / "cur").iterdir()):
        path.unlink()
    yield dovecot


def test_mails_come_once_and_are_not_marked_as_read(
    mailbox: Dovecot, source: MakeSource, fetch: Fetch, library: Library
) -> None:
    mailbox.deliver("one", "Dogs are welcome on Fridays.")
    mailbox.deliver("two", "Cats are not.")
    mail = source(mailbox.address())
    first, added = fetch(mail)
    assert added
    assert (first.new, added.added) == (2, 2)
    assert "Fridays" in "".join(library.page(name, 1).text for name in names(library))

    mailbox.deliver("three", "Birds may come, too.")
    second, more = fetch(mail)
    assert more
    assert (second.new, second.known, more.added) == (1, 2, 1)
    assert subjects(library) == ["one", "three", "two"]
    # Dovecot moves a mail to `cur` when it was seen by a session that may write.
    assert {path.name for path in (mailbox.mail / "new").iterdir()} == {"one", "two", "three"}


def subjects(library: Library) -> list[str]:
    """Of the mails that are named by their subject and their number."""
    found = [re.fullmatch(r"(.*) \(\d+\)\.eml", name) for name in names(library)]
    return [match[1] for match in found if match]


SUBJECTS = {
    "Minutes of Monday": "Minutes of Monday",
    "Minutes of Monday ": "Minutes of Monday",
    "=?utf-8?Q?=C3=84pfel_f=C3=BCr_1/2?=": "Äpfel für 1-2",
    "../../etc/passwd": "-..-etc-passwd",
    "": "Mail",
    "=?utf-8?b?a?=": "=_utf-8_b_a_=",  # which Python's own reader refuses
    ".hidden": "hidden",
    "con": "_con",
    "evil\u202etxt.exe?": "evil_txt.exe_",
    "é" * 500: "é" * 75,
}


def test_a_mail_is_named_by_its_subject_and_its_number(
    mailbox: Dovecot, source: MakeSource, fetch: Fetch, library: Library
) -> None:
    for number, subject in enumerate(SUBJECTS):
        mailbox.deliver(f"m{number}", f"This is text {number}.", subject)
    fetch(source(mailbox.address()))
    assert subjects(library) == sorted(SUBJECTS.values())


def test_what_was_fetched_under_its_number_alone_stays(
    mailbox: Dovecot, source: MakeSource, fetch: Fetch, library: Library, settings: Settings
) -> None:
    mailbox.deliver("one", "Dogs are welcome.")
    mail = source(mailbox.address())
    fetch(mail)
    folder = source_list.folder(settings, mail)
    (row,) = noted(folder)
    (folder / row.path).rename(folder / f"{row.key}.eml")
    (folder / ".fetched.jsonl").write_text(
        json.dumps(asdict(replace(row, path=f"{row.key}.eml", is_new=False))) + "\n"
    )

    done, added = fetch(mail)

    assert (done.new, done.known, added) == (0, 1, None)
    assert [path.name for path in folder.glob("*.eml")] == [f"{row.key}.eml"]


@pytest.mark.parametrize("address", [Dovecot.secure_address, Dovecot.upgraded_address])
def test_a_certificate_counts_when_this_machine_trusts_it_for_this_name(
    address: Callable[[Dovecot, str], str], mailbox: Dovecot, source: MakeSource, fetch: Fetch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """With TLS from the start, and where it begins with the second command."""
    mailbox.deliver("one", "Dogs are welcome.")
    named, other = source(address(mailbox, "localhost")), source(address(mailbox, "127.0.0.1"))
    with pytest.raises(SourceFailed, match=r"certificate .* is not valid .* authority"):
        fetch(named)

    monkeypatch.setenv("SSL_CERT_FILE", str(mailbox.certificate))
    with pytest.raises(SourceFailed, match=r"certificate .* is not valid"):
        fetch(other)
    assert fetch(named)[0].new == 1


def test_a_fetching_that_was_broken_off_goes_on(
    mailbox: Dovecot, source: MakeSource, fetch: Fetch, library: Library,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for number in range(4):
        mailbox.deliver(str(number), f"This is mail number {number}.")
    mail, calls, inner = source(mailbox.address()), itertools.count(1), Mailbox._mail

    def breaks(self: Mailbox, uid: str) -> Iterator[bytes]:
        if next(calls) == 3:  # after half of the third
            yield b"From: "
            self._server.shutdown()
        yield from inner(self, uid)

    monkeypatch.setattr(Mailbox, "_mail", breaks)
    with pytest.raises(SourceFailed, match=r"closed the connection .* try again later"):
        fetch(mail)
    assert len(names(library)) == 2  # what came before is read

    done, _ = fetch(mail)
    assert (done.new, done.known) == (2, 2)
    assert len(names(library)) == 4


def test_a_mailbox_that_was_made_anew_doubles_nothing(
    mailbox: Dovecot, source: MakeSource, fetch: Fetch, library: Library
) -> None:
    mailbox.deliver("one", "Dogs are welcome.")
    mail = source(mailbox.address())
    fetch(mail)

    mailbox.stop()
    for path in mailbox.mail.glob("dovecot*"):
        path.unlink()
    (mailbox.mail / "dovecot-uidvalidity").write_text("00000001")
    (mailbox.mail / "dovecot-uidlist").write_text(
        "3 V1 N8 G0123456789abcdef0123456789abcdef\n7 :one\n"
    )
    mailbox.own("dovecot-uidvalidity", "dovecot-uidlist")
    mailbox.start()

    assert fetch(mail)[0].new == 1
    assert (len(names(library)), library.size()[0]) == (1, 1)


def test_a_mirror_of_a_mailbox_removes_what_was_deleted_there(
    mailbox: Dovecot, source: MakeSource, fetch: Fetch, library: Library
) -> None:
    mailbox.deliver("one", "Dogs are welcome.")
    mailbox.deliver("two", "Cats are not.")
    mail = source(mailbox.address(), mirror=True)
    fetch(mail)
    assert len(names(library)) == 2

    (mailbox.mail / "new" / "one").unlink()

    assert len(fetch(mail)[0].gone) == 1
    assert len(names(library)) == 1


@pytest.mark.parametrize(
    ("box", "password", "said"),
    [("Nope", None, "does not open the mailbox 'Nope'"), ("INBOX", "wrong", "refuses the user"),
     ("INBOX", "wörng", "refuses the user")],
)  # fmt: skip
def test_what_a_server_refuses_is_told(
    mailbox: Dovecot, source: MakeSource, fetch: Fetch, settings: Settings, library: Library,
    box: str, password: str | None, said: str, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    mail = source(mailbox.address(box))
    if password:
        monkeypatch.setenv(variable(mail.name), password)

    with pytest.raises(SourceFailed, match=said):
        fetch(mail)

    assert said in source_list.find(settings, mail.name).error


@pytest.mark.parametrize(
    ("name", "sent"),
    [("INBOX", '"INBOX"'), ("Entwürfe & mehr", '"Entw&APw-rfe &- mehr"'),
     ("日本語", '"&ZeVnLIqe-"'),
     ('a"b\\c', '"a\\"b\\\\c"')],
)  # fmt: skip
def test_names_of_mailboxes_are_written_as_the_protocol_wants_them(name: str, sent: str) -> None:
    assert quoted(name) == sent
