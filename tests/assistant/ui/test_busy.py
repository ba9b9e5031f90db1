"""When questions are written that nobody has asked for."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from assistant.contract.reply import Reply
from assistant.llm.odds import TurnTaking
from assistant.ui import background, resources
from assistant.ui.background import Ahead, Busy


def test_it_is_calm_a_time_after_the_last_thing_and_never_on_battery(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    battery: list[bool] = [False]
    going = [False]
    monkeypatch.setattr(background, "on_battery", lambda: battery[0])
    monkeypatch.setattr(background, "_LOOK_AGAIN", 0.0)
    busy = Busy(lambda: going[0], calm=0.2)
    assert busy.is_set(), "an answer has just ended"
    time.sleep(0.25)
    assert not busy.is_set()
    for cause in (going, battery):
        cause[0] = True
        assert busy.is_set()
        cause[0] = False
        assert busy.is_set()
        time.sleep(0.25)
        assert not busy.is_set()


def test_a_turn_of_the_model_a_task_and_what_is_read_ahead_keep_it_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ahead, turns = Ahead(), TurnTaking()
    works: list[Any] = [SimpleNamespace(going=lambda: [])]
    monkeypatch.setattr(resources, "ahead", lambda: ahead)
    monkeypatch.setattr(resources, "_everybodys", lambda: works)
    taken = resources._busy(turns)._now
    assert not taken()
    with turns.turn(Reply("", lambda reply: iter(()), "", "")):
        assert taken()
    assert not taken()
    works.append(SimpleNamespace(going=lambda: ["a sheet"]))
    assert taken()
    del works[-1]
    ahead.begin(lambda cancel: None)
    assert taken()


def test_a_model_server_gets_no_passages_that_nobody_asked_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resources, "_answering", lambda: SimpleNamespace(model=object()))
    assert resources.offer_questions(["Handbook.pdf"]) is None
