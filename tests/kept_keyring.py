"""A keyring in memory, so that no keyring of a person is touched."""

from collections.abc import Iterator
from typing import Any

import pytest

keyring = pytest.importorskip("keyring")
backend: Any = pytest.importorskip("keyring.backend")


class Kept(backend.KeyringBackend):  # type: ignore[misc]
    """By service and name; locked, it gives and takes nothing."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.locked = False
        self.passwords: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        self._check()
        return self.passwords.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._check()
        self.passwords[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.passwords[service, username]

    def _check(self) -> None:
        if self.locked:
            raise keyring.errors.KeyringLocked


@pytest.fixture
def kept() -> Iterator[Kept]:
    before, ours = keyring.get_keyring(), Kept()
    keyring.set_keyring(ours)
    yield ours
    keyring.set_keyring(before)
