"""Two hundred requests of one group, by every way in: nothing of the other group's comes back."""

import asyncio
import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import streamlit as st
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from pypdf import PdfReader
from streamlit.testing.v1 import AppTest

from assistant.errors import AssistantError
from assistant.export.documents import FORMS, account
from assistant.receipts.evidence_pack import evidence_pack
from assistant.security import network_guard
from assistant.settings import Settings
from assistant.sheet.cell import columns
from assistant.storage.part import Whose
from assistant.team.api.served_libraries import Libraries
from assistant.team.api.shelf import Shelf
from assistant.team.tokens import digest
from assistant.ui import resources
from assistant.wiring import composition
from assistant.wiring.people import sessions, tokens
from tests.assistant.team.api.conftest import Server
from tests.assistant.team.conftest import SOUTH, Team, opened
from tests.assistant.ui.conftest import APP, LIBRARY_PAGE, open_page
from vectorstore.errors import LibraryError
from vectorstore.library import Library

SECRET = re.compile(r"volcano|forty|\bsouth\b", re.IGNORECASE)
QUESTIONS = (
    "How many days of leave has the volcano?", "Who has most days?", "volcano",
    "Summarize Volcano.pdf", "Compare Iceberg.pdf with Volcano.pdf",
    "List all days in Volcano.pdf", "What is in the library south?", "/chart Volcano.pdf",
    "/translate the volcano",
)  # fmt: skip
GUESSES = ("Volcano.pdf", "volcano.PDF", "../south/Volcano.pdf", "..%2Fsouth%2FVolcano.pdf")
ROOMS = (
    "south", "SOUTH", "%20south", "south%00", "north/../south", "..%2Flibraries%2Fsouth",
    "nowhere",
)  # fmt: skip


class Heard:
    """What came back, without the words that were sent."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def note(self, text: str, *sent: str) -> None:
        # A refusal quotes the words of the question that no passage has.
        missed = [f"“{word.strip('?,.')}”" for words in sent for word in words.split()]
        for words in sorted((*sent, *missed), key=len, reverse=True):
            for form in (words, json.dumps(words)[1:-1], repr(words)[1:-1]):
                text = re.sub(re.escape(form), "", text, flags=re.IGNORECASE)
        self.texts.append(text)

    def check(self, least: int) -> None:
        found = [(text, SECRET.search(text)) for text in self.texts]
        shown = [text[max(0, m.start() - 90) : m.end() + 60] for text, m in found if m]
        assert not shown, "\n".join(shown)
        assert len(self.texts) >= least


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def libraries(team: Team, filled: Path) -> Iterator[Libraries]:
    shutil.copytree(filled, team.settings.home, dirs_exist_ok=True)
    made = Libraries(team.settings, composition.answering, opened)
    yield made
    made.close()


@pytest.fixture
def told(server: Server, team: Team) -> str:
    """The id of an answer of Bob's, in his conversation "abc"."""
    asked = {"question": QUESTIONS[0], "conversation": "abc"}
    with server.client(team.tokens["bob"]) as bob:
        answer = bob.post("/api/libraries/south/ask", json=asked).json()
    assert "forty" in json.dumps(answer)
    return str(answer["id"])


