"""A real Chroma server on loopback, which tests start and end."""

import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests.servers.ports import free_port

_PATIENCE = 60.0  # seconds until it answers, on a busy machine


class ChromaProcess:
    """`chroma run` with a folder of its own; it may be ended and started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        code = "from chromadb.cli.cli import app; import sys; sys.exit(app())"
        where = ["--path", str(self.folder), "--host", "127.0.0.1", "--port", str(self.port)]
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, "run", *where],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until = time.monotonic() + _PATIENCE
        while not self._answers():
            assert self._process.poll() is None and time.monotonic() < until, "chroma run failed"
            time.sleep(0.05)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()

    def running(self) -> bool:
        return self._process.poll() is None

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}/api/v2/heartbeat", timeout=2).is_success
        except httpx.HTTPError:
            return False
