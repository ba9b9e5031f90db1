"""Runs a reply while its words are sent, and stops it when the client is gone."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from anyio import CancelScope

from assistant.api.turns import Place
from assistant.contract.reply import Reply

log = logging.getLogger(__name__)


async def words(reply: Reply, place: Place) -> AsyncIterator[str]:
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


async def finish(reply: Reply, place: Place) -> Reply:
    """The same reply when it is done. Raises PinciteError."""
    async for _ in words(reply, place):
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
