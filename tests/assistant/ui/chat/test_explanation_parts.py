"""The parts of an explanation as HTML."""

import re
from dataclasses import asdict
from typing import Any

import pytest

from assistant.contract.facts import (
    Compared,
    Computed,
    Facts,
    Found,
    Heard,
    Judged,
    Looked,
    PartRead,
    ReadPassage,
    Token,
    Understood,
    UsedOperand,
)
from assistant.receipts.explain import explanation
from assistant.ui.chat.explanation import PARTS
from tests.assistant.ui.fakes import HOSTILE
from vectorstore.retrieval.fusion import Legs, ScoreParts

LEGS = Legs(2, 0.62, 3, 15.8, ScoreParts(0.5, 0.3, 0.2, 0.1, 0.0), 187)
TAGS = re.compile(r"</?([a-z]+)")
OURS = {
    "b", "br", "dd", "div", "dl", "dt", "i", "p", "span", "sup", "table", "tbody", "td", "th",
    "thead", "tr", "u",
}  # fmt: skip


def explained(text: str) -> dict[str, Any]:
    facts = Facts(
        Understood(f"{text} before", (text, text)), (text, 0.98),
        (Found(text, 10, text, True, LEGS, 1.1),), (ReadPassage(text, 10, 4, 90),),
        (Judged({"entailed": 2.8}, {"bias": -1.9, "entailed": 4.0}, 0.89, 0.4, "give", 3),),
        (Token(text, 0.3, ((text, 0.2),)), Token(" sure", 0.99)), {"write": 2.0},
        Computed("sum", (UsedOperand(text, 10, text, text, text),), 4, (("held", 2.4, 1.9),)),
        (PartRead(text, 10, text, 9, 8, 5, 1.2), PartRead(text, 11, "", 3, 0, 0)),
        (Compared((text, text), (1, 2), (text, text), 0.7, (4, 5), 2),
         Compared((text, text), (1, 2), ("", ""), None, (4, 5), 2)),
        (Looked(text, 3, 0.9, text, (1.0, 2.0)), Looked(text, 0, None, "", (1.0, 0.0))),
        Heard(text, 9.5, ((0.0, text, 0.9, False), (4.0, text, 0.2, True))),
    )  # fmt: skip
    citation = {"mark": 1, "document": text, "page": 10, "quote": text}
    answer = {
        "id": "a", "question": text, "tool": "answer", "why": "", "refused": False,
        "citations": [citation], "seconds_total": 2.5,
        "sentences": [{"text": text, "marks": [1], "unstated": [text]}],
        "usage": {"prompt_tokens": 200, "completion_tokens": 30},
    }  # fmt: skip
    return explanation(answer, asdict(facts), f"{text} whole")


@pytest.mark.parametrize("name", PARTS)
def test_what_documents_people_and_models_wrote_is_only_text(name: str) -> None:
    html = PARTS[name](explained(HOSTILE))

    assert html
    assert set(TAGS.findall(html)) <= OURS
    assert "onerror" not in re.sub(r">[^<]*<", "><", html)


def test_the_search_shows_ranks_scores_and_what_they_add_up_to() -> None:
    html = PARTS["found"](explained("Leave.pdf"))

    for told in ("187 passages were compared", "2. (0.62)", "3. (15.8)", "1.10", "yes"):
        assert told in html


def test_the_writing_shows_the_less_likely_tokens_and_what_could_have_been() -> None:
    html = PARTS["written"](explained("Leave"))

    assert 'title="30%" style="--heat:31%">Leave</span>' in html
    assert "“Leave” 20%" in html
    assert 'title="99%"> sure</span>' in html


def test_the_check_shows_its_sum_its_threshold_and_the_verdict() -> None:
    html = PARTS["judged"](explained("Leave"))

    assert "+2.10" in html
    assert "Probability 89%, threshold 40%: given." in html


def test_a_computation_shows_its_program_cells_and_checks() -> None:
    html = PARTS["computed"](explained("Leave"))

    for told in ("sum (4 cells)", "Leave, page 10", "log-odds that the list holds", "2.40", "1.90"):
        assert told in html


def test_parts_show_what_was_found_carried_and_kept() -> None:
    rows = re.findall(r"<tr><th.*?</tr>", PARTS["whole"](explained("Leave")))

    numbers = [re.findall(r"<td>([^<]*)</td>", row) for row in rows[-2:]]
    assert numbers == [["Leave", "9", "8", "5", "+1.2"], ["passages that fit", "3", "0", "0", "–"]]


def test_parts_without_facts_are_left_out() -> None:
    bare = {**explained("Leave"), "found": [], "read": [], "judged": [], "written": []}
    bare |= {"computed": None, "whole": [], "compared": [], "looked": [], "heard": None}

    assert [name for name, part in PARTS.items() if part(bare)] == [
        "question", "sentences", "seconds"
    ]  # fmt: skip
