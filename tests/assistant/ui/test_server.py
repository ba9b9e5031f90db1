import socket
import sys
from pathlib import Path

import pytest
from streamlit import config

from assistant.errors import AssistantError
from assistant.settings import Settings
from assistant.ui import server


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, library="samples")


def test_the_command_carries_the_whole_configuration_to_any_folder(settings: Settings) -> None:
    command = server.command(settings, 8600)

    assert command[:4] == [sys.executable, "-m", "streamlit", "run"]
    assert Path(command[4]).is_absolute()
    assert "--server.port=8600" in command
    assert "--server.address=127.0.0.1" in command
    assert "--browser.gatherUsageStats=false" in command
    assert any(flag.startswith("--theme.dark.primaryColor=#") for flag in command)


def test_every_option_is_one_that_streamlit_knows(settings: Settings) -> None:
    flags = server.command(settings, 8600)[5:]

    names = {flag.removeprefix("--").partition("=")[0] for flag in flags}

    assert names <= set(config.get_config_options())


def test_the_settings_reach_the_app_through_the_environment(settings: Settings) -> None:
    surroundings = server.environment(settings)

    assert surroundings["PINCITE_HOME"] == str(settings.home)
    assert surroundings["PINCITE_LIBRARY"] == "samples"
    assert surroundings["ANONYMIZED_TELEMETRY"] == "False"


def test_a_taken_port_is_refused_when_it_was_asked_for() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken: int = other.getsockname()[1]

        with pytest.raises(AssistantError, match=f"Port {taken} is taken"):
            server.free_port(8501, taken)


def test_the_next_free_port_is_taken_when_none_was_asked_for() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken: int = other.getsockname()[1]

        assert server.free_port(taken, None) > taken
