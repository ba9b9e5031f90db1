"""Two app servers of a team that write the same conversation at once."""

import json
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from assistant.contract.answer_document import without
from assistant.conversation.history import Conversations
from assistant.conversation.listing import Folders
from assistant.errors import AssistantError
from assistant.receipts.record import Receipts
from assistant.settings import Settings
from assistant.storage.conversation_tables import CONVERSATIONS
from assistant.storage.part import SCHEMA, Place, Whose
from assistant.wiring.people import home_accounts
from assistant.wiring.places import place_of_part
from tests.servers.meanwhile import meanwhile
from vectorstore.team.postgres import Server


@pytest.fixture
def settings(tmp_path: Path, team_database: Server) -> Settings:
    return Settings(home=tmp_path, catalogue=team_database.address)


@pytest.fixture
def tables(settings: Settings) -> Place:
    return place_of_part(settings, CONVERSATIONS)


def answer(**more: Any) -> dict[str, Any]:
    """Of both documents."""
    rows = [
        {"mark": n + 1, "document": name, "library": "staff"} for n, name in enumerate(("a", "b"))
    ]
    sentences = [{"text": f"{row['document']} said it.", "marks": [row["mark"]]} for row in rows]
    said = " ".join(str(sentence["text"]) for sentence in sentences)
    return {"question": "Who?", "answer": said, "citations": rows, "passages": [],
            "closest": [], "sentences": sentences, **more}  # fmt: skip


def written(row: dict[str, Any]) -> str:
    """A JSON text in a statement."""
    return "'" + json.dumps(row).replace("'", "''") + "'"


def done(server: Server, statement: str) -> list[tuple[Any, ...]]:
    """What a statement finds in the tables of the team."""
    with closing(server.connect()) as connection:
        connection.execute(f"SET search_path TO {SCHEMA}".encode())
        found = connection.execute(statement.encode())
        return found.fetchall() if found.description else []


def test_a_conversation_is_moved_to_two_folders_at_once(
    tables: Place, team_database: Server
) -> None:
    kept, folders = Conversations(tables), Folders(tables)
    kept.add("abc", answer(), "staff")
    first, second = folders.make("first"), folders.make("second")
    meanwhile(
        team_database, f"UPDATE conversation SET folder = {first.id}",
        lambda: folders.move("abc", second.id),
    )  # fmt: skip
    [(folder,)] = done(team_database, "SELECT folder FROM conversation")
    assert folder == second.id


def test_a_renamed_library_gets_the_holders_that_another_server_gives_it_too(
    settings: Settings, team_database: Server
) -> None:
    known = home_accounts(settings)
    known.share("old", [], ["law"])
    meanwhile(
        team_database, "INSERT INTO share (library, holder) VALUES ('new', 'group law')",
        lambda: known.share_like("old", "new"),
    )  # fmt: skip
    assert known.shares()["new"] == {"group law"}


def test_a_document_that_another_server_takes_out_of_a_turn_does_not_come_back(
    tables: Place, team_database: Server
) -> None:
    kept = Conversations(tables)
    kept.add("abc", answer(), "hr,staff")
    for act in (
        lambda: kept.forget("staff", "b"), lambda: kept.rename_library("hr", "people"),
    ):  # fmt: skip
        given = written(without(answer(), "a", "staff"))
        meanwhile(
            team_database,
            f"UPDATE conversation SET library = library; UPDATE turn SET answer = {given}", act,
        )  # fmt: skip
        [turn] = kept.turns("abc")
        assert "a said it" not in str(turn)
    assert kept.library("abc") == "people,staff"


