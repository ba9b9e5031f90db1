"""Waits for first words, told from the answers that are kept."""

from assistant.conversation.history import Conversations
from assistant.storage.part import Place
from tests.servers.postgres_fixtures import ON_BOTH


@ON_BOTH
def test_waits_are_those_of_answers_by_their_model(shelf: Place) -> None:
    kept = Conversations(shelf)
    row = {
        "question": "?",
        "answer": "!",
        "tool": "answer",
        "model": "m",
        "seconds_first_token": 2.5,
    }
    kept.add("a", row)
    kept.add("a", {**row, "seconds_first_token": 3})
    kept.add("b", {**row, "model": "n", "seconds_first_token": None})
    kept.add("b", {**row, "tool": "draw"})
    assert kept.waits() == {"m": [3.0, 2.5]}
