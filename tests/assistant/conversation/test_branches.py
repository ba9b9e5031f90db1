"""Questions that were edited or asked again."""

import pytest

from assistant.conversation import history
from assistant.conversation.history import Conversations
from assistant.errors import AssistantError
from assistant.storage.part import Place
from tests.assistant.conversation.test_history import answer
from tests.servers.postgres_fixtures import ON_BOTH


@pytest.fixture
def kept(shelf: Place) -> Conversations:
    """The first question has a second version, whose branch is shown."""
    made = Conversations(shelf)
    for question in ("One?", "Two?", "Three?"):
        made.add("c", answer(question), "main")
    made.add("c", answer("One, better?"), "main", after=0)
    made.add("c", answer("Next?"), "main")
    return made


def shown(kept: Conversations) -> list[str]:
    return [turn["question"] for turn in kept.turns("c")]


@ON_BOTH
def test_an_edited_question_begins_a_branch_that_is_shown(kept: Conversations) -> None:
    assert shown(kept) == ["One, better?", "Next?"]
    assert [turn.question for turn in kept.history("c")] == ["One, better?", "Next?"]
    assert [turn.versions for turn in kept.branch("c")] == [(1, 4), (5,)]
    assert [turn["question"] for turn in kept.every_turn("c")][2:] == [
        "Three?", "One, better?", "Next?",
    ]  # fmt: skip


@ON_BOTH
def test_one_goes_back_to_the_other_branch_and_on_from_there(kept: Conversations) -> None:
    kept.show("c", 1)
    assert shown(kept) == ["One?", "Two?", "Three?"]
    kept.add("c", answer("Four?"))
    kept.add("c", answer("Two, again?"), after=1)
    assert shown(kept) == ["One?", "Two, again?"]
    assert [turn.question for turn in kept.history("c", until=1)] == ["One?"]
    assert kept.history("c", until=0) == []
    kept.show("c", 2)
    assert shown(kept) == ["One?", "Two?", "Three?", "Four?"]
    kept.show("c", 99)
    assert shown(kept) == ["One?", "Two?", "Three?", "Four?"]


@pytest.mark.parametrize("after", [99, 6, -1])
@ON_BOTH
def test_a_turn_stands_after_one_of_its_conversation(kept: Conversations, after: int) -> None:
    kept.add("other", answer("Elsewhere?"), "main")  # turn 6
    with pytest.raises(AssistantError, match="no turn of this conversation"):
        kept.add("c", answer("Lost?"), after=after)
    with pytest.raises(AssistantError, match="no turn of this conversation"):
        kept.check_after("c", after)
    assert shown(kept) == ["One, better?", "Next?"]


def test_parents_of_an_old_row_that_are_not_older_end_no_loop() -> None:
    assert history.branch_end({1: 2, 2: 1}, 1) == 2
    assert history.branch_end({1: 1}, 1) == 1
    assert history.turn_versions({1: 2, 2: 1}, 1) == (1,)


@ON_BOTH
def test_a_hidden_branch_is_searched_and_its_turn_shown(kept: Conversations) -> None:
    [found] = kept.search("three")
    kept.show("c", found.turn)
    assert shown(kept)[-1] == "Three?"
    assert kept.infos()[0].title == "One?"
