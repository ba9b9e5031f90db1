"""Where the key of a server comes from, with the real keyring library."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from assistant.models.server.address import ServerAddress
from assistant.models.server.key import key_of
from assistant.settings import Settings

keyring = pytest.importorskip("keyring")
backend: Any = pytest.importorskip("keyring.backend")


class Kept(backend.KeyringBackend):  # type: ignore[misc]
    """In memory, so that no keyring of a person is touched."""

    priority = 1

    def __init__(self, locked: bool = False) -> None:
        super().__init__()
        self.locked = locked
        self.passwords: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise keyring.errors.KeyringLocked
        return self.passwords.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.passwords[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.passwords[service, username]


@pytest.fixture(autouse=True)
def kept() -> Iterator[Kept]:
    before, ours = keyring.get_keyring(), Kept()
    keyring.set_keyring(ours)
    keyring.set_password("pincite", "127.0.0.1:8080", "s3cret")
    yield ours
    keyring.set_keyring(before)


def address(text: str = "http://127.0.0.1:8080/v1") -> ServerAddress:
    found = ServerAddress.parse(text)
    assert found
    return found


def test_a_key_of_the_keyring_belongs_to_host_and_port() -> None:
    assert key_of(address(), Settings()) == "s3cret"
    assert key_of(address("http://127.0.0.1:8081/v1"), Settings()) == ""


def test_the_settings_go_first() -> None:
    assert key_of(address(), Settings(chat_key="given")) == "given"  # type: ignore[arg-type]


def test_a_locked_keyring_has_none(kept: Kept) -> None:
    kept.locked = True
    assert key_of(address(), Settings()) == ""


def test_without_the_library_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert key_of(address(), Settings()) == ""
