"""Each person may ask and add so much, in all processes together; the rest gets a sentence."""

import io
import threading
from pathlib import Path

import httpx
import pytest

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.conversation.assistant import Answering
from assistant.settings import Settings
from assistant.storage.part import Place
from assistant.team.accounts import ACCOUNTS, LOCAL, AccountsDatabase, Person
from assistant.team.api.served_libraries import Libraries
from assistant.team.api.shelf import Shelf
from assistant.team.rights import LimitReached, Limits
from assistant.wiring.places import place_of_part
from tests.assistant.team.api.conftest import Server
from tests.assistant.team.conftest import Team, opened
from tests.servers.postgres_fixtures import ON_BOTH
from vectorstore.errors import HomeNotWritable

ANN, BOB = Person("1", "ann", "reader"), Person("2", "bob", "reader")


@pytest.fixture
def kept(tmp_path: Path, catalogue: str) -> Place:
    """Where Ann and Bob have accounts."""
    found = place_of_part(Settings(home=tmp_path, catalogue=catalogue), ACCOUNTS)
    with AccountsDatabase(found)._connected() as connection:
        connection.executemany(
            "INSERT INTO person (id, name, role, password, made) VALUES (?, ?, ?, '', '')",
            [(person.id, person.name, person.role) for person in (ANN, BOB)],
        )
    return found


@ON_BOTH
def test_questions_come_back_after_an_hour_and_each_person_has_their_own(kept: Place) -> None:
    now = [1000.0]
    limits = Limits(kept, 2, 0, lambda: now[0])
    limits.ask(ANN)
    now[0] += 600
    limits.ask(ANN)
    with pytest.raises(LimitReached, match=r"within an hour \(2\).*in 50 min") as said:
        limits.ask(ANN)
    assert said.value.seconds == 3000
    limits.ask(BOB)
    now[0] += 3001
    limits.ask(ANN)
    with pytest.raises(LimitReached):
        limits.ask(ANN)


@ON_BOTH
def test_bytes_are_counted_and_a_refused_file_counts_nothing(kept: Place) -> None:
    limits = Limits(kept, 0, 1)
    limits.add(ANN, 600_000)
    with pytest.raises(LimitReached, match=r"within a day \(1 MB\)"):
        limits.add(ANN, 600_000)
    limits.add(ANN, 400_000)
    for _ in range(100):
        limits.ask(ANN)
        limits.add(LOCAL, 1 << 30)


@ON_BOTH
def test_a_sheet_takes_as_many_as_it_has_cells_and_a_look_takes_none(kept: Place) -> None:
    limits = Limits(kept, 10, 0)
    limits.ask(ANN, 10, count=False)
    limits.ask(ANN, 6)
    with pytest.raises(LimitReached):
        limits.ask(ANN, 5, count=False)
    limits.ask(ANN, 4)


def test_a_file_that_finds_no_place_counts_nothing_and_takes_the_others_with_it(
    tmp_path: Path,
) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(28, "No space left on device")

    libraries = Libraries(Settings(home=tmp_path, added_mb_a_day=1), opened=opened)
    mine = Shelf(libraries, Person("1", "ann", "owner"))
    try:
        with pytest.raises(HomeNotWritable):
            mine.upload("north", [("a.txt", io.BytesIO(b"a")), ("b.txt", Broken(b"b" * 900_000))])
        assert not list((tmp_path / "uploads").glob("*/*"))
        libraries.limits.add(mine.person, 1 << 20)
        with pytest.raises(LimitReached):
            mine.upload("south", [("a.txt", io.BytesIO(b"a"))])
        assert libraries.names() == ["north"], "none is made for files that have no room"
    finally:
        libraries.close()


@ON_BOTH
def test_processes_at_once_do_not_pass_it_together(kept: Place) -> None:
    passed: list[int] = []

    def ask() -> None:
        limits = Limits(kept, 10, 0)  # as another process has its own
        for number in range(5):
            try:
                limits.ask(ANN)
            except LimitReached:
                continue
            passed.append(number)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 10


def test_over_the_api_it_is_429_with_the_time_to_wait(team: Team, filled: Path) -> None:
    import shutil

    shutil.copytree(filled, team.settings.home, dirs_exist_ok=True)
    settings = team.settings.model_copy(update={"questions_an_hour": 1, "added_mb_a_day": 1})
    libraries = Libraries(settings, lambda _: Answering(AnswerTool(None, Budget()), "q"), opened)
    server = Server(libraries)
    large = {"files": ("large.txt", b"a " * (1 << 20))}
    try:
        with server.client(team.tokens["ann"]) as ann, server.client(team.tokens["bob"]) as bob:
            told = [_asked(ann), _asked(ann), _asked(bob)]
            assert [answer.status_code for answer in told[:2]] == [200, 429]
            assert told[2].status_code == 404, "her limit is not his"
            assert 0 < int(told[1].headers["retry-after"]) <= 3600
            assert "within an hour (1)" in told[1].json()["error"]["message"]
            added = ann.post("/api/libraries/north/documents", files=large)
            sheet = ann.post("/api/libraries/north/sheet", json={"columns": ["leave"]})
            assert sheet.status_code == 429, "each of its cells is a question"
            assert added.status_code == 429 and "1 MB" in added.json()["error"]["message"]
            assert ann.get("/api/libraries/north/search", params={"q": "leave"}).status_code == 200
    finally:
        server.stop()
        libraries.close()


def _asked(client: httpx.Client) -> httpx.Response:
    return client.post("/api/libraries/north/ask", json={"question": "How many days of leave?"})
