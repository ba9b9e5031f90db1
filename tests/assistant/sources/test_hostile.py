"""Servers that are hostile: they name other places, send without end, or lead elsewhere."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress

import pytest

from assistant.i18n import translation
from assistant.i18n.translation import told
from assistant.sources import imap, limits
from assistant.sources.address import LeftOut, SourceFailed, parsed
from assistant.sources.source_list import Entry
from assistant.sources.webdav import Shared, listing
from tests.assistant.main_library import eventually

Answer = Callable[[socket.socket], None]
Start = Callable[[Answer], int]
Open = Callable[[int], Shared]


def dav(*hrefs: str, more: str = "") -> bytes:
    rows = "".join(
        f"<response><href>{href}</href><propstat><prop>{more}</prop></propstat></response>"
        for href in hrefs
    )
    return f'<multistatus xmlns="DAV:">{rows}</multistatus>'.encode()


def test_only_children_of_the_folder_are_taken() -> None:
    body = dav(
        "/top/in/", "/top/in/a.txt", "/top/in/../b.txt", "/top/in/%2e%2e/c.txt", "/top/in/..",
        "/top/in/..%2fd.txt", "/etc/passwd", "/top/in/deep/er.txt", "", "//[bad/x", "a.txt",
        "/top/in/.hidden", "/top/in/x%00.txt", "/topper/in/z.txt",
    )  # fmt: skip

    assert [name for name, _, _ in listing(body, "/top/in")] == ["a.txt"]


@pytest.mark.parametrize("body", [
    b'<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><multistatus xmlns="DAV:">&b;'
    b"</multistatus>",
    b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><multistatus xmlns="DAV:"/>',
    b"<html>", b"", b"\xff\xfe\x00",
])  # fmt: skip
def test_xml_bombs_and_others_are_refused(body: bytes) -> None:
    with pytest.raises(SourceFailed, match="not XML that is safe"):
        list(listing(body, "/top"))


def test_a_row_without_end_is_refused_and_rows_in_rows_are_none() -> None:
    inner = "<response><href>/top/b.txt</href></response>"
    assert [name for name, _, _ in listing(dav("/top/a.txt", more=inner), "/top")] == ["a.txt"]
    with pytest.raises(SourceFailed, match="not XML that is safe"):
        list(listing(dav("/top/a.txt", more=inner * 6000), "/top"))


def test_marks_of_a_server_are_no_place_for_headers() -> None:
    long = "<getetag>a&#10;X: y</getetag><getcontentlength>-1e9</getcontentlength>"
    ((_, _, entry),) = listing(dav("/top/a.txt", more=long), "/top")

    assert (entry.etag, entry.size) == ("", 0)


@pytest.fixture
def server() -> Iterator[Start]:
    """Listens on loopback, and answers each connection by what is given."""
    listening: list[socket.socket] = []

    def start(answer: Answer) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listening.append(listener)

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(30)
                    with suppress(OSError):
                        answer(connection)

        threading.Thread(target=serve, daemon=True).start()
        return int(listener.getsockname()[1])

    yield start
    for one in listening:
        one.shutdown(socket.SHUT_RDWR)
        one.close()


def http(head: str, body: bytes = b"") -> Answer:
    def answer(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(
            f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )

    return answer


@pytest.fixture
def shared() -> Iterator[Open]:
    with ExitStack() as opened:

        def at(port: int) -> Shared:
            folder = Shared(parsed(f"http://ann@127.0.0.1:{port}/top"), "secret")
            return opened.enter_context(closing(folder))

        yield at


@pytest.mark.parametrize("to", [
    "http://tracker.invalid/x", "//tracker.invalid/x", "https://127.0.0.1/top", "http://127.0.0.1:1/x",
])  # fmt: skip
def test_a_redirect_to_another_server_is_refused(server: Start, shared: Open, to: str) -> None:
    port = server(http(f"302 Found\r\nLocation: {to}"))

    with pytest.raises(SourceFailed, match="redirects to another server"):
        list(shared(port).entries(lambda: None))


@pytest.mark.parametrize("to", ["https://[bad/", "http://127.0.0.1:99999/", "/\x7f"])
def test_a_redirect_to_what_is_no_address_is_told(server: Start, shared: Open, to: str) -> None:
    port = server(http(f"302 Found\r\nLocation: {to}"))

    with pytest.raises(SourceFailed):
        list(shared(port).entries(lambda: None))


def test_a_circle_of_redirects_ends(server: Start, shared: Open) -> None:
    port = server(http("302 Found\r\nLocation: /top"))

    with pytest.raises(SourceFailed, match="circle"):
        list(shared(port).entries(lambda: None))


def test_a_file_without_end_is_left_out(
    server: Start, shared: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_BYTES", 1 << 20)
    port = server(http("200 OK", b"x" * (2 << 20)))
    blocks = shared(port).read(Entry("/top/a.txt", ("a.txt",)), None)
    assert blocks is not None

    with pytest.raises(LeftOut, match="more than 1 MB"):
        list(blocks)
    with pytest.raises(LeftOut, match="more than 1 MB"):
        shared(port).read(Entry("/top/a.txt", ("a.txt",), size=2 << 20), None)


def test_packed_bytes_are_not_unpacked(server: Start, shared: Open) -> None:
    port = server(http("200 OK\r\nContent-Encoding: gzip", b"x"))
    blocks = shared(port).read(Entry("/top/a.txt", ("a.txt",)), None)
    assert blocks is not None

    with pytest.raises(LeftOut, match="compresses"):
        list(blocks)


def test_a_listing_without_end_and_too_many_entries_are_refused(
    server: Start, shared: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = server(http("207 Multi-Status", dav(*(f"/top/{n}.txt" for n in range(50)))))
    monkeypatch.setattr(limits, "MOST_ENTRIES", 49)
    with pytest.raises(SourceFailed, match="more than 49 files"):
        list(shared(port).entries(lambda: None))

    monkeypatch.setattr(limits, "MOST_LISTED", 100)
    with pytest.raises(SourceFailed, match="more than 0 MB"):
        list(shared(port).entries(lambda: None))


def test_folders_in_folders_end(server: Start, shared: Open) -> None:
    asked: list[str] = []

    def deeper(connection: socket.socket) -> None:
        path = connection.recv(1 << 16).decode().split()[1].rstrip("/")
        asked.append(path)
        body = dav(f"{path}/d/", more="<resourcetype><collection/></resourcetype>")
        head = f"HTTP/1.1 207 M\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)

    assert list(shared(server(deeper)).entries(lambda: None)) == []
    assert len(asked) == limits.MOST_DEPTH + 1


def test_silence_ends(server: Start, shared: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SILENCE", 0.2)

    def silent(connection: socket.socket) -> None:
        while connection.recv(1 << 16):
            pass

    port = server(silent)
    with pytest.raises(SourceFailed, match="did not answer in time"):
        list(shared(port).entries(lambda: None))
    with pytest.raises(SourceFailed, match="did not answer in time"):
        imap.Mailbox(parsed(f"imap://ann@127.0.0.1:{port}"), "secret")


def mail_server(*, fetched: bytes, validity: bytes = b"7") -> Answer:
    """Signs anybody in, and answers a FETCH by what is given; %s stands for its tag."""

    def answer(connection: socket.socket) -> None:
        file = connection.makefile("rwb")
        file.write(b"* OK ready\r\n")
        file.flush()
        while line := file.readline():
            tag, command = line.split()[:2]
            said = {
                b"CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n",
                b"EXAMINE": b"* 1 EXISTS\r\n* OK [UIDVALIDITY " + validity + b"] valid\r\n",
                b"FETCH": fetched, b"UID": fetched,
            }.get(command, b"")  # fmt: skip
            file.write(said + tag + b" OK done\r\n")
            file.flush()

    return answer


@contextmanager
def mailbox(port: int) -> Iterator[imap.Mailbox]:
    opened = imap.Mailbox(parsed(f"imap://ann@127.0.0.1:{port}"), "secret")
    yield opened
    opened.close()


def test_a_mail_that_says_to_be_huge_is_refused_before_it_is_held(
    server: Start,
) -> None:
    port = server(mail_server(fetched=b"* 1 FETCH (UID 1 BODY[] {99999999999}\r\n"))
    with mailbox(port) as box:
        with pytest.raises(LeftOut, match="100 MB"):
            box.read(Entry("7-1", ("7-1.eml",), size=101 << 20), None)
        blocks = box.read(Entry("7-1", ("7-1.eml",)), None)
        assert blocks is not None
        with pytest.raises(SourceFailed, match="more than was requested"):
            list(blocks)


def test_lines_without_end_are_refused(server: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_LISTED", 10_000)
    port = server(mail_server(fetched=b"* 1 FETCH (UID 1 RFC822.SIZE 5)\r\n" * 1000))

    with mailbox(port) as box, pytest.raises(SourceFailed, match="more than was requested"):
        list(box.entries(lambda: None))


@pytest.mark.parametrize("validity", [b"0", b"99999999999", b"../x", b""])
def test_a_mailbox_without_a_number_to_trust_is_refused(server: Start, validity: bytes) -> None:
    with pytest.raises(SourceFailed, match="does not open the mailbox"):
        mailbox(server(mail_server(fetched=b"", validity=validity))).__enter__()


def test_another_mail_than_the_one_asked_for_is_not_taken(server: Start) -> None:
    port = server(mail_server(fetched=b"* 1 FETCH (UID 2 BODY[] {2}\r\nhi)\r\n"))
    with mailbox(port) as box:
        blocks = box.read(Entry("7-1", ("7-1.eml",)), None)
        assert blocks is not None
        with pytest.raises(LeftOut, match="is gone"):
            list(blocks)


def test_a_server_without_starttls_hears_no_password(server: Start) -> None:
    heard: list[bytes] = []

    def plain(connection: socket.socket) -> None:
        file = connection.makefile("rwb")
        file.write(b"* PREAUTH welcome\r\n" if heard else b"* OK ready\r\n")
        file.flush()
        while line := file.readline():
            heard.append(line)
            tag, command = line.split()[:2]
            said = b"* CAPABILITY IMAP4rev1\r\n" if command == b"CAPABILITY" else b""
            file.write(said + tag + b" OK done\r\n")
            file.flush()

    port = server(plain)
    for _ in ("without it", "where it would be too late"):
        with pytest.raises(SourceFailed, match=r"has no STARTTLS at port .*imaps://"):
            imap.Mailbox(parsed(f"imap+starttls://ann@127.0.0.1:{port}"), "secret")
    assert heard and not any(b"secret" in line or b"ann" in line for line in heard)


def test_what_is_no_mail_server_is_told(server: Start) -> None:
    def other(connection: socket.socket) -> None:
        connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

    with pytest.raises(SourceFailed, match="not a mail server") as failed:
        mailbox(server(other)).__enter__()
    with translation.speaking("de"):
        said = told(str(failed.value))
    assert "es ist kein Mailserver: " in said and "closed the connection" not in said


def test_a_connection_that_fails_leaves_no_clock(server: Start) -> None:
    port = server(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n"))
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = closed.getsockname()[1]

    before = clocks()  # of other tests
    for one in (port, nobody):
        with pytest.raises(SourceFailed):
            mailbox(one).__enter__()
    assert eventually(lambda: clocks() <= before)


def clocks() -> set[threading.Thread]:
    return {one for one in threading.enumerate() if isinstance(one, threading.Timer)}


def test_a_server_without_tls_is_refused(server: Start) -> None:
    port = server(lambda connection: connection.sendall(b"* OK ready\r\n"))

    for address in (f"imaps://ann@127.0.0.1:{port}", f"webdavs://ann@127.0.0.1:{port}/x"):
        with pytest.raises(SourceFailed, match="offers no safe TLS"):
            made = imap.Mailbox if address.startswith("imap") else Shared
            list(made(parsed(address), "secret").entries(lambda: None))


def test_a_drip_is_no_progress(
    server: Start, shared: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LONGEST", 0.3)

    def drip(connection: socket.socket, start: bytes) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(b"x")
            time.sleep(0.02)

    def dripping(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        drip(connection, b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")

    blocks = shared(server(dripping)).read(Entry("/top/a.txt", ("a.txt",)), None)
    assert blocks is not None
    with pytest.raises(SourceFailed, match="did not answer in time"):
        list(blocks)
    port = server(lambda connection: drip(connection, b"* OK "))
    with pytest.raises(SourceFailed, match="try again later"), mailbox(port):
        pass
