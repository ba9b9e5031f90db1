"""The protocol's own client, in the process, over HTTP and over standard input."""

import asyncio
import json
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from mcp import Client, MCPError, StdioServerParameters, types

from assistant.team.accounts import LOCAL, Person
from assistant.team.api import mcp_server
from assistant.team.api.served_libraries import Libraries
from tests.assistant.team.api.conftest import LEAVE, SAID, Server
from tests.conftest import PROJECT
from tests.pdfs import write_pdf

STAFF = {"library": "staff"}


def uri(library: str, document: str, page: int) -> str:
    return f"pincite://{library}/{quote(document, safe='')}/{page}"


def call(server: Any, tool: str, **given: Any) -> Any:
    """What a tool returns; its error as MCPError."""
    return asyncio.run(_call(server, tool, given))


async def _call(server: Any, tool: str, given: dict[str, Any], agrees: bool | None = None) -> Any:
    async def elicited(_: Any, asked: Any) -> types.ElicitResult:
        assert "Add" in asked.message
        if agrees is None:
            return types.ElicitResult(action="decline")
        return types.ElicitResult(action="accept", content={"add": agrees})

    async with Client(server, elicitation_callback=elicited) as client:
        done = await client.call_tool(tool, given)
    if done.is_error:
        raise MCPError(0, done.content[0].text)  # type: ignore[union-attr]
    found = done.structured_content
    return found["result"] if found and "result" in found else found


def test_documents_are_listed_searched_and_read(libraries: Libraries) -> None:
    server = mcp_server.server(libraries, changes=False)
    assert call(server, "list_libraries") == ["staff"]
    names = [row["document"] for row in call(server, "list_documents", **STAFF)]
    assert names == ["Handbook.pdf", "Travel.pdf"]
    [hit] = call(server, "search", **STAFF, query="days of leave", k=1)
    assert hit["document"] == "Handbook.pdf"
    assert SAID in call(server, "read_page", **STAFF, document="Handbook.pdf", page=1)


def test_documents_with_a_tag_are_listed_searched_and_asked(libraries: Libraries) -> None:
    server = mcp_server.server(libraries, changes=False)
    libraries.library("staff").tags.change(["Travel.pdf"], add=["trips"])
    trips = {**STAFF, "tags": ["trips"], "after": "2001"}
    [row] = call(server, "list_documents", **trips)
    assert (row["document"], row["tags"]) == ("Travel.pdf", ["trips"])
    assert {hit["document"] for hit in call(server, "search", **trips, query=LEAVE)} == {
        "Travel.pdf"
    }
    answer = call(server, "ask", **trips, question=LEAVE)
    assert {passage["document"] for passage in answer["passages"]} == {"Travel.pdf"}
    with pytest.raises(MCPError, match=r"filter \(tag law\)"):
        call(server, "ask", **STAFF, question=LEAVE, tags=["law"])


def test_an_argument_that_a_tool_does_not_have_is_refused(libraries: Libraries) -> None:
    server = mcp_server.server(libraries, changes=False)
    with pytest.raises(MCPError, match=r"search has no argument tag\. It takes .*tags"):
        call(server, "search", **STAFF, query=LEAVE, tag=["law"])
    with pytest.raises(MCPError, match="no argument verbose"):
        call(server, "list_libraries", verbose=True)


def test_a_question_gets_the_answer_document(libraries: Libraries) -> None:
    answer = call(mcp_server.server(libraries, changes=False), "ask", **STAFF, question=LEAVE)
    assert answer["answer"] == SAID
    assert answer["citations"][0]["page"] == 1


@pytest.mark.parametrize("tool, given", [
    ("list_libraries", {}), ("list_documents", STAFF), ("search", {**STAFF, "query": "leave"}),
    ("ask", {**STAFF, "question": LEAVE}),
    ("read_page", {**STAFF, "document": "Handbook.pdf", "page": 1}),
])  # fmt: skip
def test_other_clients_go_on_while_the_database_is_asked_who_somebody_is(
    libraries: Libraries, tool: str, given: dict[str, Any]
) -> None:
    asked_in = []

    def who(_: Any) -> Person:
        asked_in.append(threading.current_thread())
        return LOCAL

    call(mcp_server.server(libraries, changes=False, who=who), tool, **given)
    assert asked_in and threading.main_thread() not in asked_in  # which runs all requests


