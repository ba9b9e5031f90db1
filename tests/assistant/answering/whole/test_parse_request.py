"""Which questions ask for a whole document, and for which."""

import pytest

from assistant.answering.whole.requests import named, subject, understood, what
from ingest.language.words import stems

NAMES = [
    "Employee Handbook.pdf",
    "Quarterly Report Q1 2026.pdf",
    "Security Policy v2 (2026).pdf",
    "Security Policy v1 (2024).pdf",
]


@pytest.mark.parametrize(
    ("question", "kind", "documents"),
    [
        ("Summarise the employee handbook", "summary", NAMES[:1]),
        ("Can you give me a short summary of the quarterly report?", "summary", NAMES[1:2]),
        ("tl;dr of Security Policy v1 (2024).pdf", "summary", NAMES[3:]),
        ("Compare the security policy v1 and v2", "comparison", [NAMES[2], NAMES[3]]),
        ("How does the security policy v1 differ from v2?", "comparison", [NAMES[2], NAMES[3]]),
        ("Compare the two security policies on passwords", "comparison", NAMES[2:]),
        ("Compare both versions of the security policy", "comparison", NAMES[2:]),
        ("What is the difference between the two policies?", "comparison", NAMES[2:]),
        ("How do the two security policies compare?", "comparison", NAMES[2:]),
        ("List all suppliers", "list", []),
        ("Please list every site in the quarterly report.", "list", NAMES[1:2]),
        ("I need a full list of the sites in the quarterly report", "list", NAMES[1:2]),
        ("Give me a list of all suppliers", "list", []),
        ("What are all the benefits in the employee handbook?", "list", NAMES[:1]),
    ],
)
def test_what_is_asked_of_whole_documents(question: str, kind: str, documents: list[str]) -> None:
    asked = understood(question, NAMES)
    assert asked is not None
    assert (asked.kind, sorted(asked.documents)) == (kind, sorted(documents))


@pytest.mark.parametrize(
    "question",
    [
        "How many days of annual leave do employees get?",
        "What is the difference between revenue in 2025 and 2026?",
        "Compare the leave of full-time and part-time staff",
        "Summarise the treaty of Versailles",
        "Who signed the list of all sites?",
        "Where do I find the list of holidays?",
        "What are all employees required to do before travelling?",
        "How does the security policy compare to that of the bank?",
        "How does security at the two sites differ?",
        "Compare security and policies of the two companies",
        "What is the difference between the three security policies?",
        "Compare the two security incidents",
        "What is the difference between the two security zones?",
        "How do the security policies compare to the ISO standard?",
        "Compare the security policies with the handbook",
        "How do security policies differ between the two sites?",
        "How does sick leave differ for part-time employees from the policy of last year?",
    ],
)
def test_a_question_for_a_fact_is_left_to_others(question: str) -> None:
    assert understood(question, NAMES) is None


def test_two_of_a_kind_are_neither_three_nor_two_of_a_word() -> None:
    question = "Compare the two security policies on passwords"
    assert understood(question, [*NAMES, "Security Policy v3 (2027).pdf"]) is None
    survey = ["Employee Handbook.pdf", "Employee Survey.pdf", "Letter.pdf"]
    assert understood("How do the two employees differ?", survey) is None
    compared = understood("Compare the two employee handbooks", [*NAMES, "Employee Handbook 2.pdf"])
    assert compared is not None
    assert len(compared.documents) == 2


def test_the_scope_stands_for_names() -> None:
    two = NAMES[:2]
    assert understood("Summarise it", NAMES, [NAMES[0]]) is not None
    compared = understood("Compare the two", NAMES, two)
    assert compared is not None
    assert compared.documents == tuple(two)


def test_names_and_commands_are_no_topic() -> None:
    asked = understood("Summarise the section on leave in the employee handbook", NAMES)
    assert asked is not None
    assert asked.topic == stems("leave")
    compared = understood("Compare the security policy v1 and v2", NAMES)
    assert compared is not None
    assert compared.topic == set()


def test_a_word_that_many_names_share_names_none_of_them() -> None:
    assert named("the policy", NAMES) == []


def test_what_is_listed_is_in_the_persons_words() -> None:
    assert what("List all suppliers of steel.") == "suppliers of steel"
    assert what("List all suppliers in Belgium.") == "suppliers in Belgium"
    assert what("List all suppliers, from the report.", placed=True) == "suppliers"
    assert what("List all jobs in Ghent from the report", placed=True) == "jobs in Ghent"
    assert what("Find all days in the plan of the report", placed=True) == "days in the plan"


def test_a_document_outside_of_the_scope_is_not_meant() -> None:
    asked = understood("Give me an overview of the security policy", NAMES, [NAMES[0]])
    assert asked is not None
    assert asked.documents == (NAMES[0],)


def test_wishes_about_the_form_are_no_topic() -> None:
    asked = understood("Summarise the employee handbook in five bullet points", NAMES)
    assert asked is not None
    assert asked.topic == set()


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Compare security policy v1 and v2 about locked screens", "locked screens"),
        ("How does security policy v1 differ from v2 on the number of employees?",
         "the number of employees"),
        ("Compare passwords in security policy v1 and v2", "passwords"),
    ],
)  # fmt: skip
def test_names_of_documents_are_not_searched_for(question: str, wanted: str) -> None:
    asked = understood(question, NAMES)
    assert asked is not None
    assert subject(question, asked.topic) == wanted
