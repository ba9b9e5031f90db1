"""`pincite app` and `pincite serve` as people start them: the command itself, on a free port."""

import http.client
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.servers.ports import free_port

PINCITE = Path(sys.executable).with_name("pincite")
_HEADLESS = {"STREAMLIT_SERVER_HEADLESS": "true"}
HEALTH = {"app": "/_stcore/health", "serve": "/healthz"}


@dataclass(frozen=True)
class Started:
    """A command that serves, and what it has said on its terminal."""

    port: int
    told: Path

    def get(self, path: str, method: str = "GET", body: str = "", **headers: str) -> int:
        """The status of its answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with closing(connection):
            connection.request(method, path, body, {"Accept": "text/html", **headers})
            return connection.getresponse().status

    @property
    def tokens(self) -> list[str]:
        """Those that the terminal shows: the owner's, and that for others."""
        return re.findall(r"(?: |/#)([\w-]{24})$", self.told.read_text(), re.M)


@contextmanager
def started(
    home: Path, command: str, *options: str, files: int = 0, **environment: str
) -> Iterator[Started]:
    """`command` is `app` or `serve`, or a path; it answers. `files` are so many that it may open,
    where the system knows a limit. Raises AssertionError with what it has said."""
    server = Started(free_port(), home / f"told by {Path(command).name}.txt")
    home.mkdir(exist_ok=True)
    limit = partial(_limit, files) if files else None
    with server.told.open("w") as output, subprocess.Popen(
        [PINCITE, command, *options, "--port", str(server.port)],
        stderr=output, stdout=subprocess.DEVNULL, preexec_fn=limit,
        env={**os.environ, **environment, "PINCITE_HOME": str(home), **_HEADLESS},
    ) as process:  # fmt: skip
        try:
            while not _answers(server, HEALTH.get(command, HEALTH["app"])):
                assert process.poll() is None, server.told.read_text()
                time.sleep(0.1)
            yield server
        finally:
            process.terminate()
            process.wait(60)


def _limit(files: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))


def _answers(server: Started, path: str) -> bool:
    try:
        return server.get(path) == 200
    except OSError:
        return False
