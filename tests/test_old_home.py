"""A home made by version 0.1.0 opens as it is: nothing has to be made anew or is lost.

`homes/home-0.1.0.tar.xz` was made with the embedder of the tests: nine documents of a fictional
company (PDF with a table, Word, Excel, HTML, mail with an attachment, Markdown, two versions of a
policy), conversations with receipts, thumbs, a run of an evaluation, and settings.
"""

import tarfile
from pathlib import Path

import pytest

from tests.commands import Pincite

PACKED = Path(__file__).parent / "homes" / "home-0.1.0.tar.xz"
TABLE_ANSWER = "5a48107e936a4796a46269da557d9c36"
CONVERSATION = "22222222-2222-4222-8222-222222222222"


@pytest.fixture
def old(pincite: Pincite, home: Path, tmp_path: Path) -> Pincite:
    with tarfile.open(PACKED) as packed:
        packed.extractall(tmp_path / "unpacked", filter="data")
    (tmp_path / "unpacked" / "pincite").rename(home)
    return pincite


def test_its_documents_are_listed_and_shown(old: Pincite) -> None:
    rows = old("documents", "--json").json  # settings.toml names the library
    assert len(rows) == 9
    assert {row["status"] for row in rows} == {"ready"}
    assert sum(row["superseded_by"] is not None for row in rows) == 1
    assert old("documents", "--library", "second", "--json").json[0]["document"] == "Leave.md"
    page = old("show", "Revenue by region.pdf", "--json").json[0]
    assert "Benelux 1,200 1,350" in page["text"]
    assert all(len(line["box"]) == 4 for line in page["lines"])


def test_it_is_searched_and_answers(old: Pincite) -> None:
    best = old("search", "password letters", "--json").json[0]
    assert best["document"] == "Password Policy v2 (2026).md"
    answer = old("ask", "How many letters does a password have?", "--json").json
    assert "14 letters" in answer["answer"]
    assert answer["citations"][0]["document"] == "Password Policy v2 (2026).md"


def test_a_conversation_goes_on(old: Pincite) -> None:
    answer = old("ask", "And for the laptop?", "--conversation", CONVERSATION, "--json")
    assert answer.status == 0


def test_an_answer_from_a_table_is_computed_again(old: Pincite) -> None:
    replayed = old("replay", TABLE_ANSWER, "--json").json
    # The sentence may be worded better by now; the cells and what they come to stay.
    computed = "Benelux, Revenue 2025 (1,350) plus Iberia, Revenue 2025 (640) = 1,990"
    assert replayed["stored"].startswith(computed)
    assert replayed["replayed"].startswith(computed)


def test_thumbs_and_runs_are_there(old: Pincite) -> None:
    assert len(old("eval", "runs", "--json").json) == 1
    assert old("eval", "rate", TABLE_ANSWER, "up").status == 0


def test_nothing_is_damaged_and_all_can_be_made_anew(old: Pincite) -> None:
    assert old("verify").status == 0
    assert old("rebuild").status == 0
    assert len(old("documents", "--json").json) == 9
    assert old("search", "password letters", "--json").json[0]["page"] == 1
