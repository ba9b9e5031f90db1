"""Stands between door and Streamlit: files on their way into the app's memory.

Streamlit keeps what is uploaded in memory until the tab has gone, and takes a file for any id from
who has a tab, whether or not a page has drawn a field for it. It cannot be asked which fields are
drawn: it makes ids for whoever asks for them. So the bytes are bounded.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from assistant.entrance.asgi import Asgi, Receive, Scope, Send, answer, cookie_of, headers_of
from assistant.entrance.roles import HEADER
from assistant.ui.door.door import cookie_name
from assistant.uploads.sizes import ATTACHED, BYTES, LARGEST

_PATH = "/_stcore/upload_file/"
_NO_LENGTH = 411, "Say how long the file is (Content-Length)."
_TOO_LARGE = 413, "This file is larger than you may send."
_FULL = 507, "The app holds too many files now. Take some away, or try again later."


class Uploads:
    """An ASGI application before another one. For each sign-in it counts what its tabs hold and
    what is on its way."""

    def __init__(
        self, inner: Asgi, adds: Callable[[str], bool], held: Callable[[str], int],
        most: Callable[[], int],
    ) -> None:  # fmt: skip
        """`adds`: whether who has a mark of the door may add files to libraries. `held` are the
        bytes of a tab, of all tabs for an empty name; `most` those that the app has room for."""
        self._inner, self._adds, self._held, self._most = inner, adds, held, most
        self._coming: Counter[str] = Counter()  # bytes, by the cookie of the door
        self._whose: dict[str, str] = {}  # the cookie of each tab that holds files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See https://asgi.readthedocs.io/en/latest/specs/www.html."""
        if not (scope.get("path", "").startswith(_PATH) and scope.get("method") == "PUT"):
            await self._inner(scope, receive, send)
            return
        asked = headers_of(scope)
        adds = await asyncio.to_thread(self._adds, asked.get(HEADER, ""))
        who = cookie_of(asked.get("cookie", ""), cookie_name(scope))
        self._note(scope["path"].removeprefix(_PATH).partition("/")[0], who)
        length = asked.get("content-length", "")
        with self._room(who, int(length) if length.isdecimal() else -1, adds) as refusal:
            if refusal:
                await answer(send, *refusal)
            else:
                await self._inner(scope, receive, send)

    def _note(self, tab: str, who: str) -> None:
        kept = {each: owner for each, owner in self._whose.items() if self._held(each)}
        self._whose = {**kept, tab: who}

    @contextmanager
    def _room(self, who: str, size: int, adds: bool) -> Iterator[tuple[int, str] | None]:
        """Room for so many bytes while they come; or why there is none."""
        refusal = self._refusal(who, size, adds)
        size = 0 if refusal else size
        self._coming[who] += size
        try:
            yield refusal
        finally:
            self._coming[who] -= size
            self._coming += Counter()  # forgets who is at zero

    def _refusal(self, who: str, size: int, adds: bool) -> tuple[int, str] | None:
        """Who may only read has room for one of their largest files; and all of them for a half of
        what there is, so that the other half is left to who adds."""
        if size < 0:
            return _NO_LENGTH
        if size > (LARGEST if adds else ATTACHED) * BYTES:
            return _TOO_LARGE
        tabs = [tab for tab, owner in self._whose.items() if owner == who]
        own = self._coming[who] + sum(map(self._held, tabs)) + size
        of_all = self._coming.total() + self._held("") + size
        room = self._most() // (1 if adds else 2)
        return _FULL if of_all > room or own > (room if adds else ATTACHED * BYTES) else None
