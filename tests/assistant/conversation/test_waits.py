from pathlib import Path

from assistant.conversation.waits import Waits


def test_waits_are_those_of_answers_by_their_model(tmp_path: Path) -> None:
    kept = Waits(tmp_path / "conversations.sqlite")
    row = {"question": "?", "tool": "answer", "model": "m", "seconds_first_token": 2.5}
    kept.add("a", row)
    kept.add("a", {**row, "seconds_first_token": 3})
    kept.add("b", {**row, "model": "n", "seconds_first_token": None})
    kept.add("b", {**row, "tool": "draw"})
    assert kept.by_model() == {"m": [3.0, 2.5]}
