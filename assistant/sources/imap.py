"""A mailbox of an IMAP server (RFC 9051), read without a trace: EXAMINE, and BODY.PEEK."""

import base64
import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from assistant.i18n.translation import N_
from assistant.sources import limits
from assistant.sources.address import Address, LeftOut, SourceFailed, refused, told
from assistant.sources.source_list import Entry, Row
from ingest.mail import subject

_AT_ONCE = 1000  # mails that are listed by one command
_UID = re.compile(rb"\bUID (\d{1,10})\b")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,15})\b")
_BETWEEN_FOLDERS = re.compile(r"[/\\]")
_HIDES = " .~"  # at the beginning of a name: such files are passed over
_LONGEST_SUBJECT = 150  # bytes in the name of a file
# Reasons that have nothing to do with the password (RFC 5530).
_AWAY = re.compile(r"\s*\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\b", re.IGNORECASE)
_OUTSIDE_ASCII = re.compile(r"[^\x20-\x7e]++")


class _Bounded:
    """What one command may read, and for how long; before imaplib's own reading, which takes what
    it is told."""

    left = 0

    def __init__(self, *given: Any, **named: Any) -> None:
        self._clock: threading.Timer | None = None
        self.allow(limits.MOST_LISTED)  # for the greeting, signing in and opening
        try:
            super().__init__(*given, **named)
        except BaseException:
            self._stop_clock()  # else its thread waits for an hour
            raise

    def allow(self, size: int) -> None:
        """How many bytes the next command may read; its clock starts."""
        self.left = size
        self._stop_clock()
        self._clock = threading.Timer(limits.LONGEST, self._cut)
        self._clock.daemon = True
        self._clock.start()

    def read(self, size: int) -> bytes:
        """A literal of so many bytes. Raises SourceFailed beyond what is allowed."""
        self._spend(size)
        found: bytes = super().read(size)  # type: ignore[misc]  # of imaplib
        return found

    def readline(self) -> bytes:
        """The next line. Raises SourceFailed beyond what is allowed."""
        line: bytes = super().readline()  # type: ignore[misc]  # of imaplib
        self._spend(len(line))
        return line

    def shutdown(self) -> None:
        """Also without a word to the server."""
        self._stop_clock()
        super().shutdown()  # type: ignore[misc]  # of imaplib

    def _spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise SourceFailed(
                "The mail server sent more than was requested: the connection was closed."
            )

    def _cut(self) -> None:
        """A server that drips byte by byte is never silent: whoever waits for it finds the end."""
        with suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[attr-defined]  # of imaplib

    def _stop_clock(self) -> None:
        if self._clock:
            self._clock.cancel()


class _Plain(_Bounded, imaplib.IMAP4):
    pass


class _Secure(_Bounded, imaplib.IMAP4_SSL):
    pass


