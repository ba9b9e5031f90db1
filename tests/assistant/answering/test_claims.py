"""What sentences claim exactly, and whether lines state it."""

import pytest

from assistant.answering.claims import claims, stated
from ingest.language.quantities import head_scales


@pytest.mark.parametrize(
    "said, written",
    [
        ("Sales were $1.2 million.", "Sales of 1,200,000 dollars"),
        ("It rose 5%.", "It rose by 5 percent"),
        ("It rose five percent.", "It rose by 5 per cent"),
        ("It has twenty-five seats.", "25 seats"),
        ("It has 250 seats.", "two hundred and fifty seats"),
        ("It lasts 25 days.", "twenty five days"),
        ("It ends on March 3, 2024.", "It ends on the 3rd of March 2024"),
        ("It ends on March 3, 2024.", "2024-03-03"),
        ("It ended in March 2024.", "It ended on 3 March 2024"),
        ("It grew in Q3.", "It grew in the third quarter"),
        ("It grew in FY18.", "It grew in fiscal year 2018"),
        ("It takes one day.", "It takes 1 day"),
        ("It rose by 5.0%.", "It rose by 5%"),
        ("It costs US$5m.", "It costs $5 million"),
        ("It fell by .5 percent.", "It fell by 0.5%"),
        ("One of them is new.", "All are new"),
        ("First, press the button.", "Press the button"),
        ("It is 1.200 Euro.", "It is 1.200 €"),
        ("It cost €21.4 million.", "Es kostete 21,4 Mio. Euro"),
        ("It costs €1,234.50.", "Il coûte 1 234,50 €"),
        ("It begins on March 5, 2026.", "Es beginnt am 5. März 2026"),
        ("It rose 3.5 percent.", "Es stieg um 3,5 Prozent"),
        ("He had 42 votes², she 40.", "He had 42 votes and she had 40"),
    ],
)
def test_the_same_written_otherwise_is_found(said: str, written: str) -> None:
    left = claims(said).without(stated(written))
    assert (left.numbers, left.dates, left.phrases) == ((), (), ())


@pytest.mark.parametrize(
    "said, written",
    [
        ("Sales were $1.2 billion.", "Sales were $1.2 million"),
        ("Sales were $1.2 million.", "Sales were 1.2"),
        ("Sales were 82.9 million.", "Sales were 82.96 million"),
        ("Sales were $5.", "Sales were €5"),
        ("Card 4605 was charged $4605.", "Card 4605 was charged $200"),
        ("It rose 5%.", "It lasted 5 days"),
        ("It lasts 20 working days.", "It lasts 20 working weeks"),
        ("It lasts 25 days.", "It lasts until June 25, 2023"),
        ("It ends on March 3, 2024.", "It ends on March 3"),
        ("It ends on March 3.", "It ends on May 3, and began in March"),
        ("It ends on 3/4/2024.", "It ends on 4/3/2024"),
        ("It grew in the second quarter.", "It grew in Q3"),
        ("It grew in the first quarter.", "It grew in the third quarter"),
        ("It is the second floor.", "It is on floor 3"),
        ("It has seven seats.", "It has 8 seats"),
        ("It is at 7:30.", "It is at 7.30 and 17:30"),
        ("It is 1.200 Euro.", "It is 1.2 Euro"),
        ("It costs €1,234.50.", "Es kostet 1.234,60 €"),
        ("It begins on March 5, 2026.", "Es beginnt am 5. Mai 2026"),
        ("Form A12 is needed.", "Form A13 is needed"),
        ('It says "ring twice".', "It says: twice ring"),
        ("It says 'ring twice'.", "It says: ring once"),
        ("Three of them left in May.", "Three of them left in June"),
    ],
)
def test_what_differs_is_not_found(said: str, written: str) -> None:
    left = claims(said).without(stated(written))
    assert left.numbers or left.dates or left.phrases


def test_a_table_may_give_the_scale_at_its_head() -> None:
    page = "Condensed statements (in millions, except per share) Net sales 82,959"
    row = stated("Net sales 82,959", head_scales(page))
    assert not claims("Net sales were $82,959 million.").without(row).numbers
    assert claims("Net sales were $82,959 billion.").without(row).numbers


def test_an_apostrophe_begins_no_quotation() -> None:
    assert claims("The managers' plan and the employees' wishes differ.").phrases == ()
    assert claims("Music of the '90s and the managers' plan.").phrases == ()


def test_names_are_words_with_a_capital_but_not_every_first_one() -> None:
    assert claims("Requests go to Anna Weber's team in Bremen.").names == {
        "anna",
        "weber",
        "bremen",
    }
    assert claims("NASA and the IMF agree.").names == {"nasa", "imf"}
