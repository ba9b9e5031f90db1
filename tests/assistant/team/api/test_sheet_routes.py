"""Sheets."""

import json

import httpx

from tests.assistant.fakes import ScriptedChat
from tests.assistant.team.api.conftest import LEAVE, STAFF


def test_a_sheet_is_filled_and_told_cell_by_cell(client: httpx.Client, chat: ScriptedChat) -> None:
    chat.replies *= 9
    asked = {"columns": [LEAVE, "signed?"], "documents": ["Handbook.pdf"]}
    sheet = client.post(f"{STAFF}/sheet", json=asked).json()
    first = sheet["cells"][0]
    assert (first["head"], first["state"]) == (LEAVE, "found")
    assert sheet["cells"][0]["page"] == 1 and "thirty" in sheet["cells"][0]["value"].lower()

    count = len(chat.replies)
    headers = {"accept": "text/event-stream"}
    with client.stream("POST", f"{STAFF}/sheet", json=asked, headers=headers) as told:
        lines = [line for line in told.iter_lines() if line]
    assert lines[::2] == ["event: cell", "event: cell", "event: done"]
    assert json.loads(lines[-1].removeprefix("data: ")) == sheet
    assert len(chat.replies) == count, "nothing is asked twice"
    wrong = {"columns": ["?"], "documents": None}, {"columns": ["x"], "documents": ["Gone.pdf"]}
    assert [client.post(f"{STAFF}/sheet", json=bad).status_code for bad in wrong] == [400, 404]
    assert client.post("/api/libraries/nowhere/sheet", json=asked).status_code == 404
    dated = {**asked, "filter": {"after": "2999"}}
    told = client.post(f"{STAFF}/sheet", json=dated).json()["error"]["message"]
    assert "fits the filter (since 2999)" in told
