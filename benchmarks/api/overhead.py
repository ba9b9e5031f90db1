"""What does the API cost an answer, how fast are searches at 50 a second, and do slow clients stop
others?

A server process with a library of SciFact's abstracts is asked by another process. The cost of an
answer is what the way over HTTP adds to `Assistant.ask` in the server's own library, with answers
that are quoted: the processor seconds of both, and the clock. Searches arrive at fixed times,
however long the others take. Slow clients send a byte of a request every second.
"""

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import psutil

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.conversation.assistant import Answering
from assistant.settings import Settings
from assistant.wiring import composition
from benchmarks import text_library
from tests.contracts.embedders import WordHashes
from tests.servers.ports import free_port
from vectorstore.library import Library

ANSWERS, RATE, SECONDS, SLOW = 60, 50, 20, 1000
LIBRARY = "abstracts"
SERVER = "from benchmarks.api.overhead import run_server; run_server()"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eval", type=Path, default=os.environ.get("PINCITE_TEST_EVAL"))
    parser.add_argument("--documents", type=int, default=2000)
    options = parser.parse_args()
    rows = [json.loads(line) for line in (Path(options.eval) / "scifact/corpus.jsonl").open()]
    claims = (Path(options.eval) / "scifact/queries_train_dev.jsonl").open()
    questions = [json.loads(line)["text"] for line in claims]
    with tempfile.TemporaryDirectory(prefix="pincite-api-") as folder:
        settings = Settings(home=Path(folder))
        with _opened(settings, LIBRARY) as library:
            for start in range(0, options.documents, 40):
                some = [[row["text"]] for row in rows[start : start + 40]]
                text_library.put(library, f"{start}.pdf", f"{start}", some)
            library.index.sync()
            print(f"{sum(d.chunks for d in library.documents()):,} passages")
            direct, before = _direct(settings, library, questions)
        with _Server(folder) as server:
            _compare(server, direct, before, questions)
            asyncio.run(_at_a_rate(server, questions))
            asyncio.run(_beside_slow_ones(server, questions))


def run_server() -> None:
    """`pincite serve` with answers that are quoted, over a home that the environment names."""
    from assistant.team.api import application
    from assistant.team.api.served_libraries import Libraries

    class Quoting(Libraries):
        def __init__(self, settings: Settings) -> None:
            super().__init__(settings, lambda _: _quoting(), _opened)

    application.Libraries = Quoting  # type: ignore[assignment, attr-defined, misc]
    application.serve(Settings.load(), int(sys.argv[1]))


class _Server:
    def __init__(self, home: str) -> None:
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", SERVER, str(port)],
            env={**os.environ, "PINCITE_HOME": home},
        )
        self.seen = psutil.Process(self._process.pid)

    def __enter__(self) -> "_Server":
        while True:
            try:
                if httpx.get(f"{self.address}/readyz").status_code == 200:
                    return self
            except httpx.HTTPError:
                time.sleep(0.1)

    def __exit__(self, *_: object) -> None:
        if (code := self._process.poll()) is not None:
            print(f"the server ended by itself, with {code}")
        self._process.terminate()
        self._process.wait()

    @property
    def cpu(self) -> float:
        used = self.seen.cpu_times()
        return float(used.user + used.system)


def _opened(settings: Settings, name: str, make: bool = False) -> Library:
    return Library(settings.libraries_folder / name, name, WordHashes)


def _quoting() -> Answering:
    return Answering(AnswerTool(None, Budget()), "quotes")


def _direct(settings: Settings, library: Library, questions: list[str]) -> tuple[Any, float]:
    """Clock and processor milliseconds of an answer without the API; and the MB of this process."""
    assistant = composition.assistant_of(settings, library, _quoting())
    clock, cpu = [], []
    for question in questions[: ANSWERS + 5]:
        begun, used = time.perf_counter(), time.process_time()
        assistant.ask(question).to_json()
        clock.append((time.perf_counter() - begun) * 1000)
        cpu.append((time.process_time() - used) * 1000)
    return (statistics.median(clock[5:]), statistics.median(cpu[5:])), _mb()


def _compare(server: _Server, direct: Any, before: float, questions: list[str]) -> None:
    clock, cpu = [], []
    with httpx.Client(base_url=server.address, timeout=120) as client:
        for question in questions[: ANSWERS + 5]:
            begun, used = time.perf_counter(), server.cpu
            client.post(f"/api/libraries/{LIBRARY}/ask", json={"question": question})
            clock.append((time.perf_counter() - begun) * 1000)
            cpu.append((server.cpu - used) * 1000)
    print(f"an answer, ms (median): {direct[0]:.1f} alone, {statistics.median(clock[5:]):.1f} over "
          f"the API; processor {direct[1]:.1f} and {statistics.mean(cpu[5:]):.1f}")  # fmt: skip
    print(f"MB: {before:.0f} alone, {server.seen.memory_info().rss / 2**20:.0f} the server")


async def _at_a_rate(server: _Server, questions: list[str]) -> None:
    seconds: list[float] = []
    used = server.cpu

    async def one(client: httpx.AsyncClient, question: str) -> None:
        begun = time.perf_counter()
        found = await client.get(f"/api/libraries/{LIBRARY}/search", params={"q": question})
        assert found.status_code == 200
        seconds.append((time.perf_counter() - begun) * 1000)

    async with httpx.AsyncClient(base_url=server.address, timeout=120) as client:
        begun, waiting = time.perf_counter(), []
        for number in range(RATE * SECONDS):
            await asyncio.sleep(max(0.0, begun + number / RATE - time.perf_counter()))
            waiting.append(asyncio.create_task(one(client, questions[number % len(questions)])))
        await asyncio.gather(*waiting)
    points = statistics.quantiles(seconds, n=100)
    each = (server.cpu - used) * 1000 / len(seconds)
    print(f"{RATE} searches a second for {SECONDS} s: p50 {points[49]:.0f} ms, p95 "
          f"{points[94]:.0f} ms, longest {max(seconds):.0f} ms; processor {each:.1f} ms each; "
          f"load of the machine {os.getloadavg()[0]:.0f}")  # fmt: skip


async def _beside_slow_ones(server: _Server, questions: list[str]) -> None:
    """An eleventh client, while many send their requests byte by byte."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit[1], limit[1]))
    port = int(server.address.rpartition(":")[2])
    writers = [(await asyncio.open_connection("127.0.0.1", port))[1] for _ in range(SLOW)]
    before = server.seen.memory_info().rss
    for writer in writers:
        writer.write(b"POST /api/libraries/abstracts/ask HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                     b"Content-Type: application/json\r\nContent-Length: 900\r\n\r\n")  # fmt: skip
    seconds = []
    async with httpx.AsyncClient(base_url=server.address, timeout=120) as client:
        for question in questions[:20]:
            for writer in writers:
                writer.write(b" ")
            begun = time.perf_counter()
            found = await client.get(f"/api/libraries/{LIBRARY}/search", params={"q": question})
            assert found.status_code == 200
            seconds.append((time.perf_counter() - begun) * 1000)
            await asyncio.sleep(0.2)
    more = (server.seen.memory_info().rss - before) / 2**20
    for writer in writers:
        writer.close()
    print(f"beside {SLOW:,} slow clients: search p50 {statistics.median(seconds):.0f} ms, longest "
          f"{max(seconds):.0f} ms, {more:.0f} MB more")  # fmt: skip


def _mb() -> float:
    return float(psutil.Process().memory_info().rss / 2**20)


if __name__ == "__main__":
    main()
