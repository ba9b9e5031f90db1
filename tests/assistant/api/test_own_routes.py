"""Libraries, documents, pages, search and answers."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from urllib.parse import quote

import httpx
import pytest
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk

from assistant.answering.passages.budget import Budget
from assistant.api.libraries import Libraries
from assistant.build.composition import Answering
from assistant.settings import Settings
from assistant.tools.answer import AnswerTool
from tests.assistant.api.conftest import LEAVE, SAID, Server
from tests.assistant.fakes import ScriptedChat, WordEmbedder
from tests.pdfs import write_pdf
from vectorstore.errors import LibraryError
from vectorstore.library import Library

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
        ({"tags": ["law"]}, "no document for this question: asked in tag law."),
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


def test_a_model_that_cannot_be_loaded_is_said_at_the_start_and_to_each_question(
    libraries: Libraries, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: Settings) -> Answering:
        raise LibraryError("There is no such reranker.")

    running = Server(Libraries(libraries.settings, broken, libraries._library))
    with running.client() as client:
        answer = client.post(f"{STAFF}/ask", json={"question": LEAVE})
        assert client.get("/readyz").status_code == 503
    running.stop()
    assert "no such reranker" in answer.json()["error"]["message"]
    assert "pincite: There is no such reranker." in capsys.readouterr().err


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


def test_an_error_that_nobody_foresaw_is_one_of_the_server_with_a_sentence(
    client: httpx.Client, libraries: Libraries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libraries, "names", lambda: 1 / 0)
    answer = client.get("/api/libraries")
    assert answer.status_code == 500
    assert "unexpectedly" in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", [f"{STAFF}/ask", "/v1/chat/completions"])
def test_an_answer_stops_when_its_client_goes(
    client: httpx.Client, chat: ScriptedChat, path: str
) -> None:
    answering = Event()
    stopped = Event()

    def waits(*_: object, cancel: Event, **__: object) -> Iterator[ChatGenerationChunk]:
        answering.set()
        if cancel.wait(20):
            stopped.set()
        yield ChatGenerationChunk(message=AIMessageChunk(content=SAID))

    user = {"role": "user", "content": LEAVE}
    asked = {"question": LEAVE, "model": "staff", "messages": [user]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ScriptedChat, "_stream", lambda _, *given, **named: waits(*given, **named))
        with pytest.raises(httpx.ReadTimeout):
            client.post(path, json=asked, timeout=httpx.Timeout(30, read=3))
        assert answering.wait(10)
        assert stopped.wait(10)


def test_documents_are_listed_while_the_chat_model_is_loaded(tmp_path: Path) -> None:
    loading, go_on = Event(), Event()

    def slowly(_: Settings) -> Answering:
        loading.set()
        go_on.wait(20)
        return Answering(AnswerTool(None, Budget()), "none")

    home = Settings(home=tmp_path)
    libraries = Libraries(
        home, slowly, lambda home, name, _: Library(tmp_path / name, name, WordEmbedder)
    )
    loader = Thread(target=libraries.load)
    loader.start()
    assert loading.wait(10)
    listed = Event()
    Thread(target=lambda: (libraries.library("new", True), listed.set()), daemon=True).start()
    assert listed.wait(10)
    go_on.set()
    loader.join()
    libraries.close()


def test_health_and_readiness(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    client.post(f"{STAFF}/ask", json={"question": LEAVE})
    assert client.get("/readyz").json() == {"status": "ready"}


def test_a_conversation_stays_with_its_library(client: httpx.Client) -> None:
    files = {"files": ("train.txt", b"We travel by train.")}
    assert client.post("/api/libraries/other/documents", files=files).status_code == 200
    asked = {"question": LEAVE, "conversation": "leave"}
    told = [client.post(f"/api/libraries/{name}/ask", json=asked) for name in ("staff", "other")]
    assert [answer.status_code for answer in told] == [200, 400]
    assert "about the library 'staff'" in told[1].json()["error"]["message"]
    assert len(client.get("/api/conversations/leave").json()) == 1


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
