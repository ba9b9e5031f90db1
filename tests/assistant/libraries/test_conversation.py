"""A conversation that is deleted leaves no word of its own in the home."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.feedback import ratings
from assistant.libraries import forget
from assistant.settings import Settings
from assistant.storage.part import Whose
from assistant.wiring import composition
from tests.assistant.libraries.test_forget import holding
from tests.commands import Pincite

ASKED = "How many letters does a pincushion have?"


def test_its_turns_receipts_thumbs_and_files_are_gone(full: Pincite, home: Path) -> None:
    answer = full("ask", ASKED, "--conversation", "talk", "--json").json
    full("ask", "How many days of leave are there?", "--conversation", "other")
    settings = Settings(home=home)
    kept = composition.conversations(settings)
    [library] = composition.libraries(settings)
    ratings.feedback(settings, library).rate(answer, good=True)
    sound, outside = home / "made" / f"{'1' * 32}.wav", home.parent / "pincushion.png"
    attached = home / "attached" / ("2" * 32) / "pincushion.png"
    for file in (sound, sound.with_suffix(".steps"), attached, outside):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"pincushion")
    files = {"audio": [str(sound)], "attached": [str(attached), str(outside)]}
    kept.add("talk", {**answer, **files, "id": "with-files"}, library)
    assert {"conversations.sqlite", "feedback.sqlite"} <= holding(home, "pincushion")

    assert forget.delete_conversation(settings, "talk", Whose("somebody")) == 0
    assert forget.delete_conversation(settings, "talk") == 2

    assert holding(home, "pincushion") == set()
    assert outside.exists() and not attached.parent.exists()
    assert [info.id for info in kept.infos()] == ["other"]
    assert forget.delete_conversation(settings, "talk") == 0


def test_an_answer_that_ends_later_does_not_bring_it_back(full: Pincite, home: Path) -> None:
    full("ask", ASKED, "--conversation", "talk")
    settings = Settings(home=home)
    with composition.library_to_read(settings) as library:
        assistant = composition.assistant_of(settings, library)
        reply = assistant.ask("And in Ghent, the pincushion?", conversation="talk")
        forget.delete_conversation(settings, "talk")
        reply.finish()
    assert not assistant.conversations.infos()
    assert "conversations.sqlite" not in holding(home, "pincushion")


def test_an_answer_that_ends_in_between_goes_with_it(
    full: Pincite, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = full("ask", ASKED, "--conversation", "talk", "--json").json
    settings = Settings(home=home)
    kept, receipts = composition.conversations(settings), composition.receipts(settings)
    attached = home / "attached" / ("1" * 32) / "note.txt"

    receipt = replace(receipts.get(answer["id"]), id="late-answer")
    leave = forget._leave

    def late(*given: Any) -> None:
        leave(*given)
        if not attached.exists():
            attached.parent.mkdir(parents=True)
            attached.write_text("pincushion")
            receipts.add(receipt)
            row = {**answer, "id": "late-answer", "attached": [str(attached)]}
            kept.add("talk", row, begun=True)

    monkeypatch.setattr(forget, "_leave", late)
    assert forget.delete_conversation(settings, "talk") == 2
    assert not receipts.has("late-answer") and not attached.exists()
