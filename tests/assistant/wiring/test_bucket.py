"""The bucket of the settings, and the one address that the network guard lets through for it."""

from pathlib import Path

import pytest

from assistant.security import network_guard
from assistant.settings import Settings
from assistant.wiring.places import bucket
from vectorstore.errors import LibraryAway


def test_without_the_setting_there_is_none(tmp_path: Path) -> None:
    assert bucket(Settings(home=tmp_path)) is None


def test_the_guard_lets_that_one_server_through_and_notes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_guard, "_permitted", {})
    monkeypatch.setattr("vectorstore.team.s3._CONNECTS", 1)
    settings = Settings(
        home=tmp_path, files="s3://papers/x", files_endpoint="https://192.0.2.7:9443",
        files_key="ID", files_secret="open-sesame",
    )  # fmt: skip
    found = bucket(settings)
    assert found and network_guard._permitted == {("192.0.2.7", 9443): "files"}
    remove = network_guard.install_guard(tmp_path / "network.log")
    try:
        with pytest.raises(LibraryAway, match=r"papers/x at 192\.0\.2\.7:9443 does not answer"):
            found.versioned()
        monkeypatch.setattr(network_guard, "_permitted", {})
        with pytest.raises(LibraryAway, match="does not answer"):
            found.versioned()
    finally:
        remove()
    said = (tmp_path / "network.log").read_text()
    assert "allowed connect 192.0.2.7 (files)" in said and "refused connect" in said
    assert "open-sesame" not in said
