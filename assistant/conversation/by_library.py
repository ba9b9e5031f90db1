"""Says of what an answer is made which library each document is of, where several were asked.

While an answer is made its documents have qualified names, which also models read; who reads the
answer gets the library and the name apart.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from assistant.contract.outcome import Citation, Outcome, Passage
from assistant.contract.reply import Reply
from assistant.contract.request import Turn
from vectorstore.federation.federated import AnyLibrary, Federated
from vectorstore.federation.names import apart

Row = TypeVar("Row", Citation, Passage)


def told_apart(reply: Reply, library: AnyLibrary) -> Reply:
    """The same reply, whose outcome names the libraries."""
    if not isinstance(library, Federated):
        return reply
    work = reply.work

    def apart_at_the_end(reply: Reply) -> Iterator[str]:
        yield from work(reply)
        if reply.outcome is not None:
            reply.outcome = _outcome(reply.outcome, library)

    reply.work = apart_at_the_end
    return reply


def together(turns: Sequence[Turn], library: AnyLibrary) -> list[Turn]:
    """Earlier turns, whose passages are called as the evidence of the next question calls them."""
    if not isinstance(library, Federated):
        return list(turns)
    return [
        replace(
            turn,
            passages=tuple(replace(p, document=p.full_name, library="") for p in turn.passages),
        )
        for turn in turns
    ]


def _outcome(outcome: Outcome, library: Federated) -> Outcome:
    return replace(
        outcome,
        citations=tuple(_with_library(one, library) for one in outcome.citations),
        passages=tuple(_with_library(one, library) for one in outcome.passages),
        closest=tuple(_with_library(one, library) for one in outcome.closest),
    )


def _with_library(row: Row, library: Federated) -> Row:
    """What came with the question is in no library."""
    name, document = apart(row.document)
    if name not in library.libraries:
        return row
    return replace(row, document=document, library=name)
