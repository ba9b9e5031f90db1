import socket
from pathlib import Path

import pytest
from streamlit import config
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_cache import populate_hash_if_needed

from assistant.entrance.asgi import Hosts
from assistant.errors import AssistantError
from assistant.security.network_guard import install_guard
from assistant.settings import Settings
from assistant.ui import serving
from ingest.errors import PinciteError
from tests.commands import Pincite, Ran


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, library="samples")


def test_every_option_is_one_that_streamlit_knows() -> None:
    options = serving.options(8600, "127.0.0.1", Hosts("127.0.0.1"))

    assert set(options) <= set(config.get_config_options())
    assert options["server.port"] == 8600
    assert options["server.allowedHosts"] == ["127.0.0.1", "::1", "localhost"]
    assert options["browser.gatherUsageStats"] is False
    assert options["theme.dark.primaryColor"].startswith("#")


def test_no_message_counts_on_what_a_browser_has_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    options = serving.options(8600, "127.0.0.1", Hosts("127.0.0.1"))
    monkeypatch.setattr(config, "get_option", options.__getitem__)
    message = ForwardMsg()
    message.delta.new_element.markdown.body = "a" * (4 << 20)
    populate_hash_if_needed(message)
    assert message.hash and not message.metadata.cacheable


@pytest.mark.parametrize(
    ("address", "names", "message"),
    [
        ("", [], "--address '' is neither"),
        ("http://x", [], "--address 'http://x' is neither"),
        ("127.0.0.1", ["x:443"], "--host 'x:443' is neither"),
        ("192.0.2.1", [], "192.0.2.1 is no address of this machine"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused(
    settings: Settings, address: str, names: list[str], message: str
) -> None:
    with pytest.raises(AssistantError, match=message):
        serving.serve(settings, address=address, names=names)


def test_all_addresses_can_be_listened_on_in_spite_of_the_guard(tmp_path: Path) -> None:
    remove = install_guard(tmp_path / "network.log")
    try:
        assert serving.free_port(8501, None, "0.0.0.0") >= 8501
    finally:
        remove()


def test_a_taken_port_is_refused_when_it_was_asked_for() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken: int = other.getsockname()[1]

        with pytest.raises(AssistantError, match=f"Port {taken} is taken"):
            serving.free_port(8501, taken)


def test_the_next_free_port_is_taken_when_none_was_asked_for() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken: int = other.getsockname()[1]

        assert serving.free_port(taken, None) > taken


def test_a_database_that_is_away_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINCITE_HOME", str(tmp_path))
    monkeypatch.setenv("PINCITE_CATALOGUE", "postgresql://nobody@127.0.0.1:1/nothing")

    with pytest.raises(PinciteError, match="The PostgreSQL server"):
        serving.serve(Settings.load())


def test_ctrl_c_ends_the_app_silently_also_while_it_starts(
    pincite: Pincite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(serving, "check_names", interrupted)
    assert pincite("app") == Ran(130, "", "")
