""""""

from pathlib import Path

import pytest

from assistant.evaluation.metrics import EvidencePage, Question, read_questions


def test_a_question_of_the_public_format_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(
        '{"id": "q1", "question": "How long?", "answers": ["6 weeks"], "answerable": true,'
        ' "evidence": [{"doc": "Handbook.pdf", "page": 4}], "extra": 1}\n\n'
        '{"id": 2, "question": "Who?", "answerable": false}\n',
        encoding="utf-8",
    )
    first, second = read_questions(path)
    assert first == Question(
        "q1", "How long?", ("6 weeks",), True, (EvidencePage("Handbook.pdf", 4),)
    )
    assert first.documents == {"Handbook.pdf"}
    assert second == Question("2", "Who?", (), False, ())


def test_evidence_may_name_a_passage_instead_of_a_page(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('{"id": "q", "question": "?", "evidence": [{"doc_id": "p-0"}]}', "utf-8")
    assert read_questions(path)[0].evidence == (EvidencePage("p-0"),)


def test_a_line_separator_inside_a_text_does_not_end_the_row(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('{"id": "q", "question": "one\u2028two"}', "utf-8")
    assert read_questions(path)[0].question == "one\u2028two"


@pytest.mark.parametrize(
    ("text", "reason"),
    [('{"id": "q"}', 'at least "id" and "question"'), ("\nnot json", ":2: not JSON")],
)
def test_a_bad_row_is_named_with_its_line(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=reason):
        read_questions(path)
