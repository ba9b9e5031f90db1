"""What belongs to a person: their conversations."""

from typing import Any

import httpx

from tests.assistant.api.conftest import LEAVE
from tests.assistant.fakes import ScriptedChat


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
    assert explained["found"] and explained["gate"]
    assert client.delete("/api/conversations/talk").json() == {"removed": 3}
    assert client.get("/api/conversations").json() == []
    assert client.get(f"/api/receipts/{first['id']}").status_code == 400
    for gone in (client.delete, client.get):
        assert gone("/api/conversations/talk").status_code == 404
