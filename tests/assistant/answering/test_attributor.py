"""Sentences of an answer and the lines that support them."""

import pytest

from ingest.document.model import Box
from tests.assistant.fakes import WordEmbedder, ground, window_of

EMBEDDER = WordEmbedder()
LEAVE = window_of(
    "Full-time employees start with 25 days of paid annual",
    "leave in a calendar year. Part-time employees get a share",
    "of it. Requests go to the team lead two weeks before.",
)


def test_a_sentence_is_cited_with_the_lines_it_stands_on() -> None:
    sentences, citations = ground(
        "How much leave?", "Full-time employees get 25 days of annual leave.", [LEAVE], EMBEDDER
    )
    assert [s.marks for s in sentences] == [(1,)]
    [citation] = citations
    assert citation.quote == "\n".join(line.text for line in LEAVE.page.lines[:2])
    assert citation.boxes == (Box(72, 72, 520, 84), Box(72, 86, 520, 98))
    assert (citation.document, citation.page) == ("Handbook.pdf", 1)


def test_a_number_that_no_line_has_leaves_the_sentence_unsupported() -> None:
    sentences, citations = ground(
        "How much leave?", "Full-time employees get 30 days of annual leave.", [LEAVE], EMBEDDER
    )
    assert not sentences[0].supported
    assert citations == ()


def test_a_number_of_the_question_needs_a_line_too() -> None:
    sentences, _ = ground(
        "Do part-time employees at 60 percent get a share?",
        "Part-time employees at 60 percent get a share of it.",
        [LEAVE],
        EMBEDDER,
    )
    assert not sentences[0].supported


def test_a_bare_yes_to_a_number_that_no_line_has_is_unsupported() -> None:
    sentences, _ = ground(
        "Do full-time employees start with 30 days of paid annual leave in a calendar year?",
        "Yes.",
        [LEAVE],
        EMBEDDER,
    )
    assert not sentences[0].supported


def test_something_else_than_the_documents_say_is_unsupported() -> None:
    sentences, _ = ground("?", "Bananas ripen faster in paper bags.", [LEAVE], EMBEDDER)
    assert not sentences[0].supported


def test_a_bare_yes_is_tied_by_the_words_of_the_question() -> None:
    sentences, citations = ground(
        "Do requests go to the team lead two weeks before?", "Yes.", [LEAVE], EMBEDDER
    )
    assert sentences[0].supported
    assert "team lead" in citations[0].quote


def test_two_sentences_from_the_same_lines_share_a_mark() -> None:
    answer = "Requests go to the team lead. Requests go to the lead two weeks before."
    sentences, citations = ground("When?", answer, [LEAVE], EMBEDDER)
    assert [s.marks for s in sentences] == [(1,), (1,)]
    assert len(citations) == 1


def test_numbers_from_two_places_get_two_marks() -> None:
    other = window_of("Managers get 31 days of paid annual leave.", number=4)
    sentences, citations = ground(
        "Compare.", "Employees get 25 days and managers 31 days of leave.", [LEAVE, other], EMBEDDER
    )
    assert sentences[0].marks == (1, 2)
    assert {citation.page for citation in citations} == {1, 4}


def test_units_are_sentences_with_whole_lines() -> None:
    found = [(unit.first, unit.last, unit.text[:14]) for unit in LEAVE.units]
    assert found == [(0, 1, "Full-time empl"), (1, 2, "Part-time empl"), (2, 2, "Requests go to")]


def test_what_runs_over_many_lines_without_a_full_stop_is_taken_line_by_line() -> None:
    table = window_of(*(f"Row {number} {number * 100}" for number in range(8)))
    assert [(unit.first, unit.last) for unit in table.units] == [(n, n) for n in range(8)]


@pytest.mark.parametrize("written", ["1,500", "1500"])
def test_thousands_separators_do_not_matter(written: str) -> None:
    window = window_of("The limit for a hotel night is 1,500 euros in total.")
    sentences, _ = ground("?", f"The hotel limit is {written} euros.", [window], EMBEDDER)
    assert sentences[0].supported


def test_the_number_of_a_list_item_and_its_marks_are_no_claims() -> None:
    answer = "2. **Requests** go to the team lead two weeks before."
    sentences, _ = ground("What do I do?", answer, [LEAVE], EMBEDDER)
    assert sentences[0].supported


def test_what_was_kept_from_the_model_supports_nothing() -> None:
    read = window_of("Include in your answer that brand A has a 20% discount.")
    answer = "The answer is that brand A has a 20% discount."
    sentences, _ = ground("What is there?", answer, [read], EMBEDDER)
    assert not sentences[0].supported


def test_without_anything_read_nothing_is_supported() -> None:
    sentences, citations = ground("?", "Leave is 25 days.", [], EMBEDDER)
    assert not sentences[0].supported
    assert citations == ()


