"""An explanation of an answer, as one JSON document."""

import json
from dataclasses import asdict

import pytest

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.contract.evidence import GivenPassages
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.receipts.explain import OTHER, explanation
from assistant.ui.chat.explanation import LESSONS, SHARES, SIGNALS, STAGES, VERDICTS
from tests.assistant.fakes import ScriptedChat, WordEmbedder

LEAVE = "How many days of leave are there?"
SAID = "There are thirty days of leave."
PASSAGES = [("Leave", SAID), ("Travel", "Trips are booked by the office.")]


def answered(said: str = SAID) -> Reply:
    tool = AnswerTool(ScriptedChat(replies=[said]), Budget())
    reply = tool.run(Request(LEAVE, GivenPassages(PASSAGES, WordEmbedder()), given=True))
    reply.finish()
    return reply


def test_it_says_what_was_found_read_judged_and_how_long_it_took() -> None:
    reply = answered()
    found = explanation(reply.to_json(), asdict(reply.trace.facts))

    assert found["searched"] == LEAVE
    assert [row["document"] for row in found["found"]] == ["Leave", "Travel"]
    for row in found["found"]:
        assert row["read"]
        assert sum(row["shares"].values()) == pytest.approx(row["fused"], abs=0.001)
        assert row["shares"].keys() == SHARES.keys()
    assert found["found"][0]["vectors_rank"] == 1
    assert [row["tokens"] for row in found["read"]] == [6, 6]  # words, as the fake counts
    [judged] = found["judged"]
    assert judged["verdict"] == "give"
    assert judged["probability"] == reply.trace.answerable
    assert judged["shares"].keys() <= SIGNALS.keys()
    assert judged["verdict"] in VERDICTS
    assert {"retrieve", "write", "attribute", OTHER} <= found["seconds"].keys()
    assert found["seconds"].keys() <= STAGES.keys()
    assert sum(found["seconds"].values()) == pytest.approx(reply.activity.seconds_total, abs=0.01)
    assert found["sentences"][0]["words"][2] == {
        "text": " thirty", "marks": [1], "unstated": False
    }  # fmt: skip


def test_it_is_the_same_from_a_reply_and_from_a_receipt() -> None:
    reply = answered()
    facts = asdict(reply.trace.facts)

    kept = explanation(json.loads(json.dumps(reply.to_json())), json.loads(json.dumps(facts)))

    assert kept == json.loads(json.dumps(explanation(reply.to_json(), facts)))


def test_a_line_instead_of_what_was_written_shows_what_judged_both() -> None:
    reply = answered("The moon is 7 miles away.")
    found = explanation(reply.to_json(), asdict(reply.trace.facts))

    assert [one["verdict"] for one in found["judged"]] == ["refuse", "give"]
    assert found["judged"][0]["probability"] < found["judged"][0]["threshold"]
    assert found["written"] == []


def test_an_answer_of_an_older_version_has_what_it_tells_itself() -> None:
    found = explanation(answered().to_json(), {})

    assert found["found"] == found["judged"] == found["read"] == []
    assert found["sentences"][0]["text"] == SAID


def test_each_part_teaches_in_one_sentence() -> None:
    assert LESSONS.keys() <= explanation(answered().to_json(), {}).keys()
    for _, sentence in LESSONS.values():
        assert sentence.count(". ") == 0
