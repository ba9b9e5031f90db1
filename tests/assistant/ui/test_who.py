import pytest
import streamlit as st

from assistant.ui import resources

OWN = ["127.0.0.1", "[::1]", "localhost"]


@pytest.mark.parametrize(
    ("address", "names", "here"),
    [
        ("127.0.0.1", OWN, True),
        ("127.0.0.1", [], True),
        ("127.0.0.1", [*OWN, "pincite.example.org"], False),  # of a reverse proxy
        ("192.168.1.7", OWN, False),
        ("0.0.0.0", ["*"], False),
    ],
)
def test_only_who_sits_at_the_machine_may_name_its_folders(
    monkeypatch: pytest.MonkeyPatch, address: str, names: list[str], here: bool
) -> None:
    options = {"server.address": address, "server.allowedHosts": names}
    monkeypatch.setattr(st, "get_option", options.__getitem__)
    assert resources.at_machine() == here