def sent_to(library: str, document: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    at = f"/api/libraries/{library}"
    chat = {"model": library, "messages": [{"role": "user", "content": QUESTIONS[0]}]}
    yield "GET", f"{at}/documents", {}
    yield "GET", f"{at}/conversations", {}
    yield "GET", f"{at}/documents/{document}/pages/1", {}
    yield "GET", f"{at}/documents/{document}/pages/1.png", {}
    yield "DELETE", f"{at}/documents/{document}", {}
    yield "GET", f"{at}/search", {"params": {"q": QUESTIONS[0], "k": 100}}
    yield "POST", f"{at}/ask", {"json": {"question": QUESTIONS[0], "anyway": True}}
    yield "POST", f"{at}/ask", {"json": {"question": QUESTIONS[0], "documents": [document]}}
    yield "GET", f"/v1/models/{library}", {}
    yield "POST", "/v1/chat/completions", {"json": chat}
    yield "POST", "/v1/chat/completions", {"json": {**chat, "stream": True}}
    yield "POST", "/v1/embeddings", {"json": {"model": library, "input": "volcano"}}


def over_http(client: httpx.Client, heard: Heard, identity: str) -> None:
    def send(method: str, path: str, *words: str, **given: Any) -> None:
        answer = client.request(method, path, **given)
        text = answer.content.decode("utf-8", "replace") + str(answer.headers)
        heard.note(text, path, *words)

    for path in ("/v1/models", "/api/libraries", "/openapi.json", "/metrics", "/readyz"):
        send("GET", path)
    for library in ROOMS:
        for method, path, given in sent_to(library, "Volcano.pdf"):
            send(method, path, *ROOMS, *GUESSES, QUESTIONS[0], **given)
    for document in GUESSES:
        for method, path, given in sent_to("north", document):
            send(method, path, *GUESSES, QUESTIONS[0], **given)
    for question in QUESTIONS:
        for more in ({}, {"conversation": "abc"}):
            asked = {"question": question, **more}
            send("POST", "/api/libraries/north/ask", *QUESTIONS, json=asked)
    for guess in ("abc", "@bob/abc", "%40bob%2Fabc", "ABC", "%25"):
        send("GET", f"/api/conversations/{guess}", guess, *QUESTIONS)
    for guess in (identity, identity[:6], identity[:12], identity.upper(), "%25", "_" * 6):
        send("GET", f"/api/receipts/{guess}", guess)


async def over_mcp(server: Server, token: str, heard: Heard) -> None:
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(headers=headers, timeout=60) as http:
        place = streamable_http_client(f"{server.address}/mcp", http_client=http)
        async with Client(place) as client:
            for listing in (client.list_tools, client.list_resources, client.list_prompts):
                heard.note((await listing()).model_dump_json())
            for library in ("south", "nowhere", "north"):
                for tool, given in (
                    ("list_documents", {}), ("search", {"query": QUESTIONS[0], "k": 100}),
                    ("ask", {"question": QUESTIONS[0]}), ("ask", {"question": QUESTIONS[3]}),
                    ("ask", {"question": QUESTIONS[0], "documents": ["Volcano.pdf"]}),
                    ("read_page", {"document": "Volcano.pdf", "page": 1}),
                ):  # fmt: skip
                    done = await client.call_tool(tool, {"library": library, **given})
                    heard.note(done.model_dump_json(), library, *QUESTIONS, *GUESSES)
                try:
                    read = await client.read_resource(f"pincite://{library}/Volcano.pdf/1")
                    heard.note(read.model_dump_json(), library, *GUESSES)
                except Exception as error:
                    heard.note(str(error), library, *GUESSES)


def in_process(libraries: Libraries, team: Team, heard: Heard, identity: str) -> None:
    """Suggestions, exports, sheets and packs, which are made from the same shelf."""
    ann = Shelf(libraries, team.accounts.named("ann"))
    mine = ann.assistant("north")
    heard.note("\n".join(mine.suggestions(20)))
    for conversation in ("abc", "@bob/abc"):
        turns = ann.conversations.turns(conversation)
        for ending, make in FORMS.items():
            data = make([account(turn) for turn in turns])
            heard.note(_words(ending, data), *QUESTIONS)
    for guess in (identity, identity[:8]):
        with pytest.raises(AssistantError) as refused:
            evidence_pack(ann.receipts.get(guess), mine.library)
        heard.note(str(refused.value), guess)
    with pytest.raises(LibraryError) as unknown:
        ann.assistant("south")
    heard.note(str(unknown.value).replace("'south'", ""))
    asked = columns([QUESTIONS[0], "days = How many days?"])
    for library in ("south", "north"):  # Bob's sheet was filled before hers
        opened_now = libraries.library(library)
        sheet = composition.sheet(team.settings, opened_now, libraries._how())
        cells = list(sheet.cells(asked, opened_now.documents()))
        if library == "north":
            heard.note(json.dumps([cell.to_json() for cell in cells]), *QUESTIONS)


def _words(ending: str, data: bytes) -> str:
    if ending == ".md":
        return data.decode()
    if ending == ".pdf":
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return "\n".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())


def test_by_http_mcp_exports_sheets_and_guesses(
    server: Server, libraries: Libraries, team: Team, told: str, heard: Heard
) -> None:
    with server.client(team.tokens["ann"]) as client:
        over_http(client, heard, told)
    asyncio.run(over_mcp(server, team.tokens["ann"], heard))
    in_process(libraries, team, heard, told)
    heard.check(200)
    assert any("thirty" in text for text in heard.texts), "of her own library she got answers"
    assert composition.libraries(team.settings) == ["north", "south"], "nothing was made"


def test_an_old_token_gets_nothing_anywhere(server: Server, team: Team, heard: Heard) -> None:
    made = tokens(team.settings)
    old = made.add(team.accounts.named("bob"), "old", "editor", days=-1)
    gone = made.add(team.accounts.named("bob"), "gone", "editor")
    [row] = [token for token in made.all() if token.name == "gone"]
    made.revoke(row.id)
    for token in (old, gone):
        with server.client(token) as client:
            for method, path, given in sent_to("south", "Volcano.pdf"):
                answer = client.request(method, path, **given)
                assert answer.status_code in (401, 429)  # the guesses of a minute are counted
                heard.note(answer.text)
    heard.check(24)


@pytest.fixture
def page(team: Team, filled: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type["Page"]]:
    shutil.copytree(filled, team.settings.home, dirs_exist_ok=True)
    monkeypatch.setenv("PINCITE_HOME", str(team.settings.home))
    monkeypatch.setenv("PINCITE_CATALOGUE", team.settings.catalogue)
    monkeypatch.setattr(network_guard, "install_guard", lambda *_: None)
    made = []

    def kept(settings: Settings, name: str | None, make: bool = False) -> Library:
        made.append(opened(settings, name, make))
        return made[-1]

    monkeypatch.setattr(composition, "library", kept)
    session = digest(sessions(team.settings).start(team.accounts.named("ann")))
    monkeypatch.setattr(resources, "_session", lambda: session)
    st.cache_resource.clear()
    yield Page
    for library in made:
        library.close()
    st.cache_resource.clear()


class Page:
    """What the app shows of one address."""

    def __init__(self, conversation: str = "", library: str = "", page: str = "") -> None:
        self.app = AppTest.from_file(APP, default_timeout=120)
        if conversation:
            self.app.query_params["c"] = conversation
        if library:
            self.app.session_state["library"] = library
        self.app.run()
        if page:
            open_page(self.app, page)

    @property
    def text(self) -> str:
        assert not self.app.exception
        return "\n".join(str(node.proto) for node in self.app._tree if hasattr(node, "proto"))


def test_by_the_pages_of_the_app(page: type[Page], team: Team, heard: Heard) -> None:
    kept = composition.conversations(team.settings, Whose(team.accounts.named("bob").id))
    kept.add("abc", {"question": "Where is the volcano?", "answer": SOUTH}, "south")
    for conversation in ("", "abc"):
        for library in ("", "south"):
            for place in ("", LIBRARY_PAGE):
                heard.note(page(conversation, library, place).text)
    heard.check(8)
    assert any("Iceberg.pdf" in text for text in heard.texts), "she saw her own"
