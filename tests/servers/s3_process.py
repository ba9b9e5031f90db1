"""Real S3 servers on loopback, which tests start and end: Ceph's gateway, from Debian's package
`radosgw`, with its data in SQLite; and localbucket, a small one in Python that needs no package."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.servers.ports import free_port
from vectorstore.team.s3 import Bucket

KEY, SECRET = "PINCITETESTKEY", "a-secret-that-nobody-may-see"
_TAKES = 60  # seconds to start, on a machine under load
_MADE = 20  # seconds, of which a user takes .1


def missing(kind: str) -> str:
    """Why there can be no such server here; empty where there can."""
    if kind == "ceph" and not (shutil.which("radosgw") and shutil.which("radosgw-admin")):
        return "no radosgw is installed"
    return ""


class S3Process:
    """A server in a folder of its own; it may be ended, killed and started again."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="s3-", dir="/tmp"))
        if kind == "ceph":
            self._make_user()
        self.start()
        self.make("papers")

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def bucket(self, prefix: str, name: str = "papers", **more: Any) -> Bucket:
        return Bucket(
            f"s3://{name}/{prefix}", self.endpoint, **{"key": KEY, "secret": SECRET} | more
        )

    def make(self, name: str) -> None:
        """A bucket."""
        self._call("create_bucket", name)

    def keep_versions(self, name: str) -> None:
        self._call("put_bucket_versioning", name, VersioningConfiguration={"Status": "Enabled"})

    def versions(self, name: str) -> int:
        """How many versions of objects it keeps, with the marks of deleted ones."""
        told = self._call("list_object_versions", name)
        return len(told.get("Versions", ())) + len(told.get("DeleteMarkers", ()))

    def objects(self, start: str = "", name: str = "papers") -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        told = self._call("list_objects_v2", name, Prefix=start)
        for one in told.get("Contents", ()):
            found[one["Key"]] = self.system().cat_file(f"{name}/{one['Key']}")
        return found

    def damage(self, start: str) -> None:
        """Give all objects whose key begins so other bytes."""
        for key in self.objects(start):
            self.system().pipe_file(f"papers/{key}", b"something else")

    def system(self) -> Any:
        return self.bucket("x").store("papers/x", self.folder / "cache")._system

    def _call(self, method: str, name: str, **more: Any) -> Any:
        return self.bucket("x", name).store(f"{name}/x", self.folder / "cache").call(method, **more)

    def start(self) -> None:
        log = (self.folder / "log").open("a")
        self._process = subprocess.Popen(
            self._command(), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        log.close()
        until = time.monotonic() + _TAKES
        while not self._answers():
            assert self._process.poll() is None and time.monotonic() < until, "no server"
            time.sleep(0.02)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def remove(self) -> None:
        """End it, and delete its folder."""
        if self._process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _command(self) -> list[str]:
        if self.kind == "ceph":
            at = f"beast endpoint=127.0.0.1:{self.port}"
            return ["radosgw", "-f", *self._options(), "--debug-rgw=0", f"--rgw-frontends={at}"]
        return [sys.executable, "-m", "localbucket", str(self.folder / "data"),
                "--port", str(self.port)]  # fmt: skip

    def _options(self) -> list[str]:
        (self.folder / "db").mkdir(exist_ok=True)
        (self.folder / "data").mkdir(exist_ok=True)
        (self.folder / "ceph.conf").write_text("[global]\n")
        return [
            "--no-mon-config", "-c", f"{self.folder}/ceph.conf", "--rgw-backend-store=dbstore",
            "--rgw-config-store=dbstore", f"--dbstore-config-uri=file:{self.folder}/config.db",
            f"--dbstore-db-dir={self.folder}/db", f"--rgw_data={self.folder}/data",
            f"--run-dir={self.folder}", f"--log-file={self.folder}/log", "--admin-socket=",
        ]  # fmt: skip

    def _make_user(self) -> None:
        """The user of the key. One program in 25 has made it and then waits for a thread of its own
        for ever: it is ended, and the first call with the key shows whether the user is there."""
        command = [
            "radosgw-admin", *self._options(), "user", "create", "--uid", "pincite",
            "--display-name", "pincite", "--access-key", KEY, "--secret-key", SECRET,
        ]  # fmt: skip
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(
                command, check=True, cwd=self.folder, capture_output=True, timeout=_MADE,
                stdin=subprocess.DEVNULL, env={**os.environ, "HOME": "/tmp"},
            )  # fmt: skip
