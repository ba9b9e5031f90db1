"""Spans of an answer: how long each stage takes, for whoever traces a server. Off by default."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

Opened = Callable[[str, str], AbstractContextManager[object]]


def _nothing(stage: str, answer: str) -> AbstractContextManager[object]:
    return nullcontext()


_opened: Opened = _nothing


def span(stage: str, answer: str) -> AbstractContextManager[object]:
    """Around a stage of the answer with that id; never with words of a person or a document."""
    return _opened(stage, answer)


def record(opened: Opened | None) -> None:
    """Have all spans of this process opened so; None: no longer."""
    global _opened
    _opened = opened or _nothing
