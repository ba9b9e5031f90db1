import json
from pathlib import Path

import pytest

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.conversation.assistant import Answering
from assistant.wiring import composition
from tests.assistant.fakes import ScriptedChat
from tests.commands import Pincite, refused
from tests.pdfs import write_pdf
from tests.vectorstore.embedding.made import made


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    rows = [
        {"id": "leave", "question": "How many days of leave?", "answers": ["30 days"],
         "evidence": [{"doc": "Handbook.pdf", "page": 1}]},
        {"id": "cats", "question": "Are cats allowed in the lift?", "answerable": False},
        {"id": "lost", "question": "Why?", "evidence": [{"doc": "Gone.pdf", "page": 1}]},
    ]  # fmt: skip
    path = tmp_path / "mine" / "questions.jsonl"
    path.parent.mkdir()
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def test_a_set_is_measured_and_kept(full: Pincite, questions: Path) -> None:
    ran = full("eval", questions, "--library", "main", "--json")
    assert ran.status == 0
    found = ran.json
    assert (found["set"], found["library"], found["questions"]) == ("mine", "main", 2)
    assert found["skipped"] == {"questions": 1, "documents": ["Gone.pdf"]}
    assert found["measures"]["page_hit@5"] == {"mean": 1.0, "low": 0.2065, "high": 1.0, "n": 1}
    assert {"correct", "refusal_recall"} <= found["measures"].keys()
    assert {row["id"]: row["label"] for row in found["rows"]}.keys() == {"leave", "cats"}
    assert "1/2 How many days of leave?" in ran.err
    assert "Questions skipped: 1. Not in the library: Gone.pdf" in ran.err
    assert full("eval", "show", found["run"], "--json").json == found
    assert full("eval", "runs", "--json").json[0]["number"] == found["run"]


def test_no_more_drafts_are_made_than_are_asked_for(
    pincite: Pincite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A passage gives up to three: a question, the same in other words, and a near miss."""
    rules = [
        f"Number {n} of the rules of this company concerns the use of tools." for n in range(4)
    ]
    leave = "Annual leave is 30 days for everybody who works full time in the office at Leeds."
    write_pdf(tmp_path / "Handbook.pdf", [leave, *rules])
    pincite("add", tmp_path / "Handbook.pdf")
    question = "Question: How many days is annual leave in Leeds?\nAnswer: 30 days"
    again = "What number of days is the annual leave in Leeds?"
    chat = ScriptedChat(replies=[question, "Annual leave is 30 days.", again])
    how = Answering(AnswerTool(chat, Budget()), "scripted", model=chat)
    monkeypatch.setattr(composition, "answering", lambda settings: how)
    assert len(pincite("eval", "make", "-n", 2, "--json").json["drafts"]) == 2


def test_people_read_a_table(full: Pincite, questions: Path) -> None:
    ran = full("eval", questions.parent, "--library", "main")
    assert ran.out.startswith("run 1: mine, ")
    assert "; questions: 2; main, documents: 2; extractive" in ran.out
    assert "right page among the first 5" in ran.out and "[0.206, 1.000]" in ran.out
    assert full("eval", "runs").out.splitlines() == [ran.out.splitlines()[0]]


def test_two_runs_are_compared(full: Pincite, questions: Path) -> None:
    for threshold in ("0", "1"):
        (questions.parents[1] / "home" / "settings.toml").write_text(
            f"refusal_threshold = {threshold}"
        )
        assert full("eval", questions, "--library", "main").status == 0
    found = full("eval", "compare", 1, 2, "--json").json
    assert [c["what"] for c in found["broke"]] == ["correct → refused"]
    assert [c["what"] for c in found["better"]] == ["answered → refused"]
    told = full("eval", "compare", 1, 2).out
    assert "Broke: 1\n  leave: How many days of leave? (correct → refused)" in told
    assert told.endswith("The runs differ in settings: refusal_threshold.\n")


@pytest.mark.slow
def test_a_reranker_is_chosen_measured_and_left_out_again(full: Pincite, questions: Path) -> None:
    ran = full("models", "use", "reranker", made())
    assert ran.out == f"reranker: {made()}\n"
    assert "pincite eval compare" in ran.err
    assert full("eval", questions, "--library", "main").status == 0
    assert full("models", "use", "reranker", "off").out == "reranker: none\n"
    assert full("eval", questions, "--library", "main").status == 0
    told = full("eval", "compare", 2, 1).out
    assert "The runs differ in reranker.\nThe reranker differs; neither a gain" in told
    found = full("eval", "show", 1, "--json").json
    assert found["reranker"].startswith(f"{made().name} ")


def test_what_cannot_be_measured_is_said_in_a_sentence(full: Pincite, tmp_path: Path) -> None:
    assert refused(full("eval", tmp_path / "nowhere")).startswith("There is no file or folder")
    assert refused(full("eval", "show", 9)) == "There is no run 9. The latest are: none."
    (tmp_path / "bad.jsonl").write_text('{"id": 1}')
    assert "bad.jsonl:1: a question needs" in refused(full("eval", tmp_path / "bad.jsonl"))


@pytest.mark.parametrize("words", [["compare", "1"], ["show"], ["show", "one"], ["a", "b"]])
def test_wrong_usage_is_status_2(full: Pincite, words: list[str]) -> None:
    ran = full("eval", *words)
    assert (ran.status, ran.out) == (2, "")
