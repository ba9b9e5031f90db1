"""llama.cpp's server of the ready wheel, in a process of its own on loopback.

It computes as Pincite does: prompts in whole blocks and a rest, one answer at a time, and what was
computed for another prompt is not used again. With the server's defaults scores are rounded
otherwise, and greedy answers part sooner.
"""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from benchmarks import common
from tests.servers.ports import free_port

_PATIENCE = 180.0  # seconds to load a model


class LlamaServer:
    """A server that can be killed and started again at the same address."""

    def __init__(self, model: Path, context: int = 4096) -> None:
        self._model, self._context = model, context
        self._port = free_port()
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    def start(self) -> None:
        """Wait until it answers; the program ends when it does not."""
        command = [sys.executable, "-m", "benchmarks.servers.llama_server"]
        arguments = [str(self._model), str(self._port), str(self._context)]
        self._child = subprocess.Popen(
            [*command, *arguments], cwd=common.ROOT,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until = time.monotonic() + _PATIENCE
        while not self._answers():
            if time.monotonic() > until or self._child.poll() is not None:
                self.kill()
                sys.exit(f"The server of {self._model.name} does not answer.")
            time.sleep(0.2)

    def kill(self) -> None:
        """As an operating system kills it: it ends nothing."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def _answers(self) -> bool:
        with suppress(OSError), urllib.request.urlopen(f"{self.url}/models", timeout=5) as reply:
            return bool(reply.status == 200)
        return False


@contextmanager
def running(model: Path, context: int = 4096) -> Iterator[LlamaServer]:
    """A server that has started; it is gone afterwards."""
    server = LlamaServer(model, context)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def parameters(model: Path, port: int, context: int) -> Any:
    """What the server is started with."""
    import xllamacpp

    from assistant.llm.llama.engine import BLOCK
    from assistant.models.catalogue import this_machine

    found = xllamacpp.CommonParams()
    found.model.path = str(model)
    found.hostnames, found.port = ["127.0.0.1"], port
    found.n_ctx, found.n_batch, found.n_ubatch = context, BLOCK, BLOCK
    found.n_parallel, found.cache_prompt = 1, False
    found.cpuparams.n_threads = found.cpuparams_batch.n_threads = this_machine().cores
    found.cpuparams.poll = found.cpuparams_batch.poll = 0  # threads that wait take no time
    found.n_gpu_layers, found.warmup = 0, False
    return found


def main() -> None:
    """Serve until killed."""
    import xllamacpp

    model, port, context = sys.argv[1:4]
    server = xllamacpp.Server(parameters(Path(model), int(port), int(context)))
    while True:
        time.sleep(60)
        assert server.listening_address


if __name__ == "__main__":
    main()