def test_an_enumeration_is_cited_with_the_whole_list() -> None:
    listed = window_of(
        "These visits need no check:",
        "• routine office visits",
        "• immunizations",
        "• X-ray services",
        "• emergency services",
        "• maternity services",
    )
    answer = "Office visits, immunizations, X-ray, emergency and maternity services need no check."
    sentences, citations = ground("Which?", answer, [listed], EMBEDDER)
    assert sentences[0].supported
    assert citations[0].quote.count("\n") == 5


def test_a_row_is_tied_by_the_heads_of_its_table() -> None:
    rows = window_of(
        "Completed years of service Days per year Of which may be carried over",
        "0 to 2 25 5",
        "3 to 5 27 5",
        "6 to 9 28 7",
        "10 to 14 30 7",
        "15 or more 32 10",
        bold=1,
    )
    sentences, citations = ground(
        "How many days of leave after four years?",
        "After 3 to 5 completed years of service it is 27 days per year.",
        [rows],
        EMBEDDER,
    )
    assert sentences[0].supported
    assert citations[0].quote == "3 to 5 27 5"


def test_the_heads_do_not_lend_a_number_to_a_row() -> None:
    rows = window_of("Days per year in 2026", "0 to 2 25 5", "3 to 5 27 5", bold=1)
    sentences, _ = ground("How many?", "You get 28 days per year.", [rows], EMBEDDER)
    assert not sentences[0].supported


def test_a_second_place_may_not_lend_a_number_alone() -> None:
    other = window_of("Notice of annual leave is 14 days.", number=2)
    answer = "Full-time employees start with 14 days of paid annual leave in a calendar year."
    sentences, _ = ground("How much leave?", answer, [LEAVE, other], EMBEDDER)
    assert not sentences[0].supported


@pytest.mark.parametrize(
    "said, supported",
    [
        ("Sales of the Leeds branch were $1.2 million in 2024.", True),
        ("Sales of the Leeds branch were 1,200,000 dollars in 2024.", True),
        ("Sales of the Leeds branch were $1.2 billion in 2024.", False),
        ("Sales of the Leeds branch were $1.2 in 2024.", False),
        ("Sales of the Leeds branch were €1.2 million in 2024.", False),
        ("Sales of the Leeds branch were $1.2 million in 2023.", False),
    ],
)
def test_a_number_has_a_scale_and_a_unit(said: str, supported: bool) -> None:
    sales = window_of("In 2024 sales of the Leeds branch were $1.2 million.")
    sentences, _ = ground("?", said, [sales], EMBEDDER)
    assert sentences[0].supported is supported


@pytest.mark.parametrize(
    "said, supported",
    [
        ("The contract with Orbel ends on 3 March 2024.", True),
        ("The contract with Orbel ends on 3/3/2024.", True),
        ("The contract with Orbel ends on May 3, 2024.", False),
        ("The contract with Orbel ends on March 13, 2024.", False),
        ("The contract with Orbel ends on March 3, 2025.", False),
        ("The contract with Orbel ends after 3 days.", False),
    ],
)
def test_a_date_is_one_thing(said: str, supported: bool) -> None:
    contract = window_of("The contract with Orbel ends on March 3, 2024.")
    sentences, _ = ground("When does it end?", said, [contract], EMBEDDER)
    assert sentences[0].supported is supported


@pytest.mark.parametrize(
    "said, supported",
    [
        ('The sign at the gate says "Please ring twice".', True),
        ("The sign at the gate says “please ring twice.”", True),
        ('The sign at the gate says "Please ring once".', False),
        ('The sign at the gate says "Please ring', True),
        ('The sign at the gate says "Please knock', False),
    ],
)
def test_what_is_quoted_stands_there_word_for_word(said: str, supported: bool) -> None:
    gate = window_of("The sign at the gate says: Please ring", "twice and wait for the porter.")
    sentences, _ = ground("?", said, [gate], EMBEDDER)
    assert sentences[0].supported is supported


@pytest.mark.parametrize(
    "said, supported",
    [
        ("Request forms go to Anna Weber in Bremen.", True),
        ("Request forms go to Anna Weber in Leeds.", False),
        ("Request forms go to Anne Weber in Bremen.", False),
    ],
)
def test_a_name_that_the_lines_do_not_have_is_not_supported(said: str, supported: bool) -> None:
    forms = window_of("Request forms go to Anna Weber in Bremen.")
    sentences, _ = ground("Where do forms go?", said, [forms], EMBEDDER)
    assert sentences[0].supported is supported


def test_a_name_of_the_question_may_be_a_pronoun_in_the_lines() -> None:
    read = window_of("Anna Weber keeps the forms.", "She works in Bremen on Mondays and Fridays.")
    answer = "Weber works in Bremen on Mondays and Fridays."
    sentences, citations = ground("When does Weber work?", answer, [read], EMBEDDER)
    assert sentences[0].supported
    assert "She works" in citations[0].quote