def test_a_document_that_another_server_takes_out_of_a_receipt_does_not_come_back(
    tables: Place, team_database: Server
) -> None:
    def receipt(*documents: str) -> str:
        found = [{"document": name, "library": "staff"} for name in documents]
        return written({"library": "hr,staff", "facts": {"found": found}})

    kept = Receipts(tables)
    with kept._connected():
        pass  # the tables are made
    for act, left in (
        (lambda: kept.forget("staff", "b"), []),
        (lambda: kept.rename_library("hr", "people"), ["b"]),
    ):  # fmt: skip
        done(team_database, "DELETE FROM receipt")
        both = receipt("a", "b")
        done(team_database, f"INSERT INTO receipt (id, receipt) VALUES ('x', {both})")
        meanwhile(team_database, f"UPDATE receipt SET receipt = {receipt('b')}", act)
        [(text,)] = done(team_database, "SELECT receipt FROM receipt")
        found = json.loads(text)["facts"]["found"]
        assert [row["document"] for row in found] == left
    assert json.loads(text)["library"] == "people,staff"


def turn_of(key: str, begins: str) -> str:
    """What a writer does before its transaction ends."""
    return (
        f"{begins}; INSERT INTO turn (conversation, question, answer) VALUES ('{key}', '?', '{{}}')"
    )


def test_a_turn_that_another_server_writes_goes_with_its_person(
    tables: Place, team_database: Server
) -> None:
    kept = Conversations(tables, Whose("ann"))
    kept.add("abc", answer(), "staff")
    begins = "UPDATE author SET gone = gone WHERE person = 'ann'"
    meanwhile(team_database, turn_of("@ann/abc", begins), lambda: kept.drop("ann"))
    assert done(team_database, "SELECT * FROM turn") == []


def test_a_turn_is_not_written_while_another_server_removes_its_person(
    tables: Place, team_database: Server
) -> None:
    kept = Conversations(tables, Whose("ann"))
    kept.add("abc", answer(), "staff")
    removal = "UPDATE author SET gone = 1; DELETE FROM turn"
    assert not meanwhile(team_database, removal, lambda: kept.add("def", answer(), "staff"))
    assert done(team_database, "SELECT * FROM turn") == []


def test_a_turn_that_another_server_writes_goes_with_its_conversation(
    tables: Place, team_database: Server
) -> None:
    kept = Conversations(tables)
    kept.add("abc", answer(), "staff")
    begins = "UPDATE conversation SET library = library"
    gone = meanwhile(team_database, turn_of("abc", begins), lambda: kept.delete("abc"))
    assert [row.get("question") for row in gone] == ["Who?", None]
    assert done(team_database, "SELECT * FROM turn") == []


def test_a_turn_is_not_written_while_another_server_deletes_its_conversation(
    tables: Place, team_database: Server
) -> None:
    kept = Conversations(tables)
    kept.add("abc", answer(), "staff")
    deletion = "DELETE FROM conversation; DELETE FROM turn"
    again = partial(kept.add, "abc", answer(), "staff", begun=True)
    assert not meanwhile(team_database, deletion, again)
    assert done(team_database, "SELECT * FROM conversation") == []


def test_a_name_is_not_kept_while_another_server_deletes_its_conversation(
    tables: Place, team_database: Server
) -> None:
    kept = Conversations(tables)
    kept.add("abc", answer(), "staff")
    deletion = "DELETE FROM conversation; DELETE FROM turn"
    meanwhile(team_database, deletion, lambda: kept.rename("abc", "The secret plan"))
    assert done(team_database, "SELECT * FROM conversation") == []


def test_a_home_that_joins_makes_no_table_anew_that_was_lost(
    settings: Settings, tables: Place, team_database: Server
) -> None:
    kept = Conversations(tables)
    kept.add("abc", answer(), "staff")
    before = done(team_database, "SELECT * FROM kept")
    done(team_database, "ALTER TABLE folder RENAME TO lost")
    other = Settings(home=settings.home / "new", catalogue=team_database.address)
    with pytest.raises(AssistantError, match="not there any more"):
        Conversations(place_of_part(other, CONVERSATIONS)).add("abc", answer(), "staff")
    done(team_database, "ALTER TABLE lost RENAME TO folder")
    assert done(team_database, "SELECT * FROM kept") == before
    assert len(kept.turns("abc")) == 1
