"""Servers on loopback that refuse a part of what they have, as a real one cannot be made to."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from urllib.parse import unquote


class _Server:
    def __init__(self, server: ThreadingTCPServer) -> None:
        self._server = server
        self.port = int(server.server_address[1])
        self._thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class UnwillingDav(_Server):
    """A WebDAV server below /top."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}  # by their path below the folder
        self.refused: dict[str, int] = {}  # with which status; a folder ends with "/"
        self.headers: dict[str, str] = {}  # that come with a refusal
        self.written = "/top/{}".format  # the address of a file in a list
        self.moved = ""  # where requests are led on from to /top/
        self.asked: Callable[[str], None] = lambda path: None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_PROPFIND(self) -> None:
                outer._list(self)

            def do_GET(self) -> None:
                outer._give(self)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        super().__init__(server)

    def address(self) -> str:
        return f"http://ann@127.0.0.1:{self.port}/top"

    def _list(self, handler: BaseHTTPRequestHandler) -> None:
        folder = unquote(handler.path).removeprefix("/top/")
        below = [path.removeprefix(folder) for path in self.files if path.startswith(folder)]
        names = sorted({name.partition("/")[0] + "/" * ("/" in name) for name in below})
        rows = "".join(self._row(folder + name) for name in ["", *names])
        self._answer(handler, folder or "/", 207, f'<multistatus xmlns="DAV:">{rows}</multistatus>')

    def _row(self, path: str) -> str:
        kind = "<collection/>" if path.endswith("/") or not path else ""
        return (
            f"<response><href>{self.written(path)}</href><propstat><prop><resourcetype>{kind}"
            "</resourcetype></prop></propstat></response>"
        )

    def _give(self, handler: BaseHTTPRequestHandler) -> None:
        path = unquote(handler.path).removeprefix("/top/")
        self._answer(handler, path, 200, self.files.get(path, b"").decode())

    def _answer(self, handler: BaseHTTPRequestHandler, path: str, status: int, body: str) -> None:
        if self.moved and handler.path.startswith(self.moved):
            handler.send_response(302)
            handler.send_header("Location", handler.path.replace(self.moved, "/top/", 1))
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        self.asked(path)
        refused = self.refused.get(path)
        handler.send_response(refused or status)
        for name, value in self.headers.items() if refused else ():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(0 if refused else len(body.encode())))
        handler.end_headers()
        handler.wfile.write(b"" if refused else body.encode())


class UnwillingMail(_Server):
    """A mailbox whose mails have the numbers 1, 2, …"""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.refused: dict[str, bytes] = {}  # how the answer to a command, or to a number, begins
        self.heard: list[bytes] = []
        outer = self

        class Handler(StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"* OK ready\r\n")
                while line := self.rfile.readline():
                    outer.heard.append(line.strip())
                    self.wfile.write(outer._answered(line))

        server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        super().__init__(server)

    def address(self) -> str:
        return f"imap://ann@127.0.0.1:{self.port}/INBOX"

    def _answered(self, line: bytes) -> bytes:
        tag, *words = line.decode().split()
        uid = words[2] if words[0] == "UID" else ""
        if refused := self.refused.get(uid or words[0]):
            return tag.encode() + b" " + refused + b"\r\n"
        return self._said(words[0], uid) + tag.encode() + b" OK done\r\n"

    def _said(self, command: str, uid: str) -> bytes:
        if uid:
            mail = self.mails[int(uid) - 1]
            return b"* %s FETCH (UID %s BODY[] {%d}\r\n%s)\r\n" % (
                uid.encode(), uid.encode(), len(mail), mail,
            )  # fmt: skip
        return {
            "CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n",
            "EXAMINE": b"* %d EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n" % len(self.mails),
            "FETCH": b"".join(
                b"* %d FETCH (UID %d RFC822.SIZE 9)\r\n" % (number, number)
                for number in range(1, len(self.mails) + 1)
            ),
        }.get(command, b"")
