"""Lets requests that take long wait for each other, so that none of them keeps a thread, or
Python's interpreter, from the others; no person has all the room, and who goes away leaves it.
"""

import asyncio
import logging
import os
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Literal, TypeVar

from anyio import CancelScope, CapacityLimiter
from anyio.to_thread import run_sync
from starlette.exceptions import HTTPException
from starlette.requests import Request

from assistant.contract.reply import Reply
from assistant.errors import AssistantError
from assistant.team.accounts import Person

Kind = Literal["answers", "searches", "sheets", "embeddings", "pictures"]

_MOST = 64  # requests of a kind, at work or waiting for their turn
_PART = 4  # so many people share the room, if each takes what they may
_LOOKS = 0.3  # seconds between two looks whether the client is still there

Found = TypeVar("Found")


class TooManyRequests(AssistantError):
    """So many requests of a kind are under way that one more would wait for long."""


class ClientGone(HTTPException):
    """Nobody waits for the answer any more."""

    def __init__(self) -> None:
        super().__init__(499, "The client has gone.")


class Place:
    """The room of one request, whose steps wait here for their turn."""

    def __init__(self, threads: CapacityLimiter) -> None:
        self.left = threading.Event()  # set when the client has gone
        self._threads, self._waiting = threads, CancelScope()

    async def do(self, step: Callable[[], Found]) -> Found:
        """What a step of the work returns, which a thread does in its turn. Raises ClientGone."""
        with CancelScope() as self._waiting:
            if not self.left.is_set():
                return await run_sync(step, limiter=self._threads)
        raise ClientGone

    async def watch(self, request: Request) -> None:
        """Return when the client has gone; steps that wait are not done then."""
        while not await request.is_disconnected():
            await asyncio.sleep(_LOOKS)
        self.left.set()
        self._waiting.cancel()


class Turns:
    """Of one kind of work of a server, in its event loop, whichever way it is asked for."""

    def __init__(self, kind: Kind, at_once: int = os.cpu_count() or 1, most: int = _MOST) -> None:
        """`at_once`: steps; `most`: requests."""
        self._kind, self._most, self._threads = kind, most, CapacityLimiter(at_once)
        self._here: Counter[str] = Counter()  # requests of each person

    @property
    def here(self) -> int:
        """The requests that are at work or wait for their turn."""
        return self._here.total()

    @asynccontextmanager
    async def place(self, person: Person, request: Request | None = None) -> AsyncIterator[Place]:
        """Room for a request until its end, or until its client goes away. Raises
        TooManyRequests."""
        whose = person.id or person.role  # visitors are not told apart
        most = self._most if whose == "owner" else max(self._most // _PART, 1)
        if self.here >= self._most or self._here[whose] >= most:
            many, by = (most, " of yours") if self.here < self._most else (self._most, "")
            raise TooManyRequests(f"{many} {self._kind}{by} are under way. Try again in a while.")
        self._here[whose] += 1
        place = Place(self._threads)
        watch = asyncio.create_task(place.watch(request)) if request else None
        try:
            yield place
        finally:
            if watch:
                watch.cancel()
            self._here[whose] -= 1


# -- Runs a reply while its words are sent, and stops it when the client is gone

log = logging.getLogger(__name__)


async def reply_words(reply: Reply, place: Place) -> AsyncIterator[str]:
    """The text as it is written, until the client leaves its place. Raises PinciteError.

    A thread of its own runs the reply to its end: the chat model's lock is released where it was
    taken, also when nobody reads on. The place is kept until then.
    """
    loop, queue = asyncio.get_running_loop(), asyncio.Queue[str | Exception | None]()
    reply.cancel = place.left

    def put(part: str | Exception | None) -> None:
        with suppress(RuntimeError):  # the server has stopped
            loop.call_soon_threadsafe(queue.put_nowait, part)

    threading.Thread(target=_run, args=(reply, put), name="answer", daemon=True).start()
    part: str | Exception | None = ""
    try:
        while (part := await queue.get()) is not None:
            if isinstance(part, Exception):
                raise part
            yield part
    finally:
        if part is not None:  # nobody reads on
            place.left.set()
            with CancelScope(shield=True):
                while part is not None:
                    part = await queue.get()


async def finish_reply(reply: Reply, place: Place) -> Reply:
    """The same reply when it is done. Raises PinciteError."""
    async for _ in reply_words(reply, place):
        pass
    return reply


def _run(reply: Reply, put: Callable[[str | Exception | None], None]) -> None:
    """None is the last that it puts."""
    try:
        for word in reply:
            put(word)
    except Exception as error:  # it is raised where the words are read
        if reply.outcome:  # the answer is what was asked for, and says that it was not saved
            log.warning("An answer was not saved: %s", error)
        else:
            put(error)
    finally:
        put(None)
