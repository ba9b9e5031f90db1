import pytest

from assistant.evaluation.scoring import answer_label, rule, same, says
from ingest.language.quantities import find_quantities


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ("yes", "yes or no"),
        ("['Post Reach', 'Video Views']", "list"),
        ("27 August 2026", "date"),
        ("between 7 April and 22 May 2026", "date"),
        ("25 days", "number"),
        ("Søren Dahlgaard", "name"),
        ("In-network providers have agreed to accept the payment offered.", "text"),
        ("[see the table]", "name"),  # no list
    ],
)
def test_the_known_answer_chooses_the_rule(known: str, expected: str) -> None:
    assert rule(known) == expected


@pytest.mark.parametrize(
    ("answer", "known", "right"),
    [
        ("Yes, every employee does.", "yes", True),
        ("There is no probation period in Ghent.", "no", True),
        ("There is a probation period.", "no", False),
        ("It offers Post Reach and Video Views.", "['Post Reach', 'Video Views']", True),
        ("It offers Post Reach.", "['Post Reach', 'Video Views']", False),
        ("By 31 March of the next year.", "31 March", True),
        ("By 31 May of the next year.", "31 March", False),
        ("From 7 April to 22 May 2026.", "between 7 April and 22 May 2026", True),
        ("In April and May 2026.", "between 7 April and 22 May 2026", False),
        ("You get twenty-five days.", "25 days", True),
        ("You get 25 weeks.", "25 days", False),
        ("You get 125 days.", "25 days", False),
        ("Revenue fell by 7.2 percent in UK and Ireland.", "UK and Ireland, \u22127.2%", True),
        ("Revenue fell by 7.2 percent in Iberia.", "UK and Ireland, \u22127.2%", False),
        ("Ask Yves Coppens.", "Mr Yves Coppens", True),
        ("It is Soren Dahlgaard.", "Søren Dahlgaard", True),
        ("Ask Yves.", "Yves Coppens", False),
        ("On the van bays' lawn, behind them.", "the lawn behind the van bays", True),
        ("Anything.", "", False),
    ],
)
def test_an_answer_is_right_by_the_rule_of_what_is_known(
    answer: str, known: str, right: bool
) -> None:
    assert says(answer, known) == right


LONG = "Providers in the network have agreed to accept 80 dollars, so that you pay only the rest."


def test_a_long_answer_needs_enough_of_the_words_and_most_of_the_numbers() -> None:
    assert says("Providers have agreed to accept 80 dollars; you only pay the rest.", LONG)
    assert not says("Providers have agreed to accept 90 dollars; you only pay the rest.", LONG)
    assert not says("The plan covers hearing aids.", LONG)


def test_yes_is_not_no_however_alike_the_rest() -> None:
    known = "Yes, the plan covers hearing aids and hearing tests for all employees."
    assert says(known.replace("all", "its"), known)
    assert not says(known.replace("Yes", "No"), known)


def test_any_known_answer_will_do_and_a_refusal_is_its_own_label() -> None:
    assert answer_label("It is 25.", False, ["25 days", "25"]) == "correct"
    assert answer_label("It is 30.", False, ["25 days", "25"]) == "wrong"
    assert answer_label("25 days", True, ["25 days"]) == "refused"


@pytest.mark.parametrize(
    ("said", "known", "alike"),
    [
        ("8 weeks", "eight weeks", True),
        ("2 weeks", "2 days", False),
        ("2", "2 days", True),
        ("30%", "30.0%", True),
        ("3.05", "3.049", True),  # rounded
        ("29.99 %", "30.0%", True),
        ("29.99 %", "30%", False),
        ("12.5%", "10%", False),
        ("30.04%", "30.1%", False),
        ("21.44 million", "21.4 million", True),
        ("21.6 million", "21.4 million", False),
        ("3", "3.049", False),  # a whole number is taken at its word
        ("10.5 %", "0.105", True),
        ("21.4 million", "21.4", True),  # a table says "in millions" at its head
        ("12", "1", False),
        ("1.234,50 EUR", "€1,234.50", True),
    ],
)
def test_numbers_compare_by_what_they_say(said: str, known: str, alike: bool) -> None:
    (answer,), (wanted,) = find_quantities(said), find_quantities(known)
    assert same(answer, wanted) == alike


@pytest.mark.parametrize(
    ("answer", "known", "right"),
    [
        ("It is due on 31 March 2026.", "31 March", True),
        ("It is due on 30 March 2026.", "31 March", False),
        ("It is due on 31 March 2025.", "31 March 2026", False),
        ("It is due on 31 March.", "31 March 2026", False),
        ("Am 27. August 2026.", "27 August 2026", True),
    ],
)
def test_a_date_must_say_all_that_is_known(answer: str, known: str, right: bool) -> None:
    assert says(answer, known) == right
