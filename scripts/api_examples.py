"""Writes the examples in the description of the API anew: what a server says about the sample
company, with the default chat model.

Usage: python scripts/api_examples.py. Wants the default models, as `make setup` leaves them.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the checkout, whatever is installed

from assistant import first_run  # noqa: E402
from assistant.entrance.asgi import Hosts  # noqa: E402
from assistant.settings import Settings, default_home  # noqa: E402
from assistant.sources import source_list as sources  # noqa: E402
from assistant.team.api.application import (  # noqa: E402
    EXAMPLES,
    guarded,
)
from assistant.team.api.served_libraries import Libraries  # noqa: E402
from assistant.wiring import composition  # noqa: E402

SAMPLES = "samples"
HANDBOOK, POLICY = "Employee Handbook.pdf", "Security Policy v2 (2026).pdf"
MAILBOX = "imaps://anna@mail.example.org/INBOX"
LEAVE = "How many days of annual leave do full-time employees get?"
_MOST, _LONGEST = 2, 160  # of a list, and letters of a text; the rest is left out


@dataclass(frozen=True)
class Example:
    """A request; `given` fills the places of its path."""

    method: str
    path: str
    given: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    file: tuple[str, bytes] | None = None
    sent: bool = True  # else only the request is an example: it needs another server


def requests(answer: str) -> Iterator[Example]:
    """In an order in which each finds what it is about; `answer` is the id of one that is kept."""
    at = "/api/libraries/{library}"
    samples = {"library": SAMPLES}
    page = {**samples, "document": HANDBOOK, "number": 10}
    yield Example("GET", "/api/libraries")
    yield Example("GET", at, samples)
    yield Example("GET", f"{at}/documents", samples, {"limit": 2})
    tags = {"documents": [POLICY], "add": ["it", "2026"], "remove": []}
    yield Example("POST", f"{at}/tags", samples, body=tags)
    yield Example("GET", f"{at}/tags", samples)
    yield Example("POST", f"{at}/documents", samples, file=("Parking.txt", b"Guests park free."))
    yield Example("DELETE", f"{at}/documents/{{document}}", {**samples, "document": "Parking.txt"})
    yield Example("GET", f"{at}/documents/{{document}}/pages/{{number}}", page)
    yield Example("GET", f"{at}/documents/{{document}}/pages/{{number}}.png", page)
    yield Example("GET", f"{at}/documents/{{document}}/ledger", {**samples, "document": HANDBOOK})
    yield Example("GET", f"{at}/suggestions", samples, {"limit": 2})
    yield Example("GET", f"{at}/search", samples, {"q": "annual leave", "k": 2})
    asked = {"question": LEAVE, "conversation": "leave"}
    yield Example("POST", f"{at}/prepare", samples, body={"question": LEAVE})
    yield Example("POST", f"{at}/ask", samples, body=asked)
    columns = {"columns": ["notice period", "signed?"], "documents": [HANDBOOK]}
    yield Example("POST", f"{at}/sheet", samples, body=columns)
    yield from _followed(at, samples)
    yield from _own(answer)
    model = {"model": SAMPLES}
    yield Example("GET", "/v1/models")
    yield Example("GET", "/v1/models/{name}", {"name": SAMPLES})
    chat = {**model, "messages": [{"role": "user", "content": LEAVE}]}
    yield Example("POST", "/v1/chat/completions", body=chat)
    yield Example("POST", "/v1/embeddings", body={**model, "input": ["annual leave"]})
    yield Example("GET", "/api/models")
    yield Example("GET", "/healthz")
    yield Example("GET", "/readyz")
    yield Example("GET", "/metrics", sent=False)  # with the token of the settings


def _followed(at: str, samples: dict[str, Any]) -> Iterator[Example]:
    """Sources and folders: no server is asked, and no folder of this machine is named."""
    mailbox = {"address": MAILBOX, "password": "secret"}
    source = {**samples, "source": "mail-example-org-inbox"}
    folder = "/home/anna/Contracts"
    yield Example("POST", f"{at}/sources", samples, body=mailbox, sent=False)
    yield Example("GET", f"{at}/sources", samples)
    yield Example("POST", f"{at}/sources/{{source}}/fetch", source, sent=False)
    paused = {"every": 30, "paused": False}
    yield Example("PATCH", f"{at}/sources/{{source}}", source, body=paused)
    yield Example("DELETE", f"{at}/sources/{{source}}", source)
    yield Example("POST", f"{at}/watched", samples, body={"folder": folder}, sent=False)
    yield Example("GET", f"{at}/watched", samples)
    yield Example("DELETE", f"{at}/watched", samples, {"folder": folder}, sent=False)


def _own(answer: str) -> Iterator[Example]:
    """A person's conversations, folders and receipts."""
    one = {"conversation": "leave"}
    at = "/api/conversations/{conversation}"
    yield Example("GET", "/api/libraries/{library}/conversations", {"library": SAMPLES})
    yield Example("GET", "/api/conversations", query={"q": "leave"})
    yield Example("GET", at, one)
    yield Example("GET", f"{at}/branch", one)
    yield Example("GET", f"{at}/follow-ups", one)
    yield Example("POST", "/api/folders", body={"name": "Human resources"})
    yield Example("GET", "/api/folders")
    folder = {"folder": 1}
    yield Example("PATCH", "/api/folders/{folder}", folder, body={"name": "HR", "collapsed": True})
    changes = {"title": "Annual leave", "pinned": True, "folder": 1}
    yield Example("PATCH", at, one, body=changes)
    yield Example("DELETE", "/api/folders/{folder}", folder)
    yield Example("GET", "/api/receipts/{answer}", {"answer": answer})
    yield Example("GET", "/api/receipts/{answer}/explanation", {"answer": answer})
    yield Example("DELETE", at, {"conversation": "old"})


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(default_home() / "models", home / "models", symlinks=True)
        settings = Settings(home=home)
        with composition.library(settings, SAMPLES, make=True) as library:
            library.add(sorted((ROOT / "samples").glob("*.pdf")))
            first_run.offer_questions(library)
        sources.add(settings, sources.new(settings, SAMPLES, MAILBOX))
        app = guarded(Libraries(settings), Hosts("127.0.0.1"))
        with TestClient(app, "http://127.0.0.1:8600", client=("127.0.0.1", 1)) as client:
            found = _all(client)
    text = json.dumps(found, ensure_ascii=False, indent=1)
    if folder in text:
        raise SystemExit("An example names a folder of this machine.")
    EXAMPLES.write_text(f"{text}\n", encoding="utf-8")
    print(f"{len(found)} examples")


def _all(client: TestClient) -> dict[str, Any]:
    at = f"/api/libraries/{SAMPLES}/ask"
    client.post(at, json={"question": LEAVE, "conversation": "old"}).raise_for_status()
    [turn] = client.get("/api/conversations/old").json()
    return {f"{one.method} {one.path}": _told(client, one) for one in requests(turn["id"])}


def _told(client: TestClient, one: Example) -> dict[str, Any]:
    row = {"path": one.given, "query": one.query, "request": one.body}
    if not one.sent:
        return row
    files = {"files": one.file} if one.file else None
    path = one.path.format(**one.given)
    answer = client.request(one.method, path, params=one.query, json=one.body, files=files)
    answer.raise_for_status()
    print(one.method, one.path, file=sys.stderr)
    if answer.headers["content-type"] != "application/json":
        return row
    return {**row, "response": _shortened(answer.json())}


def _shortened(value: Any) -> Any:
    match value:
        case dict():
            return {key: _shortened(one) for key, one in value.items()}
        case list():
            return [_shortened(one) for one in value[:_MOST]]
        case str() if len(value) > _LONGEST:
            return f"{value[:_LONGEST]}…"
    return value


if __name__ == "__main__":
    main()
