"""A server of a team cleans its own home of what another one has deleted."""

import os
from pathlib import Path

from assistant.libraries import forget
from assistant.libraries.libraries import clean_home, orphaned_files
from assistant.settings import Settings
from assistant.storage.part import EVERYBODY
from assistant.wiring import composition
from vectorstore.team.postgres import Server


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
    assert not orphaned_files(here)
    forget.delete_conversation(there, "gone", EVERYBODY)
    assert orphaned_files(here) == {file} and file.exists()
    assert (clean_home(here, "orphans").files, file.exists()) == (1, False)
