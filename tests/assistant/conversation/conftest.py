"""Where conversations are kept, on the engine that a test asks for."""

from pathlib import Path

import pytest

from assistant.build.stores.home_tables import place
from assistant.conversation.tables import PART
from assistant.settings import Settings
from assistant.storage.sqlite_file import Place


@pytest.fixture
def shelf(tmp_path: Path, catalogue: str) -> Place:
    return place(Settings(home=tmp_path, catalogue=catalogue), PART)