def test_a_page_is_a_resource(libraries: Libraries) -> None:
    async def read() -> str:
        async with Client(mcp_server.server(libraries, changes=False)) as client:
            found = await client.read_resource(uri("staff", "Handbook.pdf", 1))
            return str(found.contents[0].text)  # type: ignore[union-attr]

    assert SAID in asyncio.run(read())


def test_a_resource_of_any_name_is_found_and_one_that_is_not_there_is_said(
    libraries: Libraries, tmp_path: Path
) -> None:
    async def read() -> str:
        async with Client(mcp_server.server(libraries, changes=False)) as client:
            with pytest.raises(MCPError, match=r"Handbook\.pdf has no page 7"):
                await client.read_resource(uri("staff", "Handbook.pdf", 7))
            found = await client.read_resource(uri("staff", name, 1))
            return str(found.contents[0].text)  # type: ignore[union-attr]

    name = "50%20off & more.pdf"
    write_pdf(tmp_path / name, ["All is cheaper."])
    libraries.library("staff").add([tmp_path / name])
    assert "cheaper" in asyncio.run(read())


def test_a_page_beyond_all_numbers_is_not_there(libraries: Libraries) -> None:
    server = mcp_server.server(libraries, changes=False)
    with pytest.raises(MCPError, match="no page"):
        call(server, "read_page", **STAFF, document="Handbook.pdf", page=10**30)


@pytest.mark.parametrize(("library", "folder"), [("staff", True), ("../x", False)])
def test_a_folder_is_no_file_and_a_path_is_no_library(
    libraries: Libraries, tmp_path: Path, library: str, folder: bool
) -> None:
    file = write_pdf(tmp_path / "Travel.pdf", ["We travel by train."])
    given = {"library": library, "path": str(tmp_path if folder else file)}
    told = "is not a file" if folder else "cannot be the name"
    with pytest.raises(MCPError, match=told):
        asyncio.run(_call(mcp_server.server(libraries, changes=True), "add_document", given, True))


def test_an_error_is_a_sentence(libraries: Libraries) -> None:
    server = mcp_server.server(libraries, changes=False)
    with pytest.raises(MCPError, match="no library 'other'"):
        call(server, "search", library="other", query="leave")


def test_over_http_too_and_nothing_can_be_added_there(server: Server) -> None:
    assert call(f"{server.address}/mcp", "list_libraries") == ["staff"]
    with pytest.raises(MCPError):
        call(f"{server.address}/mcp", "add_document", **STAFF, path="a.pdf")


@pytest.mark.parametrize("agrees", [True, False, None])
def test_a_file_is_added_when_the_person_agrees(
    libraries: Libraries, tmp_path: Path, agrees: bool | None
) -> None:
    path = tmp_path / "New.pdf"
    write_pdf(path, ["Bread is baked on Mondays."])
    server = mcp_server.server(libraries, changes=True)
    given = {**STAFF, "path": str(path)}
    if agrees:
        assert asyncio.run(_call(server, "add_document", given, agrees))["added"] == 1
        return
    with pytest.raises(MCPError, match="did not agree"):
        asyncio.run(_call(server, "add_document", given, agrees))
    assert len(libraries.library("staff").documents()) == 2


def test_the_command_speaks_the_protocol_and_nothing_else(tmp_path: Path) -> None:
    start = "import sys; from assistant.cli.main import main; sys.exit(main())"
    command = StdioServerParameters(
        command=sys.executable,
        args=["-c", start, "mcp"],
        env={"PINCITE_HOME": str(tmp_path), "PYTHONPATH": str(PROJECT)},
    )
    assert call(command, "list_libraries") == []
    assert json.dumps(call(command, "list_libraries")) == "[]"


def test_over_http_the_server_keeps_nothing_of_a_client(server: Server) -> None:
    told = {"name": "test", "version": "1"}
    given = {"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": told}
    asked = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": given}
    accept = {"accept": "application/json, text/event-stream"}
    with server.client() as client:
        begun = client.post("/mcp", json=asked, headers=accept)
        assert begun.status_code == 200 and "mcp-session-id" not in begun.headers
        told["name"] = "x" * (1 << 20)
        assert client.post("/mcp", json=asked, headers=accept).status_code == 413
