"""What belongs to a person: their conversations."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from assistant.conversation.suggestions import Offered, offer
from assistant.receipts.record import Receipts
from assistant.team.api.served_libraries import Libraries
from tests.assistant.fakes import ScriptedChat
from tests.assistant.team.api.conftest import LEAVE


def test_a_receipt_names_the_file_of_the_model_and_no_folder(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"question": LEAVE, "conversation": "talk"}
    answer = client.post("/api/libraries/staff/ask", json=given).json()
    model = {"name": "m", "file": "/srv/models/m.gguf", "sha256": "0"}
    kept = Receipts.get
    monkeypatch.setattr(Receipts, "get", lambda self, id: replace(kept(self, id), model=model))

    receipt = client.get(f"/api/receipts/{answer['id']}").json()

    assert receipt["answer"]["question"] == LEAVE
    assert receipt["model"] == {"name": "m", "file": "m.gguf", "sha256": "0"}


def test_conversations_are_searched_renamed_pinned_branched_and_deleted(
    client: httpx.Client, chat: ScriptedChat
) -> None:
    chat.replies *= 9

    def asks(question: str, **more: Any) -> Any:
        asked = {"question": question, "conversation": "talk", **more}
        return client.post("/api/libraries/staff/ask", json=asked).json()

    first = asks(LEAVE)
    asks("How do we travel?")
    asks("How many days of leave are left?", after=0)
    assert [turn["question"] for turn in client.get("/api/conversations/talk").json()] == [
        "How many days of leave are left?"
    ]
    [turn] = client.get("/api/conversations/talk/branch").json()
    assert len(turn["versions"]) == 2
    [found] = client.get("/api/conversations", params={"q": "TRAVEL how"}).json()
    changes = {"title": "Talk", "pinned": True, "shown": found["turn"]}
    row = client.patch("/api/conversations/talk", json=changes).json()
    assert (row["title"], row["pinned"], row["library"]) == ("Talk", True, "staff")
    assert client.get("/api/conversations", params={"library": "staff"}).json() == [row]
    assert client.get("/api/conversations", params={"library": "nowhere"}).json() == []
    assert len(client.get("/api/conversations/talk").json()) == 2
    assert client.patch("/api/conversations/talk", json={"title": "x" * 201}).status_code == 400

    explained = client.get(f"/api/receipts/{first['id']}/explanation").json()
    assert explained["question"] == first["question"]
    assert explained["found"] and explained["judged"]
    assert client.delete("/api/conversations/talk").json() == {"removed": 3}
    assert client.get("/api/conversations").json() == []
    assert client.get(f"/api/receipts/{first['id']}").status_code == 404
    for gone in (client.delete, client.get):
        assert gone("/api/conversations/talk").status_code == 404


def test_conversations_are_put_into_folders(client: httpx.Client) -> None:
    asked = {"question": LEAVE, "conversation": "talk"}
    client.post("/api/libraries/staff/ask", json=asked)
    made = client.post("/api/folders", json={"name": "Taxes"}).json()
    assert made == {"folder": made["folder"], "name": "Taxes", "collapsed": False}
    place = f"/api/folders/{made['folder']}"
    row = client.patch("/api/conversations/talk", json={"folder": made["folder"]}).json()
    assert row["folder"] == made["folder"]
    assert client.patch("/api/conversations/talk", json={"folder": 99}).status_code == 404
    changed = client.patch(place, json={"name": "At home", "collapsed": True}).json()
    assert client.get("/api/folders").json() == [changed]
    assert (changed["name"], changed["collapsed"]) == ("At home", True)
    assert client.post("/api/folders", json={"name": "at home"}).status_code == 400
    assert client.delete(place).json() == {"removed": made["folder"], "back": 1}
    assert client.get("/api/conversations").json()[0]["folder"] == 0
    assert client.patch(place, json={}).status_code == 404


def test_questions_to_go_on_with_are_suggested(client: httpx.Client, libraries: Libraries) -> None:
    client.post("/api/libraries/staff/ask", json={"question": LEAVE, "conversation": "talk"})
    made = libraries.assistant("staff")
    texts = ["How long is paid leave?", "Who approves sick leave?"]
    sha256 = made.library.sha256("Handbook.pdf")
    offer(made.library, [Offered("Handbook.pdf", sha256, text) for text in texts])  # type: ignore[arg-type]
    found = client.get("/api/conversations/talk/follow-ups").json()
    assert sorted(found) == sorted(texts)
    assert client.get("/api/libraries/staff/suggestions").json()[0] in found
    assert client.get("/api/conversations/none/follow-ups").status_code == 404
    assert client.get("/api/libraries/nowhere/suggestions").status_code == 404
