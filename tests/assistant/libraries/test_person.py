"""Files of answers go with the person or the turn that had them, unless others have them, too."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from assistant.contract.facts import Outcome
from assistant.contract.intents import Draw
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.conversation.assistant import Answering, Assistant
from assistant.conversation.history import Conversations
from assistant.errors import AssistantError
from assistant.libraries import forget
from assistant.receipts.record import Receipt, Receipts, ReceiptWriter, Recorder
from assistant.settings import Settings
from assistant.sheet.cell import column
from assistant.storage.files import AnswerFiles, clean, used_space
from assistant.storage.part import EVERYBODY, Whose
from assistant.wiring import composition
from assistant.wiring.places import answer_files
from tests.assistant.fakes import WordEmbedder
from tests.servers.postgres_fixtures import ON_BOTH
from vectorstore.library import Library

NOTHING = Receipt("", "", {}, [], "", {}, "", "main", 0, {})
PHOTO, OF_BOTH = "1" * 32, "2" * 32


@pytest.fixture
def settings(tmp_path: Path, catalogue: str) -> Settings:
    return Settings(home=tmp_path / "home", catalogue=catalogue)


def kept(settings: Settings, person: str) -> Conversations:
    return composition.conversations(settings, Whose(person))


def written(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    return path


def answer(*attached: Path, made: Path | None = None) -> dict[str, Any]:
    images = [str(made)] if made else []
    return {"question": "Who?", "answer": "x", "attached": list(map(str, attached)),
            "images": images, "audio": [], "passages": [], "refused": False}  # fmt: skip


@dataclass(frozen=True)
class Files:
    """Of Ann's answers, one of which Bob has, too."""

    photo: Path
    of_both: Path
    her_own: Path


@pytest.fixture
def files(settings: Settings, tmp_path: Path) -> Files:
    home = settings.home
    found = Files(
        written(home / "attached" / PHOTO / "photo.png"),
        written(home / "made" / f"{OF_BOTH}.png"),
        written(tmp_path / "attached" / PHOTO / "photo.png"),
    )
    kept(settings, "ann").add("c", answer(found.photo, made=found.of_both), "main")
    kept(settings, "ann").add("c", answer(found.her_own), "main", after=0)
    kept(settings, "bob").add("d", answer(made=found.of_both), "main")
    return found


REMOVALS = pytest.mark.parametrize(
    "remove",
    [lambda settings: forget.forget_person(settings, "ann"),
     lambda settings: forget.delete_conversation(settings, "c", Whose("ann"))],
    ids=["person", "conversation"],
)  # fmt: skip


@ON_BOTH
@REMOVALS
def test_files_go_with_the_last_answer_that_has_them(
    settings: Settings, files: Files, remove: Callable[[Settings], object]
) -> None:
    remove(settings)
    assert not files.photo.parent.exists()
    assert files.of_both.exists() and files.her_own.exists()
    forget.forget_person(settings, "bob")
    assert not files.of_both.exists()


