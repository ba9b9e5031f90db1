"""Lets searches wait for each other: many at once would wait for Python's interpreter, in threads
that other requests need."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from assistant.errors import AssistantError

_MOST = 64  # searches at work or waiting for their turn


class TooManySearches(AssistantError):
    """So many searches wait that one more would wait for long."""


class Searches:
    """Of one server, in its event loop: of all its routes and of the context protocol."""

    def __init__(self, at_once: int = os.cpu_count() or 1, most: int = _MOST) -> None:
        """`most`: at work or waiting."""
        self._turns, self._most, self._here = asyncio.Semaphore(at_once), most, 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and keep it within. Raises TooManySearches."""
        if self._here >= self._most:
            raise TooManySearches(f"{self._most} searches are under way. Search again in a while.")
        self._here += 1
        try:
            async with self._turns:
                yield
        finally:
            self._here -= 1
