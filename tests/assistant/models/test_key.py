"""Where the key of a server comes from, with the real keyring library."""

import sys

import pytest

from assistant.models.server_address import ServerAddress, keep, key_of
from assistant.settings import Settings
from tests.kept_keyring import Kept
from tests.kept_keyring import kept as kept


@pytest.fixture(autouse=True)
def _with_a_key(kept: Kept) -> None:
    kept.set_password("pincite", "127.0.0.1:8080", "s3cret")


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
    assert not keep("127.0.0.1:8080", "new")


def test_without_the_library_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert key_of(address(), Settings()) == ""
    assert not keep("127.0.0.1:8080", "new")


def test_what_is_kept_is_found(kept: Kept) -> None:
    assert keep("127.0.0.1:8081", "new")
    assert key_of(address("http://127.0.0.1:8081/v1"), Settings()) == "new"
