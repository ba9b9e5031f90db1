"""How a loader reports progress. Outside of the sandbox nobody listens."""

from collections.abc import Callable

_listener: Callable[[int, int], None] | None = None


def beat(done: int, total: int) -> None:
    """Report one more page, message or minute; `total` is 0 when unknown."""
    if _listener is not None:
        _listener(done, total)


def listen(listener: Callable[[int, int], None] | None) -> None:
    """Set the listener for the beats of this process."""
    global _listener
    _listener = listener
