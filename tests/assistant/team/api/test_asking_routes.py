"""Search and answers."""

from collections.abc import Iterator
from threading import Event

import httpx
import pytest
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk

from assistant.conversation.history import Conversations
from assistant.errors import TablesAway
from tests.assistant.fakes import ScriptedChat
from tests.assistant.team.api.conftest import LEAVE, SAID, STAFF


def test_a_passage_is_found(client: httpx.Client) -> None:
    first, *_ = client.get(f"{STAFF}/search", params={"q": "days of leave", "k": 1}).json()
    assert (first["document"], first["page"]) == ("Handbook.pdf", 1)
    assert SAID in first["text"]


def test_a_question_gets_the_answer_document(client: httpx.Client) -> None:
    answer = client.post(f"{STAFF}/ask", json={"question": LEAVE}).json()
    assert answer["answer"] == SAID
    assert answer["citations"][0]["document"] == "Handbook.pdf"


@pytest.mark.parametrize("path", [f"{STAFF}/ask", "/v1/chat/completions"])
def test_an_answer_stops_when_its_client_goes(
    client: httpx.Client, chat: ScriptedChat, path: str
) -> None:
    answering = Event()
    stopped = Event()

    def waits(*_: object, cancel: Event, **__: object) -> Iterator[ChatGenerationChunk]:
        answering.set()
        if cancel.wait(60):
            stopped.set()
        yield ChatGenerationChunk(message=AIMessageChunk(content=SAID))

    user = {"role": "user", "content": LEAVE}
    chats = {"model": "staff", "messages": [user]}
    asked = chats if path.startswith("/v1") else {"question": LEAVE}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ScriptedChat, "_stream", lambda _, *given, **named: waits(*given, **named))
        with pytest.raises(httpx.ReadTimeout):
            client.post(path, json=asked, timeout=httpx.Timeout(30, read=3))
        assert answering.wait(60)
        assert stopped.wait(60)


def test_a_conversation_stays_with_its_library(client: httpx.Client) -> None:
    files = {"files": ("train.txt", b"We travel by train.")}
    assert client.post("/api/libraries/other/documents", files=files).status_code == 200
    asked = {"question": LEAVE, "conversation": "leave"}
    told = [client.post(f"/api/libraries/{name}/ask", json=asked) for name in ("staff", "other")]
    assert [answer.status_code for answer in told] == [200, 400]
    assert "about the library 'staff'" in told[1].json()["error"]["message"]
    assert len(client.get("/api/conversations/leave").json()) == 1


def test_an_answer_that_cannot_be_kept_says_so(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object, **__: object) -> None:
        raise TablesAway("The server does not answer.")

    monkeypatch.setattr(Conversations, "add", away)
    answer = client.post(f"{STAFF}/ask", json={"question": LEAVE, "conversation": "abc"}).json()
    assert (answer["answer"], answer["unsaved"]) == (SAID, "The server does not answer.")
    assert "was not saved: The server does not answer." in caplog.text


def test_a_document_that_is_not_there_is_told_with_the_nearest(client: httpx.Client) -> None:
    for path, asked in (
        ("ask", {"question": LEAVE, "documents": ["Handbok.pdf"]}),
        ("sheet", {"columns": ["leave"], "documents": ["Travel.pdf", "Handbok.pdf"]}),
    ):
        answer = client.post(f"{STAFF}/{path}", json=asked)
        told = "staff has no document 'Handbok.pdf'. The nearest one is Handbook.pdf."
        assert (answer.status_code, answer.json()["error"]["message"]) == (404, told)
