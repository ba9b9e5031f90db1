"""Questions to begin with."""

from assistant.answering.query.starter_questions import suggest

HEADINGS = {
    "Employee_Handbook.pdf": ["1 Contents", "5.1 Annual leave", "7 Travel and expenses"],
    "Report.pdf": ["Table of Contents", "Revenue by region"],
    "Empty.pdf": [],
}


def test_each_document_gives_a_question_before_one_gives_a_second() -> None:
    assert suggest(HEADINGS, 3) == [
        "What does the Employee Handbook say about annual leave?",
        "What does the Report say about revenue by region?",
        "What does the Employee Handbook say about travel and expenses?",
    ]


def test_contents_and_other_formal_headings_are_not_asked_about() -> None:
    assert not any("ontents" in question for question in suggest(HEADINGS, 10))


def test_the_beginning_of_a_list_is_not_asked_about() -> None:
    assert suggest({"Plan.pdf": ["The following applies:", "Our offices,"]}, 4) == []


def test_an_empty_library_suggests_nothing() -> None:
    assert suggest({}, 4) == []
