"""Runs a reply while its words are sent, and stops it when the client is gone."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from starlette.requests import Request

from assistant.contract.reply import Reply
from assistant.errors import AssistantError

_MOST = 64  # answers at work or waiting for their turn
_LOOKS = 0.3  # seconds between two looks whether the client is still there


class TooManyAnswers(AssistantError):
    """So many answers are under way that one more would wait for minutes."""


log = logging.getLogger(__name__)
_places = threading.BoundedSemaphore(_MOST)
_running = 0
_counting = threading.Lock()


def running() -> int:
    """The answers that are at work or wait for their turn."""
    return _running


def _count(more: int) -> None:
    global _running
    with _counting:
        _running += more


async def words(reply: Reply) -> AsyncIterator[str]:
    """The text as it is written. Raises PinciteError.

    A thread of its own runs the reply to its end: the chat model's lock is released where it was
    taken, also when nobody reads on.
    """
    if not _places.acquire(blocking=False):
        raise TooManyAnswers(f"{_MOST} answers are under way. Ask again in a while.")
    _count(1)
    loop, queue = asyncio.get_running_loop(), asyncio.Queue[str | Exception | None]()

    def put(part: str | Exception | None) -> None:
        with suppress(RuntimeError):  # the server has stopped
            loop.call_soon_threadsafe(queue.put_nowait, part)

    threading.Thread(target=_run, args=(reply, put), name="answer", daemon=True).start()
    try:
        while (part := await queue.get()) is not None:
            if isinstance(part, Exception):
                raise part
            yield part
    finally:
        reply.stop()


async def finish(reply: Reply, request: Request | None = None) -> Reply:
    """The same reply when it is done; it stops when the client of its `request` goes away. Raises
    PinciteError."""
    watch = asyncio.create_task(_stop_without(request, reply)) if request else None
    try:
        async for _ in words(reply):
            pass
    finally:
        if watch:
            watch.cancel()
    return reply


async def _stop_without(request: Request, reply: Reply) -> None:
    """Only a stream is ended by the server when nobody reads on."""
    while not await request.is_disconnected():
        await asyncio.sleep(_LOOKS)
    reply.stop()


def _run(reply: Reply, put: Callable[[str | Exception | None], None]) -> None:
    try:
        for word in reply:
            put(word)
    except Exception as error:  # it is raised where the words are read
        if reply.outcome:  # the answer is what was asked for, and says that it was not saved
            log.warning("An answer was not saved: %s", error)
        put(None if reply.outcome else error)
    finally:
        _places.release()
        _count(-1)
        put(None)
