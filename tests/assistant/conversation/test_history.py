"""Conversations that outlive the process."""

from pathlib import Path
from typing import Any

from assistant.conversation.history import Conversations


def answer(question: str, text: str = "25 days.") -> dict[str, Any]:
    passage = {"document": "H.pdf", "page": 1, "score": 0.5, "text": "a line"}
    return {"question": question, "answer": text, "refused": False, "passages": [passage]}


def test_turns_come_back_in_order_after_a_restart(tmp_path: Path) -> None:
    first = Conversations(tmp_path / "c.sqlite")
    id = first.start()
    first.add(id, answer("How long?"))
    first.add(id, answer("And then?"))
    again = Conversations(tmp_path / "c.sqlite")
    assert [turn["question"] for turn in again.turns(id)] == ["How long?", "And then?"]
    assert again.history(id)[0].passages[0].document == "H.pdf"


def test_conversations_do_not_see_each_other(tmp_path: Path) -> None:
    kept = Conversations(tmp_path / "c.sqlite")
    one, two = kept.start(), kept.start()
    kept.add(one, answer("One?"))
    kept.add(two, answer("Two?"))
    assert [turn["question"] for turn in kept.turns(one)] == ["One?"]


def test_the_latest_conversation_is_listed_first_by_its_first_question(tmp_path: Path) -> None:
    kept = Conversations(tmp_path / "c.sqlite")
    for id, question in (("a", "Alpha?"), ("b", "Beta?"), ("a", "More alpha?")):
        kept.add(id, answer(question), "main")
    kept.add("c", answer("Gamma?"), "other")
    assert kept.recent(library="main") == [("a", "Alpha?"), ("b", "Beta?")]
    assert (kept.library("c"), kept.library("unknown")) == ("other", "")


def test_a_conversation_nobody_has_written_to_is_empty(tmp_path: Path) -> None:
    kept = Conversations(tmp_path / "c.sqlite")
    assert kept.turns(kept.start()) == []
    assert kept.recent() == []
