"""Conversations that outlive the process."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from assistant.conversation.history import Conversations
from assistant.errors import AssistantError
from assistant.storage.part import Place, Whose
from tests.servers.postgres_fixtures import ON_BOTH


def answer(question: str, text: str = "25 days.") -> dict[str, Any]:
    passage = {"document": "H.pdf", "page": 1, "score": 0.5, "text": "a line"}
    return {"question": question, "answer": text, "refused": False, "passages": [passage]}


@ON_BOTH
def test_turns_come_back_in_order_after_a_restart(shelf: Place) -> None:
    first = Conversations(shelf)
    id = first.start()
    first.add(id, answer("How long?"))
    first.add(id, answer("And then?"))
    again = Conversations(shelf)
    assert [turn["question"] for turn in again.turns(id)] == ["How long?", "And then?"]
    assert again.history(id)[0].passages[0].document == "H.pdf"


@ON_BOTH
def test_conversations_do_not_see_each_other(shelf: Place) -> None:
    kept = Conversations(shelf)
    one, two = kept.start(), kept.start()
    kept.add(one, answer("One?"))
    kept.add(two, answer("Two?"))
    assert [turn["question"] for turn in kept.turns(one)] == ["One?"]


@ON_BOTH
def test_the_latest_conversation_is_listed_first_by_its_first_question(shelf: Place) -> None:
    kept = Conversations(shelf)
    for id, question in (("a", "Alpha?"), ("b", "Beta?"), ("a", "More alpha?")):
        kept.add(id, answer(question), "main")
    kept.add("c", answer("Gamma?"), "other")
    assert [(one.id, one.title) for one in kept.infos("main")] == [("a", "Alpha?"), ("b", "Beta?")]
    assert (kept.library("c"), kept.library("unknown")) == ("other", "")


@ON_BOTH
def test_a_conversation_nobody_has_written_to_is_empty(shelf: Place) -> None:
    kept = Conversations(shelf)
    assert kept.turns(kept.start()) == []
    assert kept.infos("") == []


@ON_BOTH
def test_nothing_is_written_for_who_was_removed_or_in_what_was_deleted(shelf: Place) -> None:
    hers, his = (Conversations(shelf, Whose(person)) for person in ("ann", "bob"))
    for kept in (hers, his):
        assert kept.add("abc", answer("One?"))
    hers.drop("ann")
    his.delete("abc")
    for id in ("abc", "new"):
        assert not hers.add(id, answer("Two?"))
    assert not his.add("abc", answer("Two?"), begun=True)
    assert not hers.infos() and not his.infos()
    assert his.add("new", answer("Three?")) and his.add("new", answer("Four?"), begun=True)
    assert len(his.turns("new")) == 2


def test_a_file_of_another_version_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "conversations.sqlite"
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE conversation (id TEXT PRIMARY KEY, library TEXT, started TEXT)")
        file.execute("PRAGMA user_version = 1")
    with pytest.raises(AssistantError, match="was made by another version of Pincite"):
        Conversations(path).infos("")
