"""The network guard lets the address of a source through, and no other."""

import socket
from pathlib import Path

import pytest

from assistant.errors import NetworkRefused
from assistant.security import network_guard
from assistant.sources.address import SourceFailed
from assistant.sources.fetching import reached
from assistant.sources.source_list import Source


@pytest.mark.parametrize(
    "address", ["imaps://ann@mail.invalid/INBOX", "webdavs://ann@mail.invalid"]
)
def test_the_address_alone_is_let_through_and_logged(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setattr(network_guard, "_permitted", {})
    remove = network_guard.install_guard(tmp_path / "network.log")
    try:
        mail = Source("mail", "main", address)
        with (
            pytest.raises(SourceFailed, match=r"host mail\.invalid is not found"),
            reached(mail, "secret") as client,
        ):
            list(client.entries(lambda: None))
        for other in ("other.invalid", "mail.invalid"):  # the latter after the fetching, too
            with pytest.raises(NetworkRefused):
                socket.getaddrinfo(other, 993)
    finally:
        remove()
    assert (
        "allowed getaddrinfo mail.invalid (source mail)" in (tmp_path / "network.log").read_text()
    )
    assert "secret" not in (tmp_path / "network.log").read_text()
