"""Messages of a person and the assistant, as other programs send them, become turns."""

from collections.abc import Iterable

from assistant.answering.query.clarification import is_question_back
from assistant.contract.request import Turn


def turns(messages: Iterable[tuple[str, str]]) -> list[Turn]:
    """(role, text) of a person and the assistant in turn become questions with answers."""
    found: list[Turn] = []
    for role, text in messages:
        if role in ("user", "human"):
            found.append(Turn(text, ""))
        elif found:
            asked_back = is_question_back(text)
            found[-1] = Turn(found[-1].question, text, asked_back=asked_back)
    return found
