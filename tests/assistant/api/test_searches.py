"""Searches wait for each other, up to a bound, whichever way they come."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from assistant.api.libraries import Libraries
from assistant.api.searches import Searches
from tests.assistant.api.conftest import LEAVE, Server
from tests.assistant.main_library import eventually
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
    libraries.searches = Searches(at_once=1, most=2)
    try:
        with ThreadPoolExecutor(2) as threads:
            first = threads.submit(client.get, SEARCH, params={"q": LEAVE}, timeout=120)
            second = threads.submit(asyncio.run, by_protocol())
            assert eventually(lambda: libraries.searches._here == 2)
            refused = client.get(SEARCH, params={"q": LEAVE})
            assert refused.status_code == 429
            assert "2 searches are under way" in asyncio.run(by_protocol())
            going.set()
            assert first.result(120).json()[0]["document"] == "Handbook.pdf"
            assert "Handbook.pdf" in second.result(120)
    finally:
        going.set()
    assert client.get(SEARCH, params={"q": LEAVE}).status_code == 200
