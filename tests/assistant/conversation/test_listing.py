"""Conversations that are found, named, pinned and deleted."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from assistant.conversation.history import Conversations
from assistant.conversation.listing import _LIST, ConversationInfo, by_day
from assistant.errors import AssistantError
from assistant.storage.part import Place, Whose
from tests.assistant.conversation.test_history import answer
from tests.servers.postgres_fixtures import ON_BOTH


@pytest.fixture
def kept(shelf: Place) -> Conversations:
    made = Conversations(shelf)
    made.add("leave", answer("How long is the Jahresurlaub?", "It is 25 days, 100% paid."), "main")
    made.add("leave", answer("And in Ghent?", "Thirty days."), "main")
    made.add("gate", answer("When does the north gate close?", "At 21:15."), "other")
    return made


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("urlaub", ["leave"]),  # a part of a word, in any case
        ("ghent THIRTY", ["leave"]),  # a question with its answer
        ("ghent 25", []),  # not of two turns
        ("21:15", ["gate"]),
        ("is", ["leave"]),  # too short for the index
        ("100%", ["leave"]),
        ("1%", []),
        ('"', []),
        ("north OR ghent", []),  # words, not a query
        ("da", ["leave"]),
        ("", []),
    ],
)
@ON_BOTH
def test_words_are_found_in_questions_and_answers(
    kept: Conversations, words: str, ids: list[str]
) -> None:
    assert [found.info.id for found in kept.search(words)] == ids


@ON_BOTH
def test_what_was_found_stands_in_its_words(kept: Conversations) -> None:
    [found] = kept.search("close")
    assert found.excerpt == ("When does the north gate ", "close", "?")
    [found] = kept.search("THIRTY")
    assert (found.turn, found.excerpt) == (2, ("", "Thirty", " days."))
    assert kept.search("gate", library="main") == []
    every = kept.search("o")
    assert len(every) > 1 and kept.search("o", limit=1) == every[:1]
    assert kept.search("o", limit=1, offset=1) == every[1:2]


@ON_BOTH
def test_a_conversation_is_renamed_and_pinned(kept: Conversations) -> None:
    kept.rename("leave", "  Our   holidays ")
    kept.pin("leave")
    assert {i.id: (i.title, i.pinned) for i in kept.infos()} == {
        "leave": ("Our holidays", True), "gate": ("When does the north gate close?", False),
    }  # fmt: skip
    assert [found.info.id for found in kept.search("holidays")] == ["leave"]
    kept.rename("leave", "")
    kept.pin("leave", False)
    assert kept.infos("main")[0].title == "How long is the Jahresurlaub?"
    kept.rename("unknown", "Nothing")
    assert len(kept.infos()) == 2
    with pytest.raises(AssistantError, match="at most 200 characters; this one has 201"):
        kept.rename("leave", "x" * 201)


@pytest.mark.parametrize("wordless", ["/transcribe", " /transcribe ", ""])
@ON_BOTH
def test_a_conversation_is_named_by_words_not_by_a_command(shelf: Place, wordless: str) -> None:
    kept = Conversations(shelf)
    call = {"attached": ["/home/attached/0a/Board call.mp3", "/home/attached/0b/other.mp3"]}
    kept.add("call", {**answer(wordless, "Good morning."), **call}, "main")
    kept.add("none", answer(wordless), "main")
    assert [(one.id, one.title) for one in kept.infos("main")] == [
        ("none", wordless),
        ("call", "Board call.mp3"),
    ]
    kept.add("call", answer("/draw a lighthouse"), "main")
    kept.add("none", answer("/etc/hosts says what?"), "main")
    named = [("none", "/etc/hosts says what?"), ("call", "/draw a lighthouse")]
    assert [(one.id, one.title) for one in kept.infos("main")] == named


def test_a_list_reads_no_turn_but_the_first_where_that_has_words(
    kept: Conversations, tmp_path: Path
) -> None:
    with kept._connected() as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {_LIST}", kept._mine).fetchall()
    [scan] = [row[-1] for row in plan if row[-1].startswith("SCAN turn")]
    assert scan == "SCAN turn USING COVERING INDEX turn_conversation"


def test_no_byte_of_a_deleted_conversation_is_left(kept: Conversations, tmp_path: Path) -> None:
    kept.rename("leave", "Our holidays")
    assert len(kept.delete("leave")) == 2
    left = (tmp_path / "conversations.sqlite").read_bytes()
    assert not [word for word in (b"Jahresurlaub", b"Thirty", b"holidays", b"aub") if word in left]
    assert b"21:15" in left
    assert not kept.has("leave") and not kept.turns("leave") and not kept.search("Ghent")
    assert len(kept.delete("leave")) == 0


@ON_BOTH
def test_search_and_changes_keep_to_a_person(kept: Conversations, shelf: Place) -> None:
    path = shelf
    ann, bob = (
        Conversations(path, Whose(name, lambda library: library == "main")) for name in "ab"
    )
    ann.add("leave", answer("How long is leave?"), "main")
    ann.add("secret", answer("How long is the volcano?"), "south")
    assert [found.info.id for found in ann.search("long")] == ["leave"]
    assert not ann.search("volcano") and not bob.search("long") and not bob.infos()
    bob.rename("leave", "Bob's")
    bob.pin("leave")
    assert len(bob.delete("leave")) == 0
    assert [(i.title, i.pinned) for i in ann.infos()] == [("How long is leave?", False)]
    assert kept.turns("leave") and [found.info.id for found in kept.search("long")] == ["leave"]
    ann.rename("leave", "Ann's")
    ann.drop("a")
    assert not ann.infos() and len(kept.infos()) == 2


def test_conversations_are_sorted_by_the_day_of_the_person() -> None:
    now = datetime(2026, 11, 27, 22, 30, tzinfo=UTC)
    hours = {"now": 0, "morning": 20, "yesterday": 24, "week": 24 * 7, "older": 24 * 8, "ahead": -9}
    infos = [
        ConversationInfo(name, "main", name, (now - timedelta(hours=h)).isoformat(), False)
        for name, h in hours.items()
    ]
    infos += [ConversationInfo("bad", "main", "bad", "?", False)]
    infos += [ConversationInfo("pin", "main", "pin", infos[4].latest, True)]

    def sorted_in(zone: timezone) -> dict[str, list[str]]:
        return {name: [i.id for i in found] for name, found in by_day(infos, now, zone)}

    assert sorted_in(UTC) == {
        "Pinned": ["pin"], "Today": ["now", "morning", "ahead"], "Yesterday": ["yesterday"],
        "The last seven days": ["week"], "Older": ["older", "bad"],
    }  # fmt: skip
    east = sorted_in(timezone(timedelta(hours=2)))  # there it is half past midnight
    assert east["Today"] == ["now", "ahead"] and east["Yesterday"] == ["morning", "yesterday"]
