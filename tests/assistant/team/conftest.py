"""A home with two groups, who each have a library that the other group must not hear of."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from assistant.settings import Settings
from assistant.team import accounts
from assistant.team.accounts import Accounts
from assistant.wiring.people import home_accounts, tokens
from tests.assistant.fakes import WordEmbedder
from tests.assistant.team.api.conftest import server
from tests.pdfs import write_pdf
from vectorstore.library import Library

NORTH = "The iceberg has thirty days of leave."
SOUTH = "The volcano has forty days of leave."
PASSWORD = "correct horse battery"
_ = server  # a fixture, over the libraries of each test


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    from argon2 import PasswordHasher, Type

    quick = PasswordHasher(1, 8, 1, type=Type.ID)
    monkeypatch.setattr(accounts, "_hasher", lambda: quick)
    accounts._nobody.cache_clear()


def opened(settings: Settings, name: str | None, make: bool = False) -> Library:
    assert name
    return Library(settings.libraries_folder / name, name, WordEmbedder)


@dataclass(frozen=True)
class Team:
    """Ann of the north, Bob of the south, and Olga who owns it all."""

    settings: Settings
    accounts: Accounts
    tokens: dict[str, str]


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the two libraries, to be copied."""
    folder = tmp_path_factory.mktemp("filled")
    settings = Settings(home=folder / "home")
    for name, document, text in (
        ("north", "Iceberg.pdf", NORTH), ("south", "Volcano.pdf", SOUTH),
    ):  # fmt: skip
        write_pdf(folder / document, ["# Leave", "", text])
        with opened(settings, name) as library:
            library.add([folder / document])
    return settings.home


@pytest.fixture
def team(tmp_path: Path, catalogue: str) -> Team:
    settings = Settings(home=tmp_path / "home", catalogue=catalogue)
    known, made = home_accounts(settings), tokens(settings)
    given = {}
    for name, group in (("ann", "north"), ("bob", "south")):
        person = known.add(name, PASSWORD, "editor", [group])
        known.share(group, [], [group])
        given[name] = made.add(person, "program", "editor")
    olga = known.add("olga", PASSWORD, "owner")
    given["olga"] = made.add(olga, "program", "owner")
    return Team(settings, known, given)
