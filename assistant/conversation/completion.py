"""The reply to a request for clarification completes the question that was unclear."""

from dataclasses import replace

from assistant.answering.query.clarification import is_reply
from assistant.contract.request import Request, Turn


def completed(request: Request) -> Request:
    """The request completed by the reply to a clarification, whose turns are removed."""
    turns = [*request.history, Turn(request.question, "")]
    joined: list[Turn] = []
    for before, turn in zip([None, *turns], turns, strict=False):
        if before and before.asked_back and is_reply(turn.question, before.answer):
            turn = replace(turn, question=f"{before.question} {turn.question}")
        joined.append(turn)
    *history, last = joined
    return replace(
        request,
        question=last.question,
        history=[turn for turn in history if not turn.asked_back],
        clear=last.question != request.question,
    )
