"""What takes long waits for its turn, up to a bound, whichever way it is asked for."""

import asyncio
import json
import os
import select
import socket
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from starlette.requests import Request

from assistant.sheet.fill import Sheet
from assistant.team.accounts import LOCAL, Person
from assistant.team.api.served_libraries import Libraries
from assistant.team.api.turns import Place, TooManyRequests, Turns
from assistant.wiring.people import home_accounts, tokens
from ingest.sandbox.page_drawings import Drawings
from tests.assistant.fakes import WordEmbedder
from tests.assistant.main_library import eventually
from tests.assistant.team.api.conftest import LEAVE, STAFF, Server
from vectorstore.library import Library

SEARCH = "/api/libraries/staff/search"


def test_a_search_too_many_is_refused_by_either_way(
    libraries: Libraries, server: Server, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    going, searched = threading.Event(), Library.search

    def slowly(*given: Any, **named: Any) -> Any:
        assert going.wait(120)
        return searched(*given, **named)

    async def by_protocol() -> str:
        async with Client(streamable_http_client(f"{server.address}/mcp")) as spoken:
            given = {"library": "staff", "query": LEAVE}
            return (await spoken.call_tool("search", given)).model_dump_json()

    monkeypatch.setattr(Library, "search", slowly)
    libraries.turns["searches"] = Turns("searches", at_once=1, most=2)
    try:
        with ThreadPoolExecutor(2) as threads:
            first = threads.submit(client.get, SEARCH, params={"q": LEAVE}, timeout=120)
            second = threads.submit(asyncio.run, by_protocol())
            assert eventually(lambda: libraries.turns["searches"].here == 2)
            refused = client.get(SEARCH, params={"q": LEAVE})
            assert refused.status_code == 429
            assert "2 searches are under way" in asyncio.run(by_protocol())
            going.set()
            assert first.result(120).json()[0]["document"] == "Handbook.pdf"
            assert "Handbook.pdf" in second.result(120)
    finally:
        going.set()
    assert client.get(SEARCH, params={"q": LEAVE}).status_code == 200


EMBEDDINGS = ("POST", "/v1/embeddings", {"model": "staff", "input": ["a text"] * 40})
SHEET = ("POST", f"{STAFF}/sheet", {"columns": ["How long is leave?"]})
PICTURE = ("GET", f"{STAFF}/documents/Handbook.pdf/pages/1.png", None)


@pytest.mark.parametrize(
    ("kind", "asked", "work"),
    [("embeddings", EMBEDDINGS, (WordEmbedder, "passages")), ("sheets", SHEET, (Sheet, "_cell")),
     ("pictures", PICTURE, (Drawings, "draw"))],
)  # fmt: skip
def test_a_reader_who_asks_for_much_keeps_nobody_else_from_an_answer_and_leaves_no_work(
    libraries: Libraries, server: Server, monkeypatch: pytest.MonkeyPatch,
    kind: Any, asked: tuple[str, str, Any], work: tuple[Any, str],
) -> None:  # fmt: skip
    token = {}
    for name in ("ann", "bob"):
        made = home_accounts(libraries.settings).add(name, "correct horse battery", "owner")
        token[name] = tokens(libraries.settings).add(made, "program", "reader")
    going, begun, really = threading.Event(), [], getattr(*work)

    def slowly(*given: Any, **named: Any) -> Any:
        begun.append(1)
        assert going.wait(240)
        return really(*given, **named)

    watch, gone = Place.watch, []

    async def noticed(place: Place, request: Request) -> None:
        await watch(place, request)
        gone.append(place)

    monkeypatch.setattr(*work, slowly)
    monkeypatch.setattr(Place, "watch", noticed)
    open_ = [_sent(server, token["ann"], *asked) for _ in range(45)]
    try:
        assert eventually(lambda: libraries.turns[kind].here == 16)
        with server.client(token["bob"]) as bob:
            assert bob.get("/healthz").status_code == 200
            assert bob.get("/readyz").json()["status"] in ("loading", "ready")
            assert [row["id"] for row in bob.get("/v1/models").json()["data"]] == ["staff"]
        assert eventually(lambda: len(_answered(open_)) >= 29)
        refused = _answered(open_)
        assert Counter(map(_status, refused)) == {429: 29}
        for one in open_:
            one.close()
        assert eventually(lambda: len(gone) == 16)
    finally:
        going.set()
    assert eventually(lambda: libraries.turns[kind].here == 0)
    assert len(begun) <= (os.cpu_count() or 1), "who had gone before its turn had no work done"


def _sent(server: Server, token: str, method: str, path: str, body: Any) -> socket.socket:
    port, data = int(server.address.rpartition(":")[2]), json.dumps(body) if body else ""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    made = socket.create_connection(("127.0.0.1", port), 60)
    made.sendall((head + data).encode())
    return made


def _answered(open_: list[socket.socket]) -> list[socket.socket]:
    ready: list[socket.socket] = select.select(open_, [], [], 0)[0]
    return ready


def _status(one: socket.socket) -> int:
    return int(one.recv(100).split()[1])


def test_one_person_has_a_part_of_the_room() -> None:
    async def taken() -> int:
        turns, ann, bob = Turns("sheets", most=8), Person("1", "ann", "reader"), LOCAL
        async with turns.place(ann), turns.place(ann):
            with pytest.raises(TooManyRequests, match="2 sheets of yours are under way"):
                await turns.place(ann).__aenter__()
            async with AsyncExitStack() as stack:
                for _ in range(6):
                    await stack.enter_async_context(turns.place(bob))
                with pytest.raises(TooManyRequests, match="8 sheets are under way"):
                    await turns.place(bob).__aenter__()
        async with turns.place(ann):
            return turns.here

    assert asyncio.run(taken()) == 1
