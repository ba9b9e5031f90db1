"""A server of a team cleans its own home of what another one has deleted."""

import os
from pathlib import Path

from assistant.build import composition
from assistant.forgetting import conversation
from assistant.libraries.cleaning import clean_home, orphans
from assistant.settings import Settings
from assistant.storage.whose import EVERYBODY
from vectorstore.postgres.server import Server


def test_the_file_of_a_conversation_that_another_server_deleted_is_found_at_its_own(
    tmp_path: Path, team_database: Server
) -> None:
    here, there = (Settings(home=tmp_path / n, catalogue=team_database.address) for n in "ab")
    file = here.home / "made" / f"{'a' * 32}.png"
    file.parent.mkdir(parents=True)
    file.write_text("xy")
    os.utime(file, (0, 0))
    kept = composition.conversations(here)
    kept.add("gone", {"question": "?", "answer": "x", "images": [str(file)]})
    kept.add("stays", {"question": "?", "answer": "x"})
    assert not orphans(here)
    conversation.delete(there, "gone", EVERYBODY)
    assert orphans(here) == {file} and file.exists()
    assert (clean_home(here, "orphans").files, file.exists()) == (1, False)
