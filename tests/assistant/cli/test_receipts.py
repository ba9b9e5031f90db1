"""`pincite replay` and `pincite export`, on answers that are quoted."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.cli import ask
from assistant.contract.facts import Outcome
from assistant.contract.reply import Reply
from assistant.errors import TablesAway
from tests.commands import Pincite, refused

LEAVE = "How many days of leave are there?"


def test_an_answer_is_replayed_and_exported_by_its_id(full: Pincite, tmp_path: Path) -> None:
    answer = full("ask", LEAVE, "--json").json
    pack = tmp_path / "answer.html"

    again = full("replay", answer["id"][:8])
    as_json = full("replay", answer["id"], "--json").json
    done = full("export", answer["id"], "-o", pack)

    assert again.status == 0
    assert again.out.strip() == answer["answer"]
    assert "nothing to replay" in again.err
    assert as_json["identical"] is None
    assert as_json["receipt"]["answer"]["answer"] == answer["answer"]
    assert done.status == 0
    assert "data:image/png;base64," in pack.read_text(encoding="utf-8")


def test_rows_of_a_batch_name_their_receipts(full: Pincite, tmp_path: Path) -> None:
    batch = tmp_path / "batch.jsonl"
    batch.write_text(f'{{"id": "q1", "question": "{LEAVE}"}}\n', encoding="utf-8")

    [row] = full("ask", "--batch", batch).rows

    assert row["id"] == "q1"
    assert full("replay", row["receipt"], "--json").json["id"] == row["receipt"]


def test_an_answer_is_explained_at_once_and_later(full: Pincite) -> None:
    answer = full("ask", LEAVE, "--json", "--explain").json

    later = full("explain", answer["id"], "--json").json

    assert later == full("explain", answer["id"][:8]).json == answer["explanation"]
    assert later["found"][0]["read"]
    assert later["seconds"]["retrieve"] > 0
    alone = full("ask", LEAVE, "--explain").json
    assert alone["answer"] == answer["answer"] and alone["explanation"]
    assert full("ask", "--batch", "rows.jsonl", "--explain").status == 2


def test_people_are_told_the_id(full: Pincite) -> None:
    asked = full("ask", LEAVE)

    identity = asked.err.partition("pincite replay ")[2].partition("`")[0]
    assert full("replay", identity).status == 0


def test_an_unknown_id_and_a_folder_that_is_not_there_are_refused(
    full: Pincite, tmp_path: Path
) -> None:
    answer = full("ask", LEAVE, "--json").json

    assert "There is no receipt of an answer 'nothing'" in refused(full("replay", "nothing"))
    assert "nowhere" in refused(full("export", answer["id"], "-o", tmp_path / "nowhere" / "a.html"))


def test_an_answer_that_could_not_be_saved_is_printed_and_explained(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def writes(reply: Reply) -> Iterator[str]:
        yield "Thirty days."
        reply.outcome = Outcome("Thirty days.")

    def away(_: Reply) -> None:
        raise TablesAway("The server does not answer.")

    reply = Reply(LEAVE, writes, model="fake")
    reply.when_done = away

    ask._print_reply(reply, explain=True)

    told = capsys.readouterr()
    assert json.loads(told.out)["answer"] == "Thirty days."
    assert "explanation" in json.loads(told.out)
    assert told.err == "pincite: The server does not answer.\n"