@ON_BOTH
@REMOVALS
def test_what_a_kill_leaves_is_found_by_the_cleaning(
    settings: Settings, files: Files, remove: Callable[[Settings], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def killed(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(AnswerFiles, "_delete", killed)
        remove(settings)
    assert files.photo.exists() and not kept(settings, "ann").infos()
    assert not answer_files(settings).orphans(), "it may be of an answer that is under way"
    old = time.time() - 2 * 24 * 3600
    for file in (files.photo, files.of_both):
        os.utime(file, (old, old))
    orphans = answer_files(settings).orphans()
    counted = {used.kind: used.files for used in used_space(settings.home, orphans)}
    assert (counted["orphans"], counted["attached"], counted["made"]) == (1, 0, 1)
    assert clean(settings.home, "orphans", orphans) == 1
    assert not files.photo.parent.exists() and files.of_both.exists()


def test_the_columns_of_their_sheets_go(settings: Settings) -> None:
    kept_columns = composition.sheet_store(settings)
    for name in ("ann", "bob"):
        kept_columns.put_columns(name, "main", [column("salary")])
    forget.forget_person(settings, "ann")
    assert (kept_columns.columns("ann", "main"), kept_columns.columns("bob", "main")) == (
        [],
        ["salary"],
    )


def once(action: Callable[..., object]) -> Callable[..., object]:
    """The same, after a failure the first time."""
    left = [AssistantError("The disk is full.")]

    def fails(*given: object) -> object:
        if left:
            raise left.pop()
        return action(*given)

    return fails


@ON_BOTH
@pytest.mark.parametrize(
    ("at", "name"),
    [
        (Conversations, "_write_anew"),
        (Receipts, "drop"),
        (Receipts, "_write_anew"),
        (forget, "forget_person"),
    ],
    ids=["turns written anew", "receipts", "receipts written anew", "thumbs"],
)
def test_files_of_a_person_go_though_the_removal_fails_once(
    settings: Settings, files: Files, at: object, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at, name, once(getattr(at, name)))
    with pytest.raises(AssistantError, match="full"):
        forget.forget_person(settings, "ann")
    forget.forget_person(settings, "ann")
    assert not files.photo.exists() and files.of_both.exists()


@ON_BOTH
def test_files_of_a_conversation_go_though_its_deletion_fails_at_the_end(
    settings: Settings, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave, calls = forget._leave, [None]

    def fails(*given: Any) -> None:
        if not calls:
            raise AssistantError("The disk is full.")
        calls.pop()
        leave(*given)

    monkeypatch.setattr(forget, "_leave", fails)
    with pytest.raises(AssistantError, match="full"):
        forget.delete_conversation(settings, "c", Whose("ann"))
    assert not files.photo.exists() and files.of_both.exists()


def test_tables_that_were_moved_away_leave_no_file_to_be_cleaned(
    settings: Settings, files: Files
) -> None:
    os.utime(files.photo, (0, 0))
    damaged = settings.home / "conversations.sqlite"
    damaged.rename(damaged.with_suffix(".damaged"))
    assert not answer_files(settings).orphans()
    kept(settings, "ann").add("e", answer(), "main")
    assert answer_files(settings).orphans() == {files.photo}


@ON_BOTH
def test_a_file_stays_that_a_receipt_refers_to_in_whatever_row(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.storage.files._ROWS", 1)
    receipts = composition.receipts(settings, Whose("bob"))
    for name, folder in ((PHOTO, "/srv/made/"), (OF_BOTH, "C:\\Pincite\\made\\")):
        file = settings.home / "made" / f"{name}.wav"
        receipts.add(replace(NOTHING, id=name, answer={"audio": [f"{folder}{file.name}"]}))
        kept(settings, "ann").add("c", answer(made=written(file)), "main")
    forget.forget_person(settings, "ann")
    assert len(list((settings.home / "made").iterdir())) == 2
    forget.forget_person(settings, "bob")
    assert not list((settings.home / "made").iterdir())


DRAWN = Draw("a lighthouse")


class Drawing:
    """A tool that makes a file, and then does something."""

    model_name = "none"

    def __init__(
        self, picture: Path, then: Callable[[], object], intent: Draw | None = DRAWN
    ) -> None:
        self._picture, self._then, self._intent = picture, then, intent

    def run(self, request: Request) -> Reply:
        def work(reply: Reply) -> Iterator[str]:
            reply.images = (written(self._picture),)
            yield "Drawn."
            reply.outcome = Outcome("Drawn.")
            self._then()

        return Reply(request.question, work, intent=self._intent)


def drawing(
    settings: Settings, then: Callable[[Settings], object], whose: Whose = EVERYBODY
) -> tuple[Reply, list[Path]]:
    """A running answer in a conversation, with the file that it makes and that of its question."""
    photo, picture = (
        written(settings.home / "attached" / PHOTO / "photo.png"),
        settings.home / "made" / f"{OF_BOTH}.png",
    )
    mine = composition.conversations(settings, whose)
    mine.add("c", answer(), "main")
    with Library(settings.home / "library", "main", WordEmbedder) as library:
        tool = Drawing(picture, lambda: then(settings))
        assistant = Assistant(library, Answering(tool, ""), mine, files=answer_files(settings))
        return assistant.ask("Draw it.", conversation="c", files=[photo]), [photo, picture]


@ON_BOTH
def test_the_files_of_a_turn_go_when_its_conversation_was_deleted_meanwhile(
    settings: Settings,
) -> None:
    reply, made = drawing(settings, lambda of: forget.delete_conversation(of, "c"))
    reply.finish()
    assert not [path for path in made if path.exists()]


@ON_BOTH
def test_the_files_of_a_turn_go_when_its_person_was_removed_meanwhile(settings: Settings) -> None:
    reply, made = drawing(settings, lambda of: forget.forget_person(of, "ann"), Whose("ann"))
    reply.finish()
    assert not [path for path in made if path.exists()]


@ON_BOTH
def test_the_files_of_an_answer_in_no_conversation_go_with_its_receipt(settings: Settings) -> None:
    picture = settings.home / "made" / f"{OF_BOTH}.png"
    recorder = Recorder(composition.receipts(settings, Whose("ann")), ReceiptWriter())
    with Library(settings.home / "library", "main", WordEmbedder) as library:
        tool = Drawing(picture, lambda: forget.forget_person(settings, "ann"), None)
        mine = kept(settings, "ann")
        how = Answering(tool, "")
        Assistant(library, how, mine, recorder, answer_files(settings)).ask("Who?").finish()
    assert not picture.exists()


@ON_BOTH
def test_the_files_of_a_turn_stay_when_it_is_kept_or_only_could_not_be(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply, made = drawing(settings, lambda of: None)
    reply.finish()
    assert all(path.exists() for path in made)

    def away(*_: object) -> bool:
        raise AssistantError("The server does not answer.")

    reply, made = drawing(settings, lambda of: None)
    monkeypatch.setattr(Conversations, "add", away)
    with pytest.raises(AssistantError, match="does not answer"):
        reply.finish()
    assert all(path.exists() for path in made)
