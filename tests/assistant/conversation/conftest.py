"""Where conversations are kept, on the engine that a test asks for."""

from pathlib import Path

import pytest

from assistant.settings import Settings
from assistant.storage.conversation_tables import CONVERSATIONS
from assistant.storage.part import Place
from assistant.wiring.places import place_of_part


@pytest.fixture
def shelf(tmp_path: Path, catalogue: str) -> Place:
    return place_of_part(Settings(home=tmp_path, catalogue=catalogue), CONVERSATIONS)
