"""Are there server errors among 2,000 requests of every kind that the API's description allows?

Requests are drawn by schemathesis from `/openapi.json`, half of them such as it forbids, and sent
to a real server with a library of two documents. Answers are quoted, without a chat model.
"""

import argparse
import os
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.generation import GenerationMode

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.conversation.assistant import Answering
from assistant.entrance.asgi import Hosts
from assistant.settings import Settings
from assistant.team.api.application import guarded
from assistant.team.api.served_libraries import Libraries
from tests.contracts.embedders import WordHashes
from tests.pdfs import write_pdf
from vectorstore.library import Library

REQUESTS = 3200  # at most: routes without parameters have few
UPLOADS = 20  # each starts processes that read
_LIBRARY = "staff"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pincite-api-") as folder:
        served = Served(Path(folder))
        try:
            found = send(served.address, options.requests)
        finally:
            served.stop()
    print(f"{sum(found.values()):,} requests: {dict(sorted(found.items()))}")
    assert not any(status >= 500 for status in found), "a server error"


class Served:
    """A server on loopback, in this process."""

    def __init__(self, folder: Path) -> None:
        given = Settings(home=folder / "home")
        for name, text in (
            ("Handbook", "There are thirty days of leave."),
            ("Travel", "By train."),
        ):
            write_pdf(folder / f"{name}.pdf", [f"# {name}", "", text])
        with _opened(given, _LIBRARY) as library:
            library.add(sorted(folder.glob("*.pdf")))
        self.libraries = Libraries(
            given, lambda _: Answering(AnswerTool(None, Budget()), "quotes"), _opened
        )
        app = guarded(self.libraries, Hosts("127.0.0.1"))
        self._server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        self.libraries.close()


def _opened(given: Settings, name: str, make: bool = False) -> Library:
    return Library(given.libraries_folder / name, name, WordHashes)


def send(address: str, requests: int) -> Counter[int]:
    """How many answers had which status. About half name the library that there is."""
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    each_of = max(1, requests // len(operations))
    statuses: Counter[int] = Counter()
    for operation in operations:
        adds = operation.method.lower() == "post" and operation.path.endswith("/documents")
        each = min(each_of, UPLOADS) if adds else each_of
        for mode, count in ((GenerationMode.POSITIVE, each - each // 2),
                            (GenerationMode.NEGATIVE, each // 2)):  # fmt: skip
            if count:
                statuses += _sent(operation, mode, count, address)
    return statuses


def _sent(operation: Any, mode: Any, count: int, address: str) -> Counter[int]:
    found: Counter[int] = Counter()

    @seed(1)
    @settings(
        max_examples=count, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def one(case: Any) -> None:
        if "library" in case.path_parameters and sum(found.values()) % 2:
            case.path_parameters["library"] = _LIBRARY
        answer = case.call(base_url=address, timeout=300)
        found[answer.status_code] += 1
        if answer.status_code >= 500:
            print(os.linesep, case.as_curl_command(), answer.text[:300], flush=True)

    try:
        one()
    except Exception as error:  # an operation that has nothing to forbid
        if "Unsatisfiable" not in type(error).__name__:
            raise
    return found


if __name__ == "__main__":
    main()
