"""How a loader says that it is alive and how far it is. Nobody listens outside of the sandbox."""

from collections.abc import Callable

_listener: Callable[[int, int], None] | None = None


def beat(done: int, total: int) -> None:
    """One more page, message or minute is read; `total` is 0 when nobody knows how many."""
    if _listener is not None:
        _listener(done, total)


def listen(listener: Callable[[int, int], None] | None) -> None:
    """The sandbox's side: who is told of each beat in this process."""
    global _listener
    _listener = listener
