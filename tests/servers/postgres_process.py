"""A real PostgreSQL on loopback, which tests start and end; it refuses to run as root."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.ports import free_port

_USER = "postgres"  # of the system, made by Debian's package
_QUICK = "-c shared_buffers=32MB -c max_connections=60 -c full_page_writes=off"


def binaries() -> Path | None:
    """The folder of the newest installed server's programs; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


def missing() -> str:
    """Why there can be no server here; empty where there can."""
    if binaries() is None:
        return "no PostgreSQL is installed"
    if os.geteuid() == 0 and subprocess.run(["id", _USER], capture_output=True).returncode:
        return f"PostgreSQL does not run as root, and there is no user {_USER}"
    return ""


def without_pgvector() -> str:
    """Why there can be no pgvector; empty where there can."""
    where = binaries()
    if where is None:
        return missing()
    config = subprocess.run([where / "pg_config", "--sharedir"], capture_output=True, text=True)
    share = Path(config.stdout.strip() or f"/usr/share/postgresql/{where.parts[-2]}")
    there = (share / "extension" / "vector.control").exists()
    return missing() or ("" if there else "pgvector is not installed beside PostgreSQL")


class PostgresProcess:
    """A cluster in a folder of its own; it may be ended, killed and started again."""

    def __init__(self) -> None:
        found = binaries()
        assert found
        self._bin = found
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        if os.geteuid() == 0:
            shutil.chown(self._folder, _USER)
        self._run("initdb", "-D", self._data, "-U", "pincite", "-A", "trust", "-E", "UTF8",
                  "--locale=C", "--no-sync")  # fmt: skip
        self.start()
        self.address = f"postgresql://pincite@127.0.0.1:{self.port}/postgres"

    @property
    def socket(self) -> str:
        """Where it listens on this machine, without the network."""
        return f"postgresql://pincite@/postgres?host={self._folder}&port={self.port}"

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def start(self, more: str = "") -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self._folder} {_QUICK} {more}"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", self._data, "-l", log, "-o", options, "-w", "-t", "120", "start")

    def end(self, mode: str = "fast") -> None:
        """`immediate` is like a loss of power: the log of changes is replayed at the next start."""
        self._run("pg_ctl", "-D", self._data, "-m", mode, "-w", "-t", "120", "stop")

    @contextmanager
    def encrypted(self, name: str) -> Iterator[Path]:
        """It takes TLS meanwhile, with a certificate for that name, which it has signed itself."""
        key, certificate = self._folder / "data" / "server.key", self._folder / "server.crt"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
             "-keyout", key, "-out", certificate, "-subj", f"/CN={name}",
             "-addext", f"subjectAltName=DNS:{name}"],
            check=True, capture_output=True,
        )  # fmt: skip
        key.chmod(0o600)
        if os.geteuid() == 0:
            shutil.chown(key, _USER, _USER)
        settings = f"-c ssl=on -c ssl_cert_file={certificate} -c ssl_key_file={key}"
        self.end()
        self.start(settings)
        try:
            yield certificate
        finally:
            self.end()
            self.start()

    def running(self) -> bool:
        return (self._folder / "data" / "postmaster.pid").exists()

    def remove(self) -> None:
        """End it, and delete its folder."""
        if self.running():
            self.end("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *options: str) -> None:
        command = [str(self._bin / program), *options]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid", _USER, "--regid", _USER, "--clear-groups", *command]
        done = subprocess.run(
            command, cwd="/tmp", check=False, stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        assert done.returncode == 0, f"{program} failed: {done.stderr}"
