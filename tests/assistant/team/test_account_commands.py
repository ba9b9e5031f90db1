"""The commands users and tokens."""

import io
import json
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import pytest

from assistant.cli.main import main
from assistant.conversation.history import Conversations
from assistant.errors import TablesAway
from assistant.receipts.record import Receipts
from assistant.settings import Settings
from assistant.storage.part import Whose
from assistant.team import api
from assistant.wiring.people import home_accounts
from tests.assistant.team.conftest import PASSWORD, quick_hashes

_ = quick_hashes  # a fixture


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("assistant.security.network_guard.install_guard", lambda *_: None)
    catalogue = tmp_path / "libraries" / "contracts" / "catalog.sqlite"
    catalogue.parent.mkdir(parents=True)
    catalogue.touch()
    return tmp_path


def run(home: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    return main(["--home", str(home), *words])


def test_people_are_added_shared_with_listed_and_removed(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = Conversations(home / "conversations.sqlite")
    kept.add("abc", {"question": "Before?", "answer": "x"}, "contracts")
    assert run(home, monkeypatch, "users", "add", "olga") == 0
    assert "on every server" in capsys.readouterr().err
    assert run(home, monkeypatch, "users", "add", "Ann", "--role", "editor", "--group", "law") == 0
    assert run(home, monkeypatch, "users", "share", "contracts", "--group", "law") == 0
    capsys.readouterr()
    assert run(home, monkeypatch, "users", "list", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert [(row["name"], row["role"]) for row in shown["people"]] == [
        ("ann", "editor"), ("olga", "owner"),
    ]  # fmt: skip
    assert shown["libraries"] == {"contracts": ["group law"]}

    olga = home_accounts(Settings(home=home)).named("olga")
    hers = Conversations(home / "conversations.sqlite", Whose(olga.id))
    assert [info.title for info in hers.infos("contracts")] == ["Before?"]
    assert kept.infos("contracts") == []
    capsys.readouterr()
    assert run(home, monkeypatch, "users", "remove", "olga") == 0
    assert "Nobody is an owner now" in capsys.readouterr().err
    assert b"Before?" not in (home / "conversations.sqlite").read_bytes()
    assert run(home, monkeypatch, "users", "remove", "ann") == 0
    assert "lets nobody in until it is restarted" in capsys.readouterr().err


def test_a_removal_that_was_interrupted_is_finished_by_the_same_command(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def away(*_: object) -> None:
        raise TablesAway("The server does not answer.")

    assert run(home, monkeypatch, "users", "add", "ann") == 0
    with monkeypatch.context() as patch:
        patch.setattr(Receipts, "drop", away)
        assert run(home, monkeypatch, "users", "remove", "ann") == 1
    ann = home_accounts(Settings(home=home)).named("ann")  # who is signed in still
    hers = Conversations(home / "conversations.sqlite", Whose(ann.id))
    assert not hers.add("abc", {"question": "After?", "answer": "x"}, "contracts")
    assert run(home, monkeypatch, "users", "remove", "ann") == 0
    assert run(home, monkeypatch, "users", "remove", "ann") == 1
    assert "no person 'ann'" in capsys.readouterr().err


def test_a_token_is_shown_once_and_revoked(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(home, monkeypatch, "users", "add", "ann") == 0
    give = ("tokens", "add", "ann", "--as", "intranet", "--only", "contracts", "--days", "9")
    assert run(home, monkeypatch, *give) == 0
    token = capsys.readouterr().out.strip()
    assert run(home, monkeypatch, "tokens", "list", "--json") == 0
    out = capsys.readouterr().out
    [row] = json.loads(out)
    assert token not in out and row["libraries"] == ["contracts"] and row["role"] == "reader"
    assert run(home, monkeypatch, "tokens", "revoke", row["id"]) == 0
    assert run(home, monkeypatch, "tokens", "revoke", row["id"]) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [(("users", "passwd", "carl"), "There is no person 'carl'"),
     (("users", "share", "nothing"), "There is no library 'nothing'"),
     (("tokens", "add", "carl", "--as", "x"), "There is no person 'carl'")],
)  # fmt: skip
def test_what_is_not_there_is_said(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...], told: str,
) -> None:  # fmt: skip
    assert run(home, monkeypatch, *words) == 1
    assert told in capsys.readouterr().err


def test_nobody_else_reads_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(home, monkeypatch, "users", "add", "ann") == 0
    assert stat.S_IMODE((home / "accounts.sqlite").stat().st_mode) == 0o600


def test_each_command_says_what_it_did_also_as_json(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def done(*words: str) -> dict[str, object]:
        assert run(home, monkeypatch, *words, "--json") == 0
        row: dict[str, object] = json.loads(capsys.readouterr().out)
        return row

    assert done("users", "add", "olga") == {"added": "olga", "role": "owner", "groups": []}
    assert done("users", "add", "ann", "--group", "law")["groups"] == ["law"]
    assert done("users", "change", "ann", "--no-group") == {
        "changed": "ann", "role": "reader", "groups": [],
    }  # fmt: skip
    assert done("users", "passwd", "ann") == {"changed": "ann"}
    assert done("users", "share", "contracts", "--with", "ann") == {
        "library": "contracts", "people": ["ann"], "groups": [],
    }  # fmt: skip
    made = done("tokens", "add", "ann", "--as", "intranet")
    assert str(made["token"]).startswith("pincite_") and made["role"] == "reader"
    assert done("tokens", "revoke", str(made["id"])) == {"revoked": made["id"]}
    assert done("users", "remove", "ann") == {"removed": "ann"}
    assert run(home, monkeypatch, "users") == 0
    assert capsys.readouterr().out.startswith("olga: owner")
    assert run(home, monkeypatch, "tokens") == 0
    assert "no tokens" in capsys.readouterr().err


def test_a_change_of_nothing_and_a_first_person_who_owns_nothing_are_wrong_usage(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (("users", "add", "olga", "--role", "reader"), ("users", "change", "olga")):
        with pytest.raises(SystemExit) as end:
            run(home, monkeypatch, *words)
        assert end.value.code == 2
    told = capsys.readouterr().err
    assert "leave out --role" in told and "--no-group" in told
    assert run(home, monkeypatch, "users", "add", "olga") == 0


def test_a_group_without_people_and_a_home_without_an_owner_are_said(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(home, monkeypatch, "users", "add", "olga") == 0
    assert run(home, monkeypatch, "users", "share", "contracts", "--group", "lwa") == 0
    assert "Nobody is in the group lwa yet." in capsys.readouterr().err
    assert run(home, monkeypatch, "users", "change", "olga", "--role", "editor") == 0
    assert "Nobody is an owner now." in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [("--as", ""), ("--as", "two\nlines"), ("--as", "intranet", "--days", "99999999999")]
)
def test_a_token_that_could_not_be_listed_is_not_made(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
) -> None:  # fmt: skip
    assert run(home, monkeypatch, "users", "add", "olga") == 0
    assert run(home, monkeypatch, "tokens", "add", "olga", *words) == 1
    capsys.readouterr()
    assert run(home, monkeypatch, "tokens", "list", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []


def test_what_cannot_be_noted_is_not_done(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(home, monkeypatch, "users", "add", "olga") == 0
    with closing(sqlite3.connect(home / "accounts.sqlite")) as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON audit"
            " BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
    for words in (
        ("tokens", "add", "olga", "--as", "intranet"), ("users", "add", "ann"),
        ("users", "change", "olga", "--group", "law"), ("users", "remove", "olga"),
    ):  # fmt: skip
        assert run(home, monkeypatch, *words) == 1
        assert "cannot be used: database or disk is full." in capsys.readouterr().err
    assert run(home, monkeypatch, "tokens", "list", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
    assert run(home, monkeypatch, "users", "list") == 0
    assert capsys.readouterr().out == "olga: owner\n"
    assert run(home, monkeypatch, "users", "log", "--json") == 0
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line)["did"] == "added the person olga as owner"


@pytest.mark.parametrize(("command", "module"), [("serve", "application"), ("mcp", "mcp_server")])
def test_without_a_package_of_the_extra_the_command_that_adds_it_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    command: str, module: str,
) -> None:  # fmt: skip
    monkeypatch.delattr(api, module, raising=False)
    monkeypatch.setitem(sys.modules, f"assistant.team.api.{module}", None)  # as prometheus_client
    assert main(["--home", str(home), command]) == 1
    assert "Install pincite[serve] to serve other programs" in capsys.readouterr().err
