"""What a request misspells is refused: it would ask or list more than was meant."""

import json
from typing import Any

import httpx
import pytest

from tests.assistant.fakes import ScriptedChat
from tests.assistant.team.api.conftest import LEAVE, STAFF


@pytest.mark.parametrize(
    ("method", "path", "body", "named"),
    [
        ("POST", f"{STAFF}/ask", {"question": LEAVE, "document": ["Handbook.pdf"]}, "document: "),
        ("POST", f"{STAFF}/ask", {"question": LEAVE, "filter": {"tag": ["x"]}}, "filter.tag: "),
        ("POST", f"{STAFF}/tags", {"documents": ["Handbook.pdf"], "ad": ["x"]}, "ad: "),
        ("POST", f"{STAFF}/sheet", {"columns": ["x"], "filters": {}}, "filters: "),
        ("PATCH", "/api/conversations/c", {"name": "x"}, "name: "),
        ("GET", f"{STAFF}/documents?tags=contract", None, "tags: there is no such parameter. It"),
        ("GET", f"{STAFF}/search?q=leave&top=3", None, "top: there is no such parameter."),
        ("GET", f"{STAFF}/tags?after=2024", None, "It takes none."),
    ],
)
def test_a_name_that_a_route_does_not_know_is_refused(
    client: httpx.Client, method: str, path: str, body: Any, named: str
) -> None:
    answer = client.request(method, path, json=body)
    assert answer.status_code == 400
    assert named in answer.json()["error"]["message"]


