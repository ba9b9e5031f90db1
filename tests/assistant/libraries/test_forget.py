"""`pincite forget` leaves no word of a document in any file of the home."""

import json
from pathlib import Path

from assistant.evaluation.runs import EvaluationRuns
from assistant.settings import Settings
from assistant.team.accounts import FORGOTTEN
from assistant.wiring.people import home_accounts
from tests.commands import Pincite, refused
from tests.vectorstore.conftest import PASSWORD

HOW_LONG = "How many letters does a password have?"
LEAVE = "How many days of leave are there?"


def holding(home: Path, word: str) -> set[str]:
    """The files of the home that hold a word."""
    files = (path for path in home.rglob("*") if path.is_file())
    return {path.name for path in files if word.encode() in path.read_bytes().lower()}


def measured(home: Path, answer: object) -> None:
    """A run whose answer read the policy, as `pincite eval` keeps it."""
    folder = home / "evaluation"
    folder.mkdir(exist_ok=True)
    question = {
        "id": "q", "question": HOW_LONG, "answers": ["fourteen"], "answerable": True,
        "evidence": [{"doc": "Policy.pdf", "page": 1}],
    }  # fmt: skip
    row = {
        "id": "q",
        "question": question,
        "hits": [["Policy.pdf", 1]],
        "error": "",
        "answer": answer,
    }
    about = {
        "library": "main", "set": "own", "settings": {}, "options": {}, "model": "none",
        "digest": "", "sha256": "", "embedder": "", "verifier": "", "learned": "", "documents": 2,
        "skipped": {"questions": 0, "documents": []},
    }  # fmt: skip
    runs = EvaluationRuns(folder / "runs.sqlite")
    runs.put(runs.begin(about), row)
    runs.finish(1)


def test_no_word_of_a_forgotten_document_is_left_in_the_home(
    full: Pincite, home: Path, tmp_path: Path
) -> None:
    assert "fourteen" in PASSWORD[-1]
    full("backup", tmp_path / "before")
    told = full("ask", HOW_LONG, "--conversation", "talk", "--json").json
    other = full("ask", LEAVE, "--conversation", "talk", "--json").json
    assert "fourteen" in json.dumps(told["citations"])
    assert full("eval", "rate", told["id"], "up").status == 0
    measured(home, told)
    assert full("sheet", "--question", HOW_LONG).status == 0
    people = home_accounts(Settings.load(home=home))
    people.note(people.add("olga", "a long password", "owner"), "saw", "main", "Policy.pdf, page 1")
    assert "accounts.sqlite" in holding(home, "policy.pdf")
    assert {
        "conversations.sqlite", "catalog.sqlite", "feedback.sqlite", "questions.jsonl",
        "sheets.sqlite",
    } <= holding(home, "fourteen")  # fmt: skip

    done = full("forget", "Policy.pdf")

    assert done.status == 0
    assert holding(home, "fourteen") == set()
    assert "accounts.sqlite" not in holding(home, "policy.pdf")
    [line] = people.lines()
    assert (line.person, line.did, line.what) == ("olga", "saw", f"{FORGOTTEN}, page 1")
    numbers = [line.split(maxsplit=1) for line in done.out.splitlines()[:-1]]
    read = 1 + ("fourteen" in json.dumps(other))
    assert [int(number) for number, _ in numbers] == [1, 0, read, read, 1, 2, 1]
    assert "backups made before" in done.out
    assert [row["document"] for row in full("documents", "--json").json] == ["Handbook.pdf"]
    assert refused(full("replay", told["id"])).startswith("There is no receipt")
    assert full("eval", "show", "1").status == 0
    full("backup", tmp_path / "after")
    assert full("restore", tmp_path / "after", "--library", "later").status == 0
    assert holding(home, "fourteen") == set()


def test_the_rest_of_a_conversation_stays(full: Pincite, home: Path) -> None:
    full("ask", LEAVE, "--conversation", "talk", "--json")
    full("forget", "Policy.pdf")
    again = full("ask", "And for travel?", "--conversation", "talk", "--json")
    assert again.status == 0
    assert holding(home, "thirty") >= {"conversations.sqlite", "catalog.sqlite"}


def test_a_document_that_was_removed_before_is_forgotten_where_answers_read_it(
    full: Pincite, home: Path
) -> None:
    full("ask", HOW_LONG, "--json")
    full("remove", "Policy.pdf")
    assert holding(home, "fourteen") == {"conversations.sqlite"}
    done = full("forget", "Policy.pdf", "--json").json
    assert (done["documents"], done["receipts"]) == (0, 1)
    assert holding(home, "fourteen") == set()
    unknown = refused(full("forget", "Policy.pdf"))
    assert unknown == "The library 'main' has no document 'Policy.pdf', and no answer read one."
