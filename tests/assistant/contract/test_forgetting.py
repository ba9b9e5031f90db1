import json
from dataclasses import asdict

from assistant.contract.answer_document import FORGOTTEN, reads, without
from assistant.contract.facts import Compared


def answer(**more: object) -> dict[str, object]:
    return {
        "question": "What is owed?",
        "answer": "Rent is 900. Power is 80. Nothing else.",
        "sentences": [
            {"text": "Rent is 900.", "marks": [1]},
            {"text": "Power is 80.", "marks": [1, 2]},
            {"text": "Nothing else.", "marks": []},
        ],
        "citations": [
            {"mark": 1, "document": "lease.pdf", "quote": "rent 900"},
            {"mark": 2, "document": "bill.pdf", "quote": "power 80"},
        ],
        "passages": [{"document": "bill.pdf", "text": "power 80"}],
        "notices": ["bill.pdf has a page that is a picture."],
        **more,
    }


def test_what_other_documents_say_alone_stays() -> None:
    left = without(answer(cells=[{"mark": 2, "text": "80"}], why="bill.pdf"), "bill.pdf")
    assert left["answer"] == f"Rent is 900. {FORGOTTEN}"
    assert [row["document"] for row in left["citations"]] == ["lease.pdf"]
    assert [sentence["text"] for sentence in left["sentences"]] == ["Rent is 900."]
    assert "80" not in str(left) and "bill" not in str(left)
    assert left["question"] == "What is owed?"


def test_a_refusal_loses_its_closest_lines() -> None:
    refusal = answer(
        answer="Not found; closest: power 80.", sentences=[], citations=[],
        closest=[{"document": "bill.pdf", "quote": "power 80"}],
    )  # fmt: skip
    assert without(refusal, "bill.pdf")["answer"] == FORGOTTEN
    assert without(refusal, "bill.pdf")["closest"] == []


def test_a_document_is_found_wherever_it_is_named_as_one() -> None:
    assert reads({"a": [{"b": {"document": "x.pdf"}}]}, "x.pdf")
    assert reads({"evidence": [{"doc": "x.pdf", "page": 1}]}, "x.pdf")
    assert not reads({"question": "What is in x.pdf?", "documents": ["x.pdf"]}, "x.pdf")


def test_a_comparison_of_two_documents_is_about_both() -> None:
    row = json.loads(json.dumps(asdict(
        Compared(("a.pdf", "papers/b.pdf"), (1, 2), ("Leave", "Pay"), None, (3, 4), 2)
    )))  # fmt: skip

    assert reads({"facts": {"compared": [row]}}, "a.pdf")
    assert reads({"facts": {"compared": [row]}}, "b.pdf", "papers")
    assert not reads({"facts": {"compared": [row]}}, "c.pdf")
    assert not reads({"documents": ["a.pdf"]}, "a.pdf"), "that was asked alone is no reading"
