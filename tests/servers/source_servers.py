"""Real servers on loopback, which tests start and end: Dovecot for IMAP, WsgiDAV for WebDAV."""

import getpass
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from cheroot.wsgi import Server
from wsgidav.wsgidav_app import WsgiDAVApp

from tests.servers.ports import free_ports

PASSWORD = "a-word-that-nobody-may-see"
_TAKES = 60  # seconds to start, on a machine under load


def no_dovecot() -> str:
    """Why there can be none here; empty where there can."""
    lacking = [name for name in ("dovecot", "openssl") if not shutil.which(name)]
    return f"no {lacking[0]} is installed" if lacking else ""


class Dovecot:
    """A mail server with a certificate of its own, and one mailbox as a folder of files."""

    def __init__(self) -> None:
        self.port, self.tls_port = free_ports(2)
        self.folder = Path(tempfile.mkdtemp(prefix="dovecot-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.mail = self.folder / "mail"
        for name in ("new", "cur", "tmp"):
            (self.mail / name).mkdir(parents=True)
        self.certificate = self.folder / "cert.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
             "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout",
             str(self.folder / "key.pem"), "-out", str(self.certificate)],
            check=True, capture_output=True,
        )  # fmt: skip
        self._write()
        self.start()

    def address(self, mailbox: str = "INBOX") -> str:
        return f"imap://ann@127.0.0.1:{self.port}/{mailbox}"

    def secure_address(self, host: str = "localhost") -> str:
        return f"imaps://ann@{host}:{self.tls_port}/INBOX"

    def upgraded_address(self, host: str = "localhost") -> str:
        return f"imap+starttls://ann@{host}:{self.port}/INBOX"

    def deliver(self, name: str, text: str, subject: str | None = None) -> None:
        message = (
            f"From: bo@example.org\r\nTo: ann@example.org\r\n"
            f"Subject: {name if subject is None else subject}\r\n\r\n{text}\r\n"
        )
        place = self.mail / "tmp" / name
        place.write_bytes(message.encode())
        shutil.chown(place, *self._owner()) if self._is_root else None
        place.rename(self.mail / "new" / name)

    def own(self, *names: str) -> None:
        """Give files of the mailbox to the user of the server."""
        for name in names:
            shutil.chown(self.mail / name, *self._owner())

    def start(self) -> None:
        log = (self.folder / "log").open("a")
        self._process = subprocess.Popen(
            ["dovecot", "-F", "-c", str(self.folder / "dovecot.conf")],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        log.close()
        until = time.monotonic() + _TAKES
        while not self._answers():
            assert self._process.poll() is None and time.monotonic() < until, "no server"
            time.sleep(0.02)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(60)

    def remove(self) -> None:
        """End it, and delete its folder."""
        if self._process.poll() is None:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    @property
    def _is_root(self) -> bool:
        return getpass.getuser() == "root"

    def _owner(self) -> tuple[str, str]:
        return ("nobody", "nogroup") if self._is_root else (getpass.getuser(), getpass.getuser())

    def _write(self) -> None:
        user, group = self._owner()
        if self._is_root:
            for path in (self.mail, *self.mail.iterdir()):
                shutil.chown(path, user, group)
        inner = ("dovecot", "dovenull") if self._is_root else (user, user)
        (self.folder / "users").write_text(f"ann:{{PLAIN}}{PASSWORD}\n")
        (self.folder / "dovecot.conf").write_text(
            f"""dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
base_dir = {self.folder}/run
log_path = {self.folder}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_server_cert_file = {self.certificate}
ssl_server_key_file = {self.folder}/key.pem
auth_allow_cleartext = yes
default_internal_user = {inner[0]}
default_login_user = {inner[1]}
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
mail_driver = maildir
mail_path = {self.mail}
mail_home = {self.folder}
passdb passwd-file {{
  passwd_file_path = {self.folder}/users
}}
userdb static {{
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {self.port}
  }}
  inet_listener imaps {{
    port = {self.tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"""
        )


class Dav:
    """A WebDAV server in this process, for a folder of a user."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._app = WsgiDAVApp(
            {
                "provider_mapping": {"/": str(folder)},
                "simple_dc": {"user_mapping": {"*": {"ann": {"password": PASSWORD}}}},
                "http_authenticator": {"accept_basic": True, "default_to_digest": False},
                "logging": {"enable": False}, "verbose": 0,
            }
        )  # fmt: skip
        self.asked: list[tuple[str, str]] = []  # method and path of each request
        self.held = ""  # a path that is answered when `go` is set
        self.go, self.holding = threading.Event(), threading.Event()
        self._server = Server(("127.0.0.1", 0), self._noted)
        self._server.prepare()  # it listens from now on
        self._thread = threading.Thread(target=self._server.serve, daemon=True)
        self._thread.start()

    def address(self, path: str = "") -> str:
        return f"webdav://ann@127.0.0.1:{self._server.bind_addr[1]}/{path}"

    def stop(self) -> None:
        self.go.set()
        self._server.stop()
        self._thread.join(60)

    def _noted(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        self.asked.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        if self.held and environ["PATH_INFO"].endswith(self.held):
            self.holding.set()
            self.go.wait(60)
        return self._app(environ, start)
