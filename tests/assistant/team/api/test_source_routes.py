"""Sources and watched folders over HTTP, for an owner at this machine."""

from pathlib import Path

import httpx
import pytest

from assistant.entrance.guests import Guests
from assistant.sources import source_list
from assistant.team.api.served_libraries import Libraries
from assistant.team.api.shelf import Shelf
from assistant.wiring.people import home_accounts
from tests.assistant.main_library import eventually
from tests.assistant.sources.conftest import dav as dav
from tests.assistant.team.api.conftest import STAFF, Server
from tests.kept_keyring import Kept
from tests.kept_keyring import kept as kept
from tests.servers.source_servers import PASSWORD, Dav
from vectorstore.indexing.jobs import alone


def documents(client: httpx.Client) -> list[str]:
    return [row["document"] for row in client.get(f"{STAFF}/documents").json()]


def test_a_source_is_added_changed_fetched_and_removed(
    client: httpx.Client, dav: Dav, kept: Kept
) -> None:
    (dav.folder / "Ferry.txt").write_text("The ferry leaves at 06:15.")
    asked = {"address": dav.address(), "password": "wrong", "name": "papers", "every": 60}
    wrong = client.post(f"{STAFF}/sources", json=asked)
    assert wrong.status_code == 400
    assert "refuses the user 'ann'" in wrong.json()["error"]["message"]
    assert client.get(f"{STAFF}/sources").json() == []

    made = client.post(f"{STAFF}/sources", json={**asked, "password": PASSWORD})
    assert (made.status_code, PASSWORD in made.text) == (200, False)
    assert list(kept.passwords.values()) == [PASSWORD]
    paused = client.patch(f"{STAFF}/sources/papers", json={"paused": True}).json()
    assert (paused["every"], paused["paused"]) == (60, True)

    assert client.post(f"{STAFF}/sources/papers/fetch").status_code == 200
    assert eventually(lambda: client.get(f"{STAFF}/sources").json()[0]["fetched"])
    assert eventually(lambda: not client.get(f"{STAFF}/sources").json()[0]["fetching"])
    assert "Ferry.txt" in documents(client)

    assert client.delete(f"{STAFF}/sources/papers").json() == {"removed": "papers"}
    assert client.delete(f"{STAFF}/sources/papers").status_code == 404
    assert "Ferry.txt" in documents(client)


def test_a_source_that_another_program_fetches_says_so(
    libraries: Libraries, client: httpx.Client, dav: Dav, kept: Kept
) -> None:
    asked = {"address": dav.address(), "password": PASSWORD, "name": "papers"}
    assert client.post(f"{STAFF}/sources", json=asked).status_code == 200
    source = source_list.find(libraries.settings, "papers", "staff")
    folder = source_list.folder(libraries.settings, source)
    folder.mkdir(parents=True)

    with alone(folder / source_list.LOCK):
        assert client.post(f"{STAFF}/sources/papers/fetch").status_code == 200
        assert eventually(lambda: not client.get(f"{STAFF}/sources").json()[0]["fetching"])
        told = client.get(f"{STAFF}/sources").json()[0]["error"]

    assert told == "papers is being fetched by another program already."
    client.post(f"{STAFF}/sources/papers/fetch")
    assert eventually(lambda: client.get(f"{STAFF}/sources").json()[0]["fetched"])
    assert client.get(f"{STAFF}/sources").json()[0]["error"] == ""


def test_a_password_in_an_address_gets_into_no_log(
    libraries: Libraries, client: httpx.Client, dav: Dav, kept: Kept,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    log = home_accounts(libraries.settings)
    monkeypatch.setattr(Shelf, "_note", lambda shelf, *line: log.note(shelf.person, *line))
    for address in (dav.address().replace("ann@", "ann:secret@"), "ftp://ann:secret@h.invalid"):
        refused = client.post(f"{STAFF}/sources", json={"address": address})
        assert (refused.status_code, "secret" in refused.text) == (400, False)
    asked = {"address": dav.address(), "password": PASSWORD, "name": "papers"}
    assert client.post(f"{STAFF}/sources", json=asked).status_code == 200
    told = [line.what for line in log.lines()]
    assert "secret" not in str(told) and "papers 127.0.0.1" in told


def test_a_folder_is_put_on_the_list_of_the_app_and_taken_off(
    client: httpx.Client, tmp_path: Path
) -> None:
    papers = tmp_path / "papers"
    papers.mkdir()
    row = {"folder": str(papers)}
    assert client.post(f"{STAFF}/watched", json=row).json() == row
    assert client.get(f"{STAFF}/watched").json() == [row]
    for refused in (tmp_path, tmp_path / "home", tmp_path / "nowhere"):
        assert client.post(f"{STAFF}/watched", json={"folder": str(refused)}).status_code == 400
    assert client.get(f"{STAFF}/watched").json() == [row]

    assert client.delete(f"{STAFF}/watched", params=row).json() == {"removed": str(papers)}
    assert client.delete(f"{STAFF}/watched", params=row).status_code == 404


@pytest.mark.parametrize(
    ("role", "names"), [("visitor", []), ("owner", ["pincite.example.org"])]
)  # the second one may sit anywhere
def test_others_see_and_name_nothing(
    libraries: Libraries, role: str, names: list[str], tmp_path: Path
) -> None:
    guests = Guests()
    server = Server(libraries, guests, names)
    try:
        with server.client(guests.tokens[role]) as client:
            asked = [
                client.get(f"{STAFF}/sources"), client.get(f"{STAFF}/watched"),
                client.post(f"{STAFF}/sources", json={"address": "imaps://ann@h.invalid"}),
                client.post(f"{STAFF}/watched", json={"folder": str(tmp_path)}),
                client.post(f"{STAFF}/sources/x/fetch"), client.delete(f"{STAFF}/sources/x"),
                client.patch(f"{STAFF}/sources/x", json={"every": 5}),
                client.delete(f"{STAFF}/watched", params={"folder": "/"}),
            ]  # fmt: skip
            assert {answer.status_code for answer in asked} == {403}
            assert str(tmp_path) not in "".join(answer.text for answer in asked)
    finally:
        server.stop()
