"""Spans of an answer: how long each stage takes, for whoever traces a server. Off by default."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.contract.reply import Reply

Opened = Callable[[str, str], AbstractContextManager[object]]


def _nothing(stage: str, answer: str) -> AbstractContextManager[object]:
    return nullcontext()


_opened: Opened = _nothing


def span(stage: str, answer: str) -> AbstractContextManager[object]:
    """Around a stage of the answer with that id; never with words of a person or a document."""
    return _opened(stage, answer)


@contextmanager
def stage(name: str, reply: "Reply") -> Iterator[None]:
    """A span around a stage of a reply, whose seconds are among its facts."""
    with span(name, reply.id), reply.trace.facts.timed(name):
        yield


def record(opened: Opened | None) -> None:
    """Have all spans of this process opened so; None: no longer."""
    global _opened
    _opened = opened or _nothing