def test_what_openai_has_and_pincite_has_not_is_passed_over_but_not_in_a_filter(
    client: httpx.Client,
) -> None:
    asked = {"model": "staff", "messages": [{"role": "user", "content": LEAVE}], "top_p": 0.5}
    assert client.post("/v1/chat/completions", json=asked).status_code == 200
    assert client.get("/v1/models?api-version=2024-10-21").status_code == 200
    wrong = client.post("/v1/chat/completions", json=asked | {"filter": {"tag": ["law"]}})
    assert wrong.status_code == 400 and "filter.tag: " in wrong.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "told"),
    [
        ("GET", "/api/nothing", "", 404, "/openapi.json lists"),
        ("GET", "/v1/chat/completions", "", 405, "does not take GET, but POST."),
        ("POST", f"{STAFF}/tags", "no json", 400, "The body is not JSON"),
        ("POST", f"{STAFF}/tags", "", 400, "Send a body of JSON"),
        ("GET", f"{STAFF}/search", "", 400, "q: Field required"),
        ("PATCH", "/api/folders/9", '{"name": "x"}', 404, "There is no folder 9."),
        ("DELETE", "/api/folders/9", "", 404, "There is no folder 9."),
        ("GET", "/api/receipts/abcdefgh", "", 404, "There is no receipt"),
    ],
)
def test_an_error_is_a_sentence_that_leads_on_with_the_status_of_its_neighbours(
    client: httpx.Client, method: str, path: str, body: str, status: int, told: str
) -> None:
    answer = client.request(
        method, path, content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == status
    assert told in answer.json()["error"]["message"]


def test_many_mistakes_are_told_in_a_few_words(client: httpx.Client) -> None:
    asked = {"question": LEAVE} | {f"{at:03}{'x' * 1000}": at for at in range(200)}
    wrong = client.post(f"{STAFF}/ask", json=asked).json()["error"]["message"]
    assert wrong.startswith(f"000{'x' * 97}: there is no such field.")
    assert wrong.count("no such field") == 3 and wrong.endswith("; and 197 more")


@pytest.mark.parametrize("body", ['{"question": "x"}', "x"])
def test_a_body_that_does_not_say_that_it_is_json_is_told_to(
    client: httpx.Client, body: str
) -> None:
    for kind in ("application/x-www-form-urlencoded", "text/plain"):
        wrong = client.post(f"{STAFF}/ask", content=body, headers={"content-type": kind})
        assert wrong.status_code == 400
        assert "content-type: application/json" in wrong.json()["error"]["message"]


def test_a_form_field_that_an_upload_does_not_know_is_refused(client: httpx.Client) -> None:
    files = {"files": ("New.txt", b"text")}
    wrong = client.post(f"{STAFF}/documents", files=files, data={"tags": "x"})
    assert wrong.status_code == 400 and "tags: " in wrong.json()["error"]["message"]
    assert len(client.get(f"{STAFF}/documents").json()) == 2, "nothing was added"


def test_the_description_has_the_errors_that_come_and_says_that_a_token_may_be_asked_for(
    client: httpx.Client,
) -> None:
    made = client.get("/openapi.json").json()
    ours = [
        operation
        for path, methods in made["paths"].items()
        if path.startswith(("/api", "/v1"))
        for operation in methods.values()
    ]
    assert all(set(operation["responses"]) == {"200", "4XX"} for operation in ours)
    assert all(operation["security"] for operation in ours)


def test_a_long_list_is_read_in_parts(client: httpx.Client, chat: ScriptedChat) -> None:
    chat.replies *= 2
    every = [row["document"] for row in client.get(f"{STAFF}/documents").json()]
    parts = [
        client.get(f"{STAFF}/documents", params={"limit": 1, "offset": at}).json()
        for at in range(3)
    ]
    assert [row["document"] for part in parts for row in part] == every and len(every) == 2

    for name in "ab":
        asked = {"question": LEAVE, "conversation": name}
        assert client.post(f"{STAFF}/ask", json=asked).status_code == 200
    whole = client.get("/api/conversations").json()
    assert client.get("/api/conversations?limit=1&offset=1").json() == whole[1:]
    found = client.get("/api/conversations?q=leave").json()
    assert client.get("/api/conversations?q=leave&limit=1&offset=1").json() == found[1:]
    assert len(whole) == len(found) == 2


@pytest.mark.parametrize(
    ("wrong", "status", "told"),
    [
        ({"shown": 99}, 404, "no turn 99"),
        ({"folder": 99}, 404, "no folder 99"),
        ({"title": "x" * 201}, 400, "at most 200 characters"),
    ],
)
def test_where_one_change_of_several_is_wrong_nothing_is_changed(
    client: httpx.Client, chat: ScriptedChat, wrong: dict[str, Any], status: int, told: str
) -> None:
    chat.replies *= 2
    for question in (LEAVE, "How do we travel?"):
        asked = {"question": question, "conversation": "talk", "after": 0}
        client.post(f"{STAFF}/ask", json=asked)
    before = client.get("/api/conversations").json()
    [turn] = client.get("/api/conversations/talk/branch").json()
    first = min(turn["versions"])
    assert first != turn["number"]
    changes = {"title": "Other", "pinned": True, "shown": first} | wrong
    refused = client.patch("/api/conversations/talk", json=changes)
    assert refused.status_code == status and told in refused.json()["error"]["message"]
    assert client.get("/api/conversations").json() == before
    assert client.get("/api/conversations/talk/branch").json() == [turn]


@pytest.mark.parametrize("sign", ["\0", "\ud800"])
def test_nul_and_halves_of_characters_are_refused_wherever_they_stand(
    client: httpx.Client, sign: str
) -> None:
    coded = json.dumps(f"a{sign}")
    for path, body in (
        ("/api/folders", f'{{"name": {coded}}}'),
        (f"{STAFF}/ask", f'{{"question": {coded}}}'),
        (f"{STAFF}/tags", f'{{"documents": [{coded}], "add": ["x"]}}'),
        ("/v1/embeddings", f'{{"model": "staff", "input": [{coded}]}}'),
    ):
        answer = client.post(path, content=body, headers={"content-type": "application/json"})
        assert (answer.status_code, "half a character" in answer.text) == (400, True), path


def test_control_signs_are_refused_in_paths_and_in_names(client: httpx.Client) -> None:
    for path in ("documents/a%00.pdf/ledger", "search?q=a%00"):
        assert client.get(f"{STAFF}/{path}").status_code == 400
    form = {"content-type": "multipart/form-data; boundary=B"}
    upload = '--B\r\nContent-Disposition: form-data; name="files"; filename="{}"\r\n\r\n-\r\n--B--'
    refused = [
        client.post("/api/folders", json={"name": "a\x1b[2J"}),
        *(client.post(f"{STAFF}/documents", content=upload.format(name), headers=form)
          for name in ("a\x07.txt", "a\0.txt")),
    ]  # fmt: skip
    for answer in refused:
        assert answer.status_code == 400 and "control sign" in answer.json()["error"]["message"]
