"""How much Streamlit is given to keep: for each sign-in, and in all."""

import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any

from assistant.entrance.asgi import ATTACHED, BYTES, LARGEST
from assistant.entrance.guests import ROLE_HEADER
from assistant.ui.door import Uploads

ROOM = 4 * ATTACHED * BYTES


class Streamlit:
    """Behind its bounds: it keeps what comes, and says 204 to all of it."""

    def __init__(self) -> None:
        self.kept: dict[str, int] = {}
        self.meanwhile: Callable[[], Any] | None = None
        self.bounded = Uploads(self._inner, lambda mark: mark == "adds", self._held, lambda: ROOM)

    def _held(self, tab: str) -> int:
        return self.kept.get(tab, 0) if tab else sum(self.kept.values())

    async def _inner(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if self.meanwhile:
            await self.meanwhile()
        tab = scope["path"].split("/")[3]
        length = next(int(value) for name, value in scope["headers"] if name == b"content-length")
        self.kept[tab] = self.kept.get(tab, 0) + length
        await send({"type": "http.response.start", "status": 204, "headers": []})

    async def put(self, tab: str, size: int | None, who: str = "a", mark: str = "reads") -> int:
        """The status of an upload."""
        headers = [(ROLE_HEADER.encode(), mark.encode()), (b"cookie", f"pincite_1={who}".encode())]
        headers += [] if size is None else [(b"content-length", str(size).encode())]
        scope = {
            "type": "http", "method": "PUT", "path": f"/_stcore/upload_file/{tab}/file",
            "headers": headers, "server": ("127.0.0.1", 1),
        }  # fmt: skip
        statuses: list[int] = []

        async def send(message: MutableMapping[str, Any]) -> None:
            statuses.extend([message["status"]] if "status" in message else [])

        await self.bounded(scope, None, send)  # type: ignore[arg-type]
        return statuses[0]

    def puts(self, *args: Any) -> int:
        return asyncio.run(self.put(*args))


def test_who_reads_has_room_for_one_of_their_largest_files_in_all_tabs() -> None:
    app, half = Streamlit(), ATTACHED * BYTES // 2
    assert app.puts("t1", 2 * half + 1) == 413
    assert app.puts("t1", None) == 411
    assert [app.puts(tab, half) for tab in ("t1", "t2", "t3")] == [204, 204, 507]
    assert app.puts("t4", half, "b") == 204, "another sign-in has its own room"
    del app.kept["t1"]
    assert app.puts("t3", half) == 204, "what was taken away makes room"


def test_all_who_read_leave_a_half_of_the_room_to_who_adds() -> None:
    app, most = Streamlit(), ATTACHED * BYTES
    assert [app.puts(f"t{who}", most, who) for who in "abc"] == [204, 204, 507]
    assert app.puts("t9", LARGEST * BYTES + 1, "o", "adds") == 413
    assert [app.puts("t9", most, "o", "adds") for _ in range(3)] == [204, 204, 507]


def test_what_is_on_its_way_takes_room_until_it_has_come() -> None:
    app, most = Streamlit(), ATTACHED * BYTES
    told: list[int] = []

    async def another() -> None:
        app.meanwhile = None
        told.append(await app.put("t2", 1))

    app.meanwhile = another
    assert app.puts("t1", most) == 204 and told == [507]
    app.kept.clear()
    assert app.puts("t1", most) == 204
