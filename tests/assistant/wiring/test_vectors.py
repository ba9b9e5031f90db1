"""Where the vectors are is a setting; a server elsewhere passes the guard by its name alone."""

from pathlib import Path

import pytest

from assistant.errors import NetworkRefused, SettingsError
from assistant.security import network_guard
from assistant.settings import Settings
from assistant.wiring import places
from vectorstore.errors import LibraryAway
from vectorstore.team.postgres import Server


def test_the_setting_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert places.vectors_server(Settings.load(home=tmp_path)) is None
    monkeypatch.setenv("PINCITE_VECTORS", "postgresql://127.0.0.1:5432/pincite")
    found = places.vectors_server(Settings.load(home=tmp_path))
    assert found == Server("postgresql://127.0.0.1:5432/pincite")


def test_postgresql_passes_the_guard_by_its_name_alone_and_its_password_is_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_guard, "_permitted", {})
    monkeypatch.setenv("PINCITE_DATABASE_PASSWORD", "open-sesame")
    settings = Settings.load(home=tmp_path, vectors="postgresql://olga@192.0.2.7:5433/pincite")
    remove = network_guard.install_guard(tmp_path / "network.log")
    try:
        with pytest.raises(NetworkRefused):
            Server("postgresql://192.0.2.7:5433/pincite").connect()
        server = places.vectors_server(settings)
        assert server and server.password == "open-sesame"
        assert network_guard._permitted == {("192.0.2.7", 5433): "vectors"}
        monkeypatch.setattr("vectorstore.team.postgres._CONNECTS", 2)
        with pytest.raises(
            LibraryAway, match=r"192\.0\.2\.7:5433/pincite does not answer"
        ) as raised:
            server.connect()
    finally:
        remove()
    assert "open-sesame" not in f"{raised.value} {server} {settings!r}"
    assert "allowed getaddrinfo 192.0.2.7 (vectors)" in (tmp_path / "network.log").read_text()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [("postgresql://olga:secret@db/pincite", "a password does not belong into the address"),
     ("postgresql://db/pincite?password=secret", "a password does not belong into the address"),
     ("postgresql:///pincite?host=db.example.org", "may only be the folder of a socket"),
     ("postgresql:///pincite?host=/tmp%2Cdb.example.org", "may only be the folder of a socket"),
     ("postgresql:///pincite?%68ost=db.example.org", "may only be the folder of a socket"),
     ("postgresql://localhost/pincite?hostaddr=192.0.2.7", "may only be the folder of a socket"),
     ("postgresql:///pincite?service=office", "may only be the folder of a socket"),
     ("postgresql://db", "an address of PostgreSQL looks like"),
     ("http://127.0.0.1:8000", "an address of PostgreSQL looks like"),
     ("here", "an address of PostgreSQL looks like")],
)  # fmt: skip
def test_a_wrong_address_of_postgresql_is_said(wrong: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=why) as raised:
        Settings.load(home=tmp_path, vectors=wrong)
    assert "secret" not in str(raised.value)


def test_a_socket_of_this_machine_is_an_address(tmp_path: Path) -> None:
    socket = "postgresql:///pincite?host=/var/run/postgresql&sslmode=disable"
    assert Settings.load(home=tmp_path, vectors=socket).vectors == socket
