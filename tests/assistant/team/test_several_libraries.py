"""Several libraries asked at once over the API, by who sees all of them, and by who does not."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.conversation.assistant import Answering
from assistant.team.api import shelf
from assistant.team.api.served_libraries import Libraries
from tests.assistant.team.api.conftest import Server
from tests.assistant.team.conftest import Team, opened
from tests.assistant.team.test_leaks import QUESTION, requests, told


@pytest.fixture
def libraries(team: Team, filled: Path) -> Iterator[Libraries]:
    shutil.copytree(filled, team.settings.home, dirs_exist_ok=True)
    made = Libraries(team.settings, lambda _: Answering(AnswerTool(None, Budget()), "q"), opened)
    yield made
    made.close()


def test_who_sees_both_gets_citations_of_each(server: Server, team: Team) -> None:
    with server.client(team.tokens["olga"]) as client:
        chat = {"model": "north,south", "messages": [{"role": "user", "content": QUESTION}]}
        made = client.post("/v1/chat/completions", json=chat).json()
        cited = made["pincite"]["citations"][0]
        assert (cited["library"], cited["document"]) == ("south", "Volcano.pdf")
        assert "[1] south/Volcano.pdf, page 1" in made["choices"][0]["message"]["content"]
        place = f"/api/libraries/{cited['library']}/documents/{cited['document']}/pages/1"
        assert "forty" in str(client.get(place).json())
        hits = client.get("/api/libraries/north,south/search", params={"q": QUESTION}).json()
        assert {(hit["library"], hit["document"]) for hit in hits} == {
            ("south", "Volcano.pdf"), ("north", "Iceberg.pdf"),
        }  # fmt: skip
        names = [
            row["document"] for row in client.get("/api/libraries/north,south/documents").json()
        ]
        assert names == ["north/Iceberg.pdf", "south/Volcano.pdf"]
        asked = {"question": QUESTION, "conversation": "talk"}
        assert client.post("/api/libraries/north,south/ask", json=asked).status_code == 200
        assert client.post("/api/libraries/south,north/ask", json=asked).status_code == 200
        assert client.post("/api/libraries/south/ask", json=asked).status_code == 400


def test_who_sees_one_of_them_is_told_the_same_as_of_one_that_is_not_there(
    server: Server, team: Team
) -> None:
    with server.client(team.tokens["ann"]) as client:
        for theirs, nowhere in zip(
            requests("north,south", "Volcano.pdf"), requests("north,nowhere", "Volcano.pdf"),
            strict=True,
        ):  # fmt: skip
            status, text = told(client, *theirs)
            assert status >= 400 and "forty" not in text
            assert (status, text.replace("south", "nowhere")) == told(client, *nowhere)


def test_another_spelling_of_a_library_tells_of_no_other(server: Server, team: Team) -> None:
    with server.client(team.tokens["ann"]) as client:
        for name in ("north,", " north", "north,north"):
            for request in requests(name, "Iceberg.pdf"):
                assert "south" not in told(client, *request)[1], request


def test_a_right_that_is_taken_away_closes_the_conversation(
    libraries: Libraries, team: Team
) -> None:
    team.accounts.share("south", ["ann"], ["south"])
    ann = shelf.Shelf(libraries, team.accounts.named("ann"))
    reply = ann.assistant("north,south").ask(QUESTION, conversation="talk")
    reply.finish()
    assert ann.conversations.turns("talk") and ann.receipts.has(reply.id)
    team.accounts.share("south", [], ["south"])
    now = shelf.Shelf(libraries, team.accounts.named("ann"))
    assert now.conversations.infos() == [] and not now.conversations.turns("talk")
