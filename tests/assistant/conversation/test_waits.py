"""Waits for first words, told from the answers that are kept."""

from pathlib import Path

from assistant.conversation.history import Conversations
from assistant.conversation.kept_conversations import CONVERSATIONS
from assistant.models.catalogue import catalogue as known
from assistant.settings import Settings
from assistant.storage.part import Place
from assistant.wiring.chosen_models import first_words
from assistant.wiring.places import place_of_part
from tests.servers.postgres_fixtures import ON_BOTH
from vectorstore.team.postgres import Server


@ON_BOTH
def test_waits_are_those_of_answers_by_their_model(shelf: Place) -> None:
    kept = Conversations(shelf)
    row = {"question": "?", "tool": "answer", "model": "m", "seconds_first_token": 2.5}
    kept.add("a", row)
    kept.add("a", {**row, "seconds_first_token": 3})
    kept.add("b", {**row, "model": "n", "seconds_first_token": None})
    kept.add("b", {**row, "tool": "draw"})
    assert kept.waits() == {"m": [3.0, 2.5]}


def test_of_a_home_alone_no_answer_before_the_latest_ones_is_read(tmp_path: Path) -> None:
    kept = Conversations(tmp_path / "conversations.sqlite")
    with kept._connected() as connection:
        plan = f"EXPLAIN QUERY PLAN SELECT answer {kept._ours} ORDER BY number DESC LIMIT 3"
        steps = [row[-1] for row in connection.execute(plan)]
    assert steps == ["SCAN turn"], "in the order of its numbers, without a table between"


def test_a_server_of_a_team_tells_its_own_waits_alone(
    tmp_path: Path, team_database: Server
) -> None:
    slow, fast = (
        Settings(home=tmp_path / name, catalogue=team_database.address) for name in ("slow", "fast")
    )
    model = next(model for model in known() if model.role == "chat" and model.weights)
    row = {"question": "?", "tool": "answer", "model": Path(model.file).stem}
    Conversations(place_of_part(slow, CONVERSATIONS)).add("a", {**row, "seconds_first_token": 60.0})
    assert not first_words(fast)
    Conversations(place_of_part(fast, CONVERSATIONS)).add("a", {**row, "seconds_first_token": 2.5})
    found = [first_words(settings)[model.name] for settings in (slow, fast)]
    assert [(one.seconds, one.answers) for one in found] == [(60.0, 1), (2.5, 1)]
