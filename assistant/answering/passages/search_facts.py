"""The facts of stages 1 and 2: what was found, and what of it is read."""

from collections.abc import Callable, Sequence

from assistant.answering.passages.context_builder import Context
from assistant.answering.passages.window_builder import Window
from assistant.contract.facts import Facts, Found, ReadPassage, Understood
from vectorstore.library import Hit

_MOST = 16  # passages
_WORDS = 60  # characters of a passage that is found


def note(facts: Facts, context: Context, count: Callable[[str], int]) -> None:
    """Put them into an answer's facts; `count` gives a text's tokens."""
    facts.understood = Understood(context.question, context.retrieved.request.query.parts)
    facts.found = tuple(_found(hit, context) for hit in context.hits[:_MOST])
    facts.read = (
        *_read(context.windows, count), *_read(context.earlier, count, earlier=True)
    )  # fmt: skip


def _found(hit: Hit, context: Context) -> Found:
    odds = context.retrieved.odds.get(hit.chunk.id)
    words = " ".join(hit.text.split())
    return Found(
        hit.document, hit.page, words if len(words) <= _WORDS else f"{words[:_WORDS]}…",
        any(window.holds(hit) for window in context.windows), hit.legs,
        None if odds is None else round(odds, 3),
    )  # fmt: skip


def _read(
    windows: Sequence[Window], count: Callable[[str], int], earlier: bool = False
) -> list[ReadPassage]:
    return [
        ReadPassage(w.document, w.page.number, w.last - w.first + 1, count(w.text), earlier)
        for w in windows
    ]
