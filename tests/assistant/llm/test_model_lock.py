"""Who came first has the model first, and the others see their place."""

import threading
import time

import pytest

from assistant.contract.reply import Reply
from assistant.llm.odds import TurnTaking
from ingest.errors import Stopped


def waiting(turns: TurnTaking, done: list[str], name: str) -> tuple[Reply, threading.Thread]:
    """A reply that waits for its turn in a thread."""
    reply = Reply(name, lambda reply: iter(()))

    def work() -> None:
        try:
            with turns.turn(reply):
                done.append(name)
        except Stopped:
            done.append(f"{name} was stopped")

    thread = threading.Thread(target=work)
    thread.start()
    latest = time.monotonic() + 60
    while not reply.activity.stage.startswith("Waiting for another answer"):
        assert time.monotonic() < latest
        time.sleep(0.005)
    return reply, thread


def test_each_sees_its_place_and_has_its_turn_in_the_order_of_coming() -> None:
    turns, done = TurnTaking(), list[str]()
    with turns.turn(Reply("first", lambda reply: iter(()))):
        queued = [waiting(turns, done, name) for name in ("second", "third", "fourth", "fifth")]
        assert [reply.activity.stage for reply, _ in queued] == [
            "Waiting for another answer",
            "Waiting for another answer: place 2 in the queue",
            "Waiting for another answer: place 3 in the queue",
            "Waiting for another answer: place 4 in the queue",
        ]
        queued[1][0].stop()
        queued[1][1].join(60)
        latest = time.monotonic() + 60
        while not queued[3][0].activity.stage.endswith("place 3 in the queue"):
            assert time.monotonic() < latest, "who comes after moves up"
            time.sleep(0.005)
    for _, thread in queued:
        thread.join(60)
    assert done == ["third was stopped", "second", "fourth", "fifth"]


def test_a_turn_that_fails_lets_the_next_one_in() -> None:
    turns, done = TurnTaking(), list[str]()
    with pytest.raises(KeyError), turns.turn(Reply("first", lambda reply: iter(()))):
        raise KeyError
    with turns.turn(Reply("second", lambda reply: iter(()))):
        done.append("second")
    assert done == ["second"]
