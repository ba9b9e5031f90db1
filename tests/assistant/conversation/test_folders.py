"""Folders of conversations."""

import pytest

from assistant.conversation.history import Conversations
from assistant.conversation.listing import Folders
from assistant.errors import AssistantError
from assistant.storage.part import Place, Whose
from tests.assistant.conversation.test_history import answer
from tests.servers.postgres_fixtures import ON_BOTH


def places(kept: Conversations) -> dict[str, int]:
    return {info.id: info.folder for info in kept.infos()}


@ON_BOTH
def test_a_conversation_is_put_into_a_folder_found_there_and_taken_out(shelf: Place) -> None:
    kept = Conversations(shelf)
    kept.add("a", answer("Alpha?"), "main")
    kept.add("b", answer("Beta?"), "main")
    taxes = kept.folders.make("Taxes")
    home = kept.folders.make(" at   home ")
    assert [folder.name for folder in kept.folders.all()] == ["at home", "Taxes"]
    kept.folders.move("a", taxes.id)
    assert places(kept) == {"a": taxes.id, "b": 0}
    kept.folders.move("a", home.id)
    [found] = kept.search("alpha")
    assert found.info.folder == home.id
    kept.folders.move("a", 0)
    assert places(kept) == {"a": 0, "b": 0}
    kept.folders.move("unknown", taxes.id)
    kept.add("unknown", answer("Now?"), "main")
    assert places(kept)["unknown"] == 0


@ON_BOTH
def test_conversations_of_a_deleted_folder_go_back_to_the_list(shelf: Place) -> None:
    kept = Conversations(shelf)
    kept.add("a", answer("Alpha?"), "main")
    taxes = kept.folders.make("Taxes")
    kept.folders.move("a", taxes.id)
    kept.folders.collapse(taxes.id)
    assert kept.folders.all()[0].collapsed
    assert kept.folders.delete(taxes.id) == 1
    assert places(kept) == {"a": 0} and len(kept.turns("a")) == 1
    assert kept.folders.make("Taxes").id != taxes.id


@ON_BOTH
def test_a_deleted_conversation_leaves_its_folder(shelf: Place) -> None:
    kept = Conversations(shelf)
    taxes = kept.folders.make("Taxes")
    kept.add("a", answer("Alpha?"), "main")
    kept.folders.move("a", taxes.id)
    kept.delete("a")
    kept.add("a", answer("Another?"), "main")
    assert places(kept) == {"a": 0}


@ON_BOTH
def test_names_are_short_and_tell_folders_apart(shelf: Place) -> None:
    folders = Folders(shelf)
    taxes = folders.make("Taxes")
    for name, said in ((" ", "1 to 100"), ("x" * 101, "1 to 100"), ("taxes", "already")):
        with pytest.raises(AssistantError, match=said):
            folders.make(name)
    folders.rename(taxes.id, "TAXES")
    assert [folder.name for folder in folders.all()] == ["TAXES"]
    for act in (folders.delete, folders.collapse):
        with pytest.raises(AssistantError, match="There is no folder 99"):
            act(99)


@ON_BOTH
def test_folders_are_a_persons_own(shelf: Place) -> None:
    file = shelf
    everybodys = Conversations(file)
    everybodys.add("a", answer("Alpha?"), "main")
    everybodys.folders.move("a", everybodys.folders.make("Taxes").id)
    everybodys.give("ann")  # the first account
    ann, bob = (Conversations(file, Whose(name, lambda _: True)) for name in ("ann", "bob"))
    [taxes] = ann.folders.all()
    assert places(ann) == {"a": taxes.id} and everybodys.folders.all() == []
    with pytest.raises(AssistantError):
        bob.folders.rename(taxes.id, "Mine")
    bob.add("a", answer("Bob's?"), "main")
    with pytest.raises(AssistantError):
        bob.folders.move("a", taxes.id)
    bob.folders.move("a", 0)
    assert places(ann) == {"a": taxes.id}
    everybodys.drop("ann")
    assert ann.folders.all() == [] and places(ann) == {}