class Mailbox:
    """A mailbox that is open to be read. Of each list, `whole` says whether it named all mails:
    what is missing then is gone."""

    def __init__(self, address: Address, password: str) -> None:
        """Raises SourceFailed."""
        self._address = address
        self.whole = True
        self.left_out: list[tuple[str, LeftOut]] = []
        self._in_step = True  # the next answer is that to the next command
        with told(address):
            self._server = _connected(address)
            try:
                self._sign_in(password)
                self._count, self._validity = self._open()
            except BaseException:
                self._server.shutdown()
                raise

    def entries(self, check: Callable[[], None]) -> Iterator[Entry]:
        """All mails; `check` is called before each request, and may raise. By FETCH alone: a server
        may renumber between other commands. Raises SourceFailed."""
        if self._count > limits.MOST_ENTRIES:
            raise SourceFailed(
                f"The mailbox {self._address.path} has more than {limits.MOST_ENTRIES:,} mails:"
                " name a smaller one."
            )
        for first in range(1, self._count + 1, _AT_ONCE):
            check()
            last = min(first + _AT_ONCE - 1, self._count)
            status, rows = self._asked(
                limits.MOST_LISTED, "fetch", f"{first}:{last}", "(UID RFC822.SIZE)"
            )
            if status != "OK":
                raise SourceFailed(f"{self._address.host} refuses to list mails: try again later.")
            entries = [entry for entry in map(self._entry, rows) if entry]
            self.whole = self.whole and len(entries) == last - first + 1
            yield from entries

    def check(self) -> None:
        """Whether it may be listed: it is open."""

    def read(self, entry: Entry, known: Row | None) -> Iterator[bytes] | None:
        """The bytes of a mail; None for a known one, since a mail never changes. Raises LeftOut,
        SourceFailed."""
        if known:
            return None
        if entry.size > limits.MOST_MAIL_BYTES:
            raise LeftOut(reason=f"it has more than {limits.MOST_MAIL_BYTES >> 20} MB")
        return self._mail(_number(entry))

    def named(self, entry: Entry, fetched: Path) -> Sequence[str]:
        """The path under which people know a mail that was `fetched`: its subject, and its number,
        so that no two have the same name."""
        words = _BETWEEN_FOLDERS.sub("-", subject(fetched)).lstrip(_HIDES)
        words = words.encode(errors="replace")[:_LONGEST_SUBJECT].decode(errors="ignore")
        return [f"{words.strip() or 'Mail'} ({_number(entry)}).eml"]

    def close(self) -> None:
        """Errors are none: all is there. What broke off is not spoken to any more."""
        with suppress(imaplib.IMAP4.error, OSError, SourceFailed):
            if self._in_step:
                self._server.allow(limits.MOST_LISTED)
                self._server.logout()
                return
        with suppress(OSError):
            self._server.shutdown()

    def _mail(self, uid: str) -> Iterator[bytes]:
        most = limits.MOST_MAIL_BYTES + limits.MOST_LISTED
        status, rows = self._asked(most, "uid", "FETCH", uid, "(UID BODY.PEEK[])")
        if status != "OK":
            raise LeftOut(reason="the server refuses to give it")
        for row in rows:
            found = isinstance(row, tuple) and _UID.search(row[0])
            if found and found[1].decode() == uid:
                yield row[1]
                return
        raise LeftOut(reason="it is gone since it was listed, or the server does not deliver it")

    def _entry(self, row: Any) -> Entry | None:
        line = row[0] if isinstance(row, tuple) else row
        uid = _UID.search(line or b"")
        if not uid:
            return None
        size = _SIZE.search(line)
        key = f"{self._validity}-{uid[1].decode()}"
        return Entry(key, (f"{key}.eml",), int(size[1]) if size else 0)

    def _sign_in(self, password: str) -> None:
        try:
            if "AUTH=PLAIN" in self._server.capabilities:  # which takes any sign
                said = f"\0{self._address.user}\0{password}".encode()
                self._server.authenticate("PLAIN", lambda _: said)
            else:
                self._server.login(_between_quotes(self._address.user), password)
        except imaplib.IMAP4.abort:
            raise
        except (imaplib.IMAP4.error, UnicodeError) as error:
            if _AWAY.match(_text(error)):
                raise SourceFailed(
                    f"{self._address.host} does not accept sign-ins at the moment: try again"
                    " later.",
                    "server",
                ) from error
            raise refused(self._address) from error

    def _open(self) -> tuple[int, int]:
        """How many mails there are, and for how long their numbers hold."""
        box = quoted(self._address.path)
        try:
            _, rows = self._server.select(box, readonly=True)
            count = int(rows[0] or 0)
            validity = int(self._server.response("UIDVALIDITY")[1][0] or 0)
        except imaplib.IMAP4.abort:
            raise
        except (imaplib.IMAP4.error, ValueError, TypeError, IndexError) as error:
            raise self._closed() from error
        if not rows[0] or not 0 < validity < 1 << 32:
            raise self._closed()
        return count, validity

    def _closed(self) -> SourceFailed:
        return SourceFailed(
            f"{self._address.host} does not open the mailbox {self._address.path!r}: check its"
            " name.",
            "folder",
        )

    def _asked(self, most: int, command: str, *arguments: str) -> tuple[str, list[Any]]:
        """Whether the server does it, as "OK", and what it answers."""
        self._server.allow(most)
        run: Callable[..., tuple[str, list[Any]]] = getattr(self._server, command)
        self._in_step = False
        with told(self._address):
            try:
                answer = run(*arguments)
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error:
                answer = "BAD", []
        self._in_step = True
        return answer


def quoted(mailbox: str) -> str:
    """A mailbox in a command: modified UTF-7 (RFC 3501, 5.1.3) between quotes."""
    plain = _OUTSIDE_ASCII.sub(_shifted, mailbox.replace("&", "&-"))
    return _between_quotes(plain)


def _between_quotes(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _text(error: Exception) -> str:
    """What a server says to a command that it does not do."""
    said = error.args[0] if error.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


def _shifted(found: re.Match[str]) -> str:
    packed = base64.b64encode(found[0].encode("utf-16-be")).rstrip(b"=")
    return f"&{packed.decode().replace('/', ',')}-"


def _number(entry: Entry) -> str:
    """The UID of a mail."""
    return entry.key.rpartition("-")[2]


def _connected(address: Address) -> Any:
    try:
        if not address.secure:
            return _Plain(address.host, address.port, timeout=limits.SILENCE)
        context = ssl.create_default_context()
        if address.starttls:
            return _upgraded(
                _Plain(address.host, address.port, timeout=limits.SILENCE), context, address
            )
        return _Secure(address.host, address.port, ssl_context=context, timeout=limits.SILENCE)
    except imaplib.IMAP4.error as error:
        said = str(error)[:100]
        raise OSError(N_("it is not a mail server: {0}").format(said)) from error


def _upgraded(server: _Plain, context: ssl.SSLContext, address: Address) -> _Plain:
    """A connection that goes on in TLS (RFC 9051, 6.2.1). Nothing is said before, so that nobody in
    between hears the password by hiding that the server can."""
    try:
        server.starttls(ssl_context=context)
    except BaseException as error:
        with suppress(OSError):  # a handshake that failed has closed it
            server.shutdown()
        if not isinstance(error, imaplib.IMAP4.error):
            raise
        raise SourceFailed(
            f"{address.host} has no STARTTLS at port {address.port}: use TLS from the beginning"
            " (imaps://), usually at port 993.",
            "server",
        ) from error
    return server
