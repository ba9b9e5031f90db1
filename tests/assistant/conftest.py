"""Real voices: espeak-ng of the machine, and Piper as a person fetches it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.errors import AssistantError
from assistant.models.catalogue import find
from assistant.models.fetch import cached, user_cache
from assistant.models.installed import Models
from assistant.models.programs import PIPER
from assistant.settings import Settings
from assistant.studio import voices as espeak_ng
from assistant.studio.voices import Espeak, Piper

JOE = "en_US-joe-medium"


@pytest.fixture(scope="session")
def espeak() -> Espeak:
    program = espeak_ng.espeak_program()
    if program is None:
        pytest.skip("espeak-ng is not installed: apt-get install espeak-ng")
    return Espeak(program, "en")


@pytest.fixture(scope="session")
def joe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The voice's model in the user's cache, fetched with its program where it is not there.

    With an empty cache that takes 20 seconds, of which pip takes most.
    """
    home = tmp_path_factory.mktemp("voice")
    try:
        Models(Settings(home=home)).pull(JOE)
    except AssistantError as error:
        pytest.skip(f"no voice: {error}")
    return cached(find(JOE), user_cache())


@pytest.fixture(scope="session")
def piper(joe: Path) -> Iterator[Piper]:
    python = PIPER.python(user_cache())
    assert python is not None
    voice = Piper(python, joe)
    yield voice
    voice.close()
