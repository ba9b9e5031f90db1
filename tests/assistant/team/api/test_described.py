"""The description of the API: examples that hold, and a page that loads nothing from elsewhere."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from assistant.team.api.application import examples
from tests.assistant.team.api.conftest import LEAVE, STAFF

MINE = {"library": "staff", "document": "Handbook.pdf", "number": 1, "name": "staff"}
# Answered by a scripted model, without its receipt, or changed by another request before.
ELSEWHERE = (
    "conversations", "folders", "receipts", "/documents/{document}", "suggestions", "sources",
    "readyz",
)  # fmt: skip


@pytest.fixture
def operations(client: httpx.Client) -> dict[str, dict[str, Any]]:
    """By method and path."""
    paths = client.get("/openapi.json").json()["paths"]
    return {
        f"{method.upper()} {path}": operation
        for path, methods in paths.items()
        for method, operation in methods.items()
    }


def json_of(part: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = part.get("content", {}).get("application/json", {})
    return found


def test_each_body_has_an_example(
    operations: dict[str, dict[str, Any]],
) -> None:
    lacking = [
        place
        for place, one in operations.items()
        if "schema" in json_of(one.get("requestBody", {}))
        and "example" not in json_of(one["requestBody"])
    ]
    assert lacking == []
    answered = [place for place, one in operations.items() if json_of(one["responses"]["200"])]
    told = [
        place for place in answered if "example" in json_of(operations[place]["responses"]["200"])
    ]
    assert len(told) > 30 and len(told) > 0.7 * len(answered)


def test_each_route_has_an_example_of_the_sample_company(
    operations: dict[str, dict[str, Any]],
) -> None:
    assert examples().keys() == operations.keys()
    named = {
        value
        for one in examples().values()
        for part in (one["path"], one["request"] or {})
        for name, value in part.items()
        if name in ("library", "model") or (name == "name" and part is one["path"])
    }
    assert named == {"samples"}


def requests() -> Iterator[Any]:
    for place, one in examples().items():
        if one["request"] is not None:
            yield pytest.param(*place.split(" ", 1), one, id=place)


@pytest.mark.parametrize(("method", "path", "example"), [*requests()])
def test_the_body_of_an_example_is_taken(
    client: httpx.Client, method: str, path: str, example: dict[str, Any]
) -> None:
    """Of a library that is not there it says just that: the body has been read before."""
    at = path.format(**{**example["path"], "library": "nowhere", "conversation": "nothing"})
    body = {**example["request"]}
    if "model" in body:
        body["model"] = "nowhere"
    answer = client.request(method, at, json=body)
    assert answer.status_code in (200, 404), answer.text
    if path != "/api/folders":
        assert "There is no" in answer.json()["error"]["message"]


def alike() -> list[str]:
    return [
        place
        for place, one in examples().items()
        if "response" in one and not any(word in place for word in ELSEWHERE)
    ]


@pytest.mark.parametrize("place", [
    *alike(), "GET /api/libraries/{library}/documents/{document}/pages/{number}",
    "GET /api/libraries/{library}/documents/{document}/ledger",
])  # fmt: skip
def test_an_answer_has_the_fields_of_its_example(client: httpx.Client, place: str) -> None:
    client.post(f"{STAFF}/tags", json={"documents": ["Handbook.pdf"], "add": ["it"]})
    method, path = place.split(" ", 1)
    example = examples()[place]
    body = example["request"]
    if body is not None:
        mine = {"model": "staff", "documents": ["Handbook.pdf"], "question": LEAVE}
        body = {name: mine.get(name, value) for name, value in body.items()}
    files = {"files": ("Parking.txt", b"Guests park free.")} if path.endswith("documents") else None
    answer = client.request(
        method, path.format(**{**example["path"], **MINE}), params=example["query"], json=body,
        files=files if method == "POST" else None,
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    assert fields(answer.json()) == fields(example["response"])


def fields(value: Any) -> Any:
    """The names in a row, or in the first of a list."""
    first = value[0] if isinstance(value, list) and value else value
    return sorted(first) if isinstance(first, dict) else type(first)


def test_the_page_loads_nothing_from_elsewhere(client: httpx.Client) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    files = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(files) == 3 and all(file.startswith(("/docs/files/", "data:")) for file in files)
    assert all(client.get(file).status_code == 200 for file in files if file.startswith("/"))
    assert '"validatorUrl": null' in page.text, "a badge of its makers' server"
    assert "default-src 'none'; connect-src 'self'" in page.headers["content-security-policy"]