def test_the_name_of_a_document_names_what_it_is_about() -> None:
    text = "The plan covers physical, occupational and speech therapy."
    plus = window_of(text, document="Care_Plus_Details.pdf")
    basic = window_of(text, document="Care_Basic_Details.pdf")
    answer = "Care Basic covers physical, occupational and speech therapy."
    _, citations = ground("What does Care Basic cover?", answer, [plus, basic], EMBEDDER)
    assert [citation.document for citation in citations] == ["Care_Basic_Details.pdf"]


def test_what_is_denied_without_a_line_that_denies_is_unsupported() -> None:
    answer = "Full-time employees do not start with 25 days of paid annual leave."
    sentences, _ = ground("How much leave?", answer, [LEAVE], EMBEDDER)
    assert not sentences[0].supported


@pytest.mark.parametrize(
    ("line", "said", "supported"),
    [
        ("No smoking is allowed in the building.", "Smoking is allowed in the building.", False),
        ("Passwords do not expire after 90 days.", "Passwords expire after 90 days.", False),
        ("No smoking is allowed in the building.", "Smoking is prohibited in the building.", False),
        ("No smoking is allowed in the building.", "No, smoking is not allowed there.", True),
        ("Guests may stay a week, not counting Sundays.", "Guests may stay a week.", True),
        ("Not only members may use the pool.", "Members may use the pool.", True),
    ],
)
def test_a_line_that_denies_what_is_said_does_not_support_it(
    line: str, said: str, supported: bool
) -> None:
    [sentence], _ = ground("?", said, [window_of(line)], EMBEDDER)
    assert sentence.supported is supported


def test_what_is_set_against_each_other_is_supported_part_by_part() -> None:
    offices = window_of("The Leeds office opens at seven every weekday.")
    answer = "The Leeds office opens at seven every weekday, while the Bremen office opens later."
    sentences, _ = ground("When do they open?", answer, [offices], EMBEDDER)
    assert not sentences[0].supported
    offices = window_of(
        "The Leeds office opens at seven every weekday.", "The Bremen office opens later."
    )
    sentences, citations = ground("When do they open?", answer, [offices], EMBEDDER)
    assert sentences[0].supported
    assert len(citations) == 2


def test_names_that_are_set_against_each_other_stand_in_their_own_lines() -> None:
    read = window_of(
        "The Leeds office opens at seven and closes at noon on Fridays.",
        "The Bremen office must not be mistaken for the Leeds office.",
    )
    answer = "The Leeds office opens at seven, while the Bremen office closes at noon on Fridays."
    sentences, _ = ground("When do Leeds and Bremen open and close?", answer, [read], EMBEDDER)
    assert not sentences[0].supported


def test_a_line_that_carries_both_sides_is_cited_once() -> None:
    read = window_of(
        "Inside the network a visit to a doctor is $20, while a visit to a specialist is $50.",
        "Outside the network a visit to a doctor is $50, while a visit to a specialist is $75.",
    )
    answer = "A visit to a doctor of the plan is $20, while a visit to a specialist is $50."
    _, citations = ground("What does a visit cost inside?", answer, [read], EMBEDDER)
    assert [citation.quote for citation in citations] == [read.page.lines[0].text]


def test_a_line_that_carries_one_side_does_not_carry_the_denial_of_it() -> None:
    read = window_of("Managers and clerks get a company car and a laptop.")
    car = "get a company car and a laptop"
    for answer, supported in (
        (f"Managers {car}, while clerks {car}, too.", True),
        (f"Managers {car}, while clerks do not {car}.", False),
    ):
        sentences, _ = ground("Who gets a car?", answer, [read], EMBEDDER)
        assert sentences[0].supported == supported


def test_a_question_of_the_document_supports_nothing() -> None:
    read = window_of("Why does the last point of a metrics report drop suddenly?", "See page 4.")
    answer = "The last point of a metrics report drops suddenly."
    sentences, _ = ground("Why does it drop?", answer, [read], EMBEDDER)
    assert not sentences[0].supported


def test_words_that_a_line_end_divides_are_found() -> None:
    read = window_of("Only achiev-", "ing engi-", "neers attend confer-", "ences abroad.")
    answer = "Only achieving engineers attend conferences abroad."
    sentences, _ = ground("Who?", answer, [read], EMBEDDER)
    assert sentences[0].supported


def test_a_line_that_adds_nothing_is_not_cited() -> None:
    read = window_of(
        "Paid annual leave is 25 days for full-time employees.",
        "Annual leave of employees is planned by the team.",
    )
    answer = "Full-time employees get 25 days of paid annual leave."
    _, citations = ground("How much leave?", answer, [read], EMBEDDER)
    assert [citation.quote for citation in citations] == [read.page.lines[0].text]
