"""Libraries, documents, pages, search and answers."""

import json
from pathlib import Path

import httpx
import pytest

from tests.assistant.api.conftest import LEAVE, SAID
from tests.pdfs import write_pdf

STAFF = "/api/libraries/staff"


def test_libraries_and_their_documents_are_listed(client: httpx.Client) -> None:
    assert client.get("/api/libraries").json() == [{"library": "staff"}]
    rows = client.get(f"{STAFF}/documents").json()
    assert [(row["document"], row["pages"]) for row in rows] == [
        ("Handbook.pdf", 1),
        ("Travel.pdf", 1),
    ]


def test_a_passage_is_found(client: httpx.Client) -> None:
    first, *_ = client.get(f"{STAFF}/search", params={"q": "days of leave", "k": 1}).json()
    assert (first["document"], first["page"]) == ("Handbook.pdf", 1)
    assert SAID in first["text"]


def test_a_question_gets_the_answer_document(client: httpx.Client) -> None:
    answer = client.post(f"{STAFF}/ask", json={"question": LEAVE}).json()
    assert answer["answer"] == SAID
    assert answer["citations"][0]["document"] == "Handbook.pdf"


def test_a_page_has_lines_with_boxes_and_a_picture_with_marks(client: httpx.Client) -> None:
    page = client.get(f"{STAFF}/documents/Handbook.pdf/pages/1").json()
    box = page["lines"][0]["box"]
    marked = {"box": ",".join(map(str, box))}
    plain = client.get(f"{STAFF}/documents/Handbook.pdf/pages/1.png")
    pen = client.get(f"{STAFF}/documents/Handbook.pdf/pages/1.png", params=marked)
    assert plain.headers["content-type"] == "image/png"
    assert plain.content[:4] == pen.content[:4] == b"\x89PNG"
    assert plain.content != pen.content


def test_files_are_added_and_removed(client: httpx.Client, tmp_path: Path) -> None:
    path = tmp_path / "New.pdf"
    write_pdf(path, ["# Bread", "", "Bread is baked on Mondays."])
    done = client.post(f"{STAFF}/documents", files={"files": ("New.pdf", path.read_bytes())})
    assert (done.json()["added"], done.json()["failed"]) == (1, [])
    assert client.get(f"{STAFF}/search", params={"q": "bread"}).json()[0]["document"] == "New.pdf"
    assert client.delete(f"{STAFF}/documents/New.pdf").json() == {"removed": 1}
    assert len(client.get(f"{STAFF}/documents").json()) == 2


def test_a_client_may_watch_how_far_an_upload_is(client: httpx.Client, tmp_path: Path) -> None:
    path = tmp_path / "New.pdf"
    write_pdf(path, ["Bread is baked on Mondays."])
    told = client.post(
        "/api/libraries/bakery/documents",
        files={"files": ("New.pdf", path.read_bytes())},
        headers={"accept": "text/event-stream"},
    ).text
    last = told.strip().split("\n\n")[-1].splitlines()
    assert last[0] == "event: done"
    assert json.loads(last[1].removeprefix("data: "))["added"] == 1


def test_a_file_that_cannot_be_read_is_named(client: httpx.Client) -> None:
    done = client.post(f"{STAFF}/documents", files={"files": ("Broken.pdf", b"no pdf")}).json()
    assert done["added"] == 0
    assert done["failed"][0]["document"] == "Broken.pdf"
    assert done["failed"][0]["error"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/libraries/other/documents", 404),
        (f"{STAFF}/documents/Nothing.pdf/pages/1", 404),
        (f"{STAFF}/documents/Handbook.pdf/pages/7", 404),
        (f"{STAFF}/documents/Handbook.pdf/pages/1.png?box=wrong", 400),
        (f"{STAFF}/search?q=leave&k=0", 400),
        ("/api/nothing", 404),
    ],
)
def test_what_is_not_there_is_an_error_with_a_sentence(
    client: httpx.Client, path: str, status: int
) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_health_and_readiness(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    client.post(f"{STAFF}/ask", json={"question": LEAVE})
    assert client.get("/readyz").json() == {"status": "ready"}
