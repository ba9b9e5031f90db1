"""What nobody has begun when the first account is made becomes that person's when it ends."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.contract.facts import Outcome
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.conversation.assistant import Assistant
from assistant.conversation.history import Conversations
from assistant.errors import PersonRemoved
from assistant.receipts.record import Receipts, ReceiptWriter, Recorder
from assistant.storage.part import Place, Whose
from tests.assistant.fakes import WordEmbedder
from tests.servers.meanwhile import meanwhile
from tests.servers.postgres_fixtures import ON_BOTH
from vectorstore.library import Library
from vectorstore.team.postgres import Server

OLGA = Whose("olga")


def answer(question: str = "Before?") -> dict[str, Any]:
    return {"question": question, "answer": "x", "passages": [], "refused": False}


class Slow:
    """A tool during whose answer something happens."""

    model_name = "none"

    def __init__(self, then: Callable[[], object]) -> None:
        self._then = then

    def run(self, request: Request) -> Reply:
        def work(reply: Reply) -> Iterator[str]:
            yield "Later."
            reply.outcome = Outcome("Later.")
            self._then()

        return Reply(request.question, work)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "library", "main", WordEmbedder) as library:
        yield library


Asks = Callable[[Callable[[], object]], Assistant]


@pytest.fixture
def nobody(library: Library, shelf: Place) -> Asks:
    """Who has no account asks, and something happens before the answer ends."""
    recorder = Recorder(Receipts(shelf), ReceiptWriter())
    return lambda then: Assistant(
        library, Slow(then), Conversations(shelf), "", recorder=recorder
    )  # fmt: skip


def first_account(shelf: Place) -> None:
    """As `pincite users add` does it."""
    Conversations(shelf).give(OLGA.person)
    Receipts(shelf).give(OLGA.person)


@ON_BOTH
@pytest.mark.parametrize("begun", [True, False])
def test_a_running_answer_is_the_first_owners(shelf: Place, nobody: Asks, begun: bool) -> None:
    assistant = nobody(lambda: first_account(shelf))
    if begun:
        assistant.conversations.add("c", answer(), "main")
    reply = assistant.ask("Now?", conversation="c", after=None)
    reply.finish()
    hers = Conversations(shelf, OLGA)
    questions = [turn["question"] for turn in hers.turns("c")]
    assert questions == (["Before?", "Now?"] if begun else ["Now?"])
    assert not assistant.conversations.infos()
    assert Receipts(shelf, whose=OLGA).has(reply.id)
    assert not Receipts(shelf, whose=Whose("ann")).has(reply.id)


@ON_BOTH
@pytest.mark.parametrize("before", [True, False])
def test_an_account_between_a_turn_and_its_receipt_gets_both(
    library: Library, shelf: Place, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    keep = Recorder.keep

    def keep_and_give(recorder: Recorder, *given: Any) -> bool:
        if before:
            first_account(shelf)
        is_kept = keep(recorder, *given)
        if not before:
            first_account(shelf)
        return is_kept

    monkeypatch.setattr(Recorder, "keep", keep_and_give)
    recorder = Recorder(Receipts(shelf), ReceiptWriter())
    assistant = Assistant(
        library, Slow(lambda: None), Conversations(shelf), "", recorder=recorder
    )  # fmt: skip
    reply = assistant.ask("Now?", conversation="c")
    reply.finish()
    assert len(Conversations(shelf, OLGA).turns("c")) == 1
    assert Receipts(shelf, whose=OLGA).has(reply.id)


@ON_BOTH
def test_an_account_that_is_made_while_an_answer_begins_gets_its_turn(
    shelf: Place, nobody: Asks, monkeypatch: pytest.MonkeyPatch
) -> None:
    assistant = nobody(lambda: None)
    assistant.conversations.add("c", answer(), "main")
    has = Conversations.has

    def has_and_give(kept: Conversations, conversation: str) -> bool:
        found = has(kept, conversation)
        with monkeypatch.context() as patch:
            patch.setattr(Conversations, "has", has)
            first_account(shelf)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(Conversations, "has", has_and_give)
        reply = assistant.ask("Now?", conversation="c")
    reply.finish()
    assert len(Conversations(shelf, OLGA).turns("c")) == 2


@ON_BOTH
def test_an_answer_in_no_conversation_leaves_its_receipt_to_the_first_owner(
    shelf: Place, nobody: Asks
) -> None:
    reply = nobody(lambda: first_account(shelf)).ask("Now?")
    reply.finish()
    assert Receipts(shelf, whose=OLGA).has(reply.id)


@ON_BOTH
def test_what_nobody_asks_later_stays_with_the_command_line(shelf: Place, nobody: Asks) -> None:
    first_account(shelf)
    assistant = nobody(lambda: None)
    reply = assistant.ask("Now?", conversation="c")
    reply.finish()
    assert len(assistant.conversations.turns("c")) == 1
    assert not Conversations(shelf, OLGA).infos()
    assert not Receipts(shelf, whose=OLGA).has(reply.id)


@ON_BOTH
def test_nothing_is_kept_for_a_first_owner_who_was_removed_meanwhile(
    shelf: Place, nobody: Asks
) -> None:
    def added_and_removed() -> None:
        first_account(shelf)
        Conversations(shelf).drop(OLGA.person)

    with pytest.raises(PersonRemoved):
        nobody(added_and_removed).ask("Now?", conversation="c").finish()
    assert not Conversations(shelf).infos() and not Conversations(shelf, OLGA).infos()


@ON_BOTH
def test_a_deleted_conversation_does_not_come_back_for_the_first_owner(
    shelf: Place, nobody: Asks
) -> None:
    def given_and_deleted() -> None:
        first_account(shelf)
        Conversations(shelf, OLGA).delete("c")

    assistant = nobody(given_and_deleted)
    assistant.conversations.add("c", answer(), "main")
    reply = assistant.ask("Now?", conversation="c")
    reply.finish()
    assert not Conversations(shelf, OLGA).infos() and not assistant.conversations.infos()
    assert not Receipts(shelf).has(reply.id)


@pytest.mark.parametrize("catalogue", ["postgresql"], indirect=True)
def test_a_turn_that_one_server_writes_while_another_makes_the_account_is_not_lost(
    shelf: Place, team_database: Server
) -> None:
    kept = Conversations(shelf)
    kept.add("c", answer(), "main", since="")
    given = (
        "UPDATE heir SET person = 'olga'; UPDATE conversation SET id = '@olga/' || id;"
        " UPDATE turn SET conversation = '@olga/' || conversation;"
        " UPDATE arranged SET conversation = '@olga/' || conversation"
    )
    assert meanwhile(
        team_database, given, lambda: kept.add("c", answer("Now?"), begun=True, since="")
    )  # fmt: skip
    assert len(Conversations(shelf, OLGA).turns("c")) == 2 and not kept.infos()


@pytest.mark.parametrize("catalogue", ["postgresql"], indirect=True)
def test_the_account_waits_for_a_turn_that_another_server_writes(
    shelf: Place, team_database: Server
) -> None:
    kept = Conversations(shelf)
    kept.add("c", answer(), "main", since="")
    written = (
        "UPDATE heir SET person = person; INSERT INTO conversation (id, library) VALUES ('d', '');"
        " INSERT INTO turn (conversation, question, answer) VALUES ('d', '?', '{}')"
    )
    meanwhile(team_database, written, lambda: kept.give(OLGA.person))
    assert {info.id for info in Conversations(shelf, OLGA).infos()} == {"c", "d"}
