"""Libraries and their documents: tags, adding, removing, and names that are none."""

import io
import json
import zipfile
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from assistant.team.api.served_libraries import Libraries
from tests.assistant.team.api.conftest import LEAVE, STAFF
from tests.pdfs import write_pdf


def test_libraries_and_their_documents_are_listed(client: httpx.Client) -> None:
    assert client.get("/api/libraries").json() == [{"library": "staff"}]
    rows = client.get(f"{STAFF}/documents").json()
    assert [(row["document"], row["pages"]) for row in rows] == [
        ("Handbook.pdf", 1),
        ("Travel.pdf", 1),
    ]


def test_a_library_tells_what_it_is_about(client: httpx.Client, libraries: Libraries) -> None:
    libraries.library("staff").describe("Rules for who works here")
    assert client.get(STAFF).json() == {
        "library": "staff", "description": "Rules for who works here", "documents": 2, "pages": 2,
    }  # fmt: skip
    assert client.get("/api/libraries/none").status_code == 404


def test_documents_are_tagged_and_asked_by_their_tags(client: httpx.Client) -> None:
    wanted = {"documents": ["Travel.pdf"], "add": ["trips", "2024"]}
    assert client.post(f"{STAFF}/tags", json=wanted).json() == {"changed": 1}
    client.post(f"{STAFF}/tags", json={"documents": ["Travel.pdf"], "remove": ["2024"]})
    assert client.get(f"{STAFF}/tags").json() == [{"tag": "trips", "documents": 1}]
    [row] = client.get(f"{STAFF}/documents", params={"tag": "Trips", "after": "2001"}).json()
    assert (row["document"], row["tags"]) == ("Travel.pdf", ["trips"])
    hits = client.get(f"{STAFF}/search", params={"q": LEAVE, "tag": "trips"}).json()
    assert {hit["document"] for hit in hits} == {"Travel.pdf"}
    asked = {"question": LEAVE, "filter": {"tags": ["trips"], "after": "2001"}}
    answer = client.post(f"{STAFF}/ask", json=asked).json()
    assert answer["filter"] == asked["filter"]
    assert {passage["document"] for passage in answer["passages"]} == {"Travel.pdf"}


@pytest.mark.parametrize(
    ("filter", "why"),
    [
        ({"tags": ["law"]}, "No document of staff fits the filter (tag law)."),
        ({"before": "soon"}, "'soon' is no date"),
        ({"tags": [""]}, "cannot be a tag"),
    ],
)
def test_a_filter_that_leaves_nothing_or_is_none_is_told(
    client: httpx.Client, filter: dict[str, object], why: str
) -> None:
    answer = client.post(f"{STAFF}/ask", json={"question": LEAVE, "filter": filter})
    assert answer.status_code == 400 and why in answer.json()["error"]["message"]
    given = {"q": LEAVE, "tag": filter.get("tags", []), "before": filter.get("before", "")}
    found = client.get(f"{STAFF}/search", params=given)  # type: ignore[arg-type]
    assert found.status_code == 400 and why in found.json()["error"]["message"]


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
        (f"{STAFF}/documents/Handbook.pdf/pages/{10**30}", 400),
        (f"{STAFF}/documents/Handbook.pdf/pages/1.png?box=wrong", 400),
        (f"{STAFF}/documents/Handbook.pdf/pages/1.png?box=9,9,1,1", 400),
        (f"{STAFF}/documents/Handbook.pdf/pages/1.png?box=0,0,inf,nan", 400),
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


@pytest.mark.parametrize("name", ["%2e%2e", "a b", "x" * 65])
def test_a_library_is_made_by_no_name_that_is_no_folder_of_its_own(
    client: httpx.Client, libraries: Libraries, name: str
) -> None:
    url = httpx.URL(f"{client.base_url}/").copy_with(
        raw_path=f"/api/libraries/{name}/documents".encode()
    )
    answer = client.post(url, files={"files": ("a.txt", b"text")})
    assert answer.status_code == 400
    assert "cannot be the name of a library" in answer.json()["error"]["message"]
    assert sorted(path.name for path in libraries.settings.home.iterdir()) == ["libraries"]
    assert libraries.names() == ["staff"]


@pytest.mark.parametrize("name", ["..", "x" * 300])
def test_what_cannot_be_the_name_of_a_file_is_said_without_our_folders(
    client: httpx.Client, libraries: Libraries, name: str
) -> None:
    answer = client.post("/api/libraries/new/documents", files={"files": (name, b"text")})
    assert answer.status_code == 400
    told = answer.json()["error"]["message"]
    assert "cannot be the name of a file" in told
    assert str(libraries.settings.home) not in told
    assert libraries.names() == ["staff"]


def test_a_file_is_named_without_its_folders(client: httpx.Client, libraries: Libraries) -> None:
    text = b"Bread is baked on Mondays."
    done = client.post(f"{STAFF}/documents", files={"files": ("../../../Bread.txt", text)})
    assert done.json()["added"] == 1
    assert "Bread.txt" in {row["document"] for row in client.get(f"{STAFF}/documents").json()}
    assert not list(libraries.settings.home.parent.rglob("Bread.txt"))


def test_a_document_in_an_archive_is_read_and_removed(client: httpx.Client) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inner/Bread.txt", "Bread is baked on Mondays.")
    client.post(f"{STAFF}/documents", files={"files": ("all.zip", packed.getvalue())})
    [name] = [
        row["document"] for row in client.get(f"{STAFF}/documents").json()
        if "Bread" in row["document"]
    ]  # fmt: skip
    assert "/" in name
    place = f"{STAFF}/documents/{quote(name)}"
    assert "Mondays" in client.get(f"{place}/pages/1").json()["lines"][0]["text"]
    assert client.delete(place).json() == {"removed": 1}
