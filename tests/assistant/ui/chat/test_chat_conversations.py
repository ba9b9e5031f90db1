"""Conversations of the chat page: after a reload, another page, and many questions."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from assistant.ui import resources
from tests.assistant.ui.conftest import (
    LIBRARY_PAGE,
    answers,
    ask,
    composer,
    conversation,
    finish,
    html,
    open_page,
)
from tests.assistant.ui.fakes import FakeTool

Visit = Callable[..., AppTest]
LEAVE = "How many days of leave are there?"


def test_a_reload_keeps_the_conversation(visit: Visit) -> None:
    before = visit()
    ask(before, LEAVE)

    after = visit(conversation=conversation(before))

    assert answers(after) == answers(before)


def test_of_a_long_conversation_the_last_questions_are_drawn_and_earlier_ones_on_request(
    visit: Visit,
) -> None:
    before = visit()
    ask(before, LEAVE)
    identity = conversation(before)
    kept = resources.assistant().conversations
    (first,) = kept.turns(identity)
    for number in range(1, 23):
        kept.add(identity, {**first, "id": f"turn{number}", "question": f"Question <{number}>"})

    app = visit(conversation=identity)

    assert len(answers(app)) == 20 and LEAVE not in html(app)
    next(one for one in app.button if one.label == "Show 3 earlier questions").click().run()
    assert len(answers(app)) == 23 and LEAVE in html(app)


def test_a_reload_finds_the_answer_that_is_still_being_written(
    visit: Visit, tool: FakeTool
) -> None:
    before = visit()
    ask(before, "slow leave", wait=False)

    after = visit(conversation=conversation(before))

    assert "slow leave" in html(after)
    tool.go.set()
    finish(after)
    assert answers(after)[0]["sentences"]


def test_going_to_the_library_and_back_keeps_the_conversation(visit: Visit) -> None:
    app = visit()
    ask(app, LEAVE)

    open_page(app, LIBRARY_PAGE)
    open_page(app, "chat")

    assert len(answers(app)) == 1


def test_a_new_conversation_is_empty_and_the_old_one_is_among_the_recent(visit: Visit) -> None:
    app = visit()
    ask(app, LEAVE)
    old = conversation(app)

    next(b for b in app.button if b.label == "New conversation").click().run()
    assert not answers(app)
    ask(app, "slow unknown", wait=False)
    assert conversation(app) != old


def test_a_turn_with_a_request_that_nothing_reads_is_shown_all_the_same(visit: Visit) -> None:
    app = visit()
    ask(app, LEAVE)
    kept = resources.assistant().conversations
    unreadable = {**kept.turns(conversation(app))[0], "id": "old", "wish": {"tool": "gone"}}
    kept.add(conversation(app), unreadable)
    again = visit(conversation=conversation(app))

    assert not again.error
    assert len(answers(again)) == 2
    assert not composer(again)["busy"]
