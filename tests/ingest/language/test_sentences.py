"""Splitting text into sentences, and sentences into what carries their meaning."""

import random
import sys

import pytest

from ingest.language.sentences import is_code, numbers, spans, split, split_answer


def test_sentences_end_at_full_stops_before_a_capital() -> None:
    assert split("Leave is 25 days. Ask the lead!  Why? It helps.") == [
        "Leave is 25 days.",
        "Ask the lead!",
        "Why?",
        "It helps.",
    ]


def test_abbreviations_and_decimals_do_not_end_a_sentence() -> None:
    assert split("Rates rose to 3.5 % at Acme Inc. in May. In 2024, e.g. Bonds fell.") == [
        "Rates rose to 3.5 % at Acme Inc. in May.",
        "In 2024, e.g. Bonds fell.",
    ]


def test_the_number_of_an_item_stays_with_it() -> None:
    assert split("1. Open it. 2. **Close** it.") == ["1. Open it.", "2. **Close** it."]


def test_behind_the_point_of_a_list_sentences_end_as_elsewhere() -> None:
    assert split("• One thing. It is here. ▪ Two.") == ["• One thing.", "It is here.", "▪ Two."]


@pytest.mark.parametrize("end", ["20 km/h.", "5 °C.", "3 m.", "9 p.m.", "7 m².", "3\u202fm."])
def test_a_sentence_may_end_with_a_unit(end: str) -> None:
    assert split(f"It is {end} Then it ends.") == [f"It is {end}", "Then it ends."]


def test_an_initial_does_not_end_a_sentence() -> None:
    assert split("It is 5 m. He is J. Smith.") == ["It is 5 m.", "He is J. Smith."]


def test_each_line_of_a_list_is_a_sentence() -> None:
    assert split("- one thing\n- another thing") == ["- one thing", "- another thing"]


def test_numbers_lose_their_thousands_separators() -> None:
    assert numbers("1,500 euros, 3.5 % and 12:30") == {"1500", "3.5", "12:30"}


def test_quotes_and_brackets_stay_with_their_sentence() -> None:
    assert split('He said "Stop." Then he left (at last.) And so on.') == [
        'He said "Stop."',
        "Then he left (at last.)",
        "And so on.",
    ]


def test_an_abbreviation_in_brackets_does_not_end_a_sentence() -> None:
    assert split("Supplies (pens etc.) 120 EUR a year") == ["Supplies (pens etc.) 120 EUR a year"]


@pytest.mark.parametrize("space", ["\xa0", "\u2009", "\u202f", "\u3000", "\u2028", "\x85"])
def test_a_letter_may_have_any_space_behind_it(space: str) -> None:
    found = split(f"The goods are in hall B{space}. The desk is closed.")
    assert found == [f"The goods are in hall B{space}.", "The desk is closed."]


def test_text_of_any_characters_is_split_and_only_space_is_lost() -> None:
    draw = random.Random(7)
    spaces = [chr(code) for code in range(sys.maxunicode) if chr(code).isspace()]
    for _ in range(3000):
        signs = draw.choices([*"ABxé.!?1", *spaces, chr(draw.randrange(0xD800))], k=12)
        text = "".join(signs) + draw.choice(["", " Das ist der Plan und nicht mit dem Rat."])
        assert "".join("".join(split(text)).split()) == "".join(text.split()), ascii(text)


def test_nothing_but_space_is_lost() -> None:
    text = 'One (e.g. A.) two.  "Three!" 4 is next.\n\n- five etc.) Six\n'
    assert "".join("".join(split(text)).split()) == "".join(text.split())


def test_two_letters_with_points_do_not_end_a_sentence() -> None:
    assert split("Write to P.O. Box 12.") == ["Write to P.O. Box 12."]


@pytest.mark.parametrize("fence", ["```", "~~~", "````"])
def test_fenced_code_in_an_answer_is_one_sentence(fence: str) -> None:
    code = f"{fence}python\nx = 1.0\n\nprint('Done. Now what?')\n{fence}"
    parts = split_answer(f"First this. Then that:\n{code}\nThe end.")
    assert parts == ["First this.", "Then that:", code, "The end."]
    assert [is_code(part) for part in parts] == [False, False, True, False]


def test_code_whose_fence_is_not_closed_yet_is_one_sentence() -> None:
    assert split_answer("So:\n```\na = 1\nb = 2") == ["So:", "```\na = 1\nb = 2"]


def test_text_without_code_is_split_as_ever() -> None:
    text = "Use `a.b` here. It is fine.\n- one\n- two"
    assert split_answer(text) == split(text)


# Two sentences each.
PAIRS = [
    ("Dr. Smith signed the lease on 3 March.", "The rent is $1,200.50 a month."),
    ("The office is at 12 St. James St. in London.", "It opens at 9 a.m. on weekdays."),
    ("Sales fell in the U.S. by 3.5 percent.", "Europe grew, e.g. in Spain and Italy."),
    ("Der Vertrag endet am 3. März 2026.", "Die Miete beträgt 1.234,50 Euro, z. B. für Büros."),
    ("M. Dupont travaille ici depuis le 1er mai.", "Élise, elle, arrive à 8 h."),
    ("Quel est le prix ?", "À partir de 20 kg, c'est gratuit !"),
    ("El Sr. García llegó a las 8 a. m. del lunes.", "¿Quién abrió la puerta?"),
    ("La reunión terminó tarde.", "¡Qué alivio!"),
    ("O Sr. Silva chegou às 10h.", "Última chamada às 11h."),
    ("Priset är ca. 200 kr. per månad.", "Ändringar görs bl.a. i maj."),
    ("Smlouva platí od 1. ledna.", "Účet je splatný do 14 dnů."),
    ("Встреча состоится 5 мая в 10 ч.", "Она продлится два часа."),
    ("Офіс відкритий до 18 год.", "Їдальня працює до 15."),
    ("Sözleşme 3. maddede geçer.", "İmza gereklidir."),
    ("合同于三月三日到期。", "租金每月一千元。"),
    ("会議は九時に始まります。", "資料は三枚です。"),
    ("متى يبدأ الاجتماع؟", "يبدأ في التاسعة."),
    ("बैठक नौ बजे शुरू होती है।", "कागज़ तीन हैं।"),
]
MISSED = [
    ('"Where is the key?" she asked.', "nobody@example.com had it, of course."),
    ("Herr Dr. Weiß leitet die Abt. Einkauf seit ca. drei Jahren.", "Über Kosten wird verhandelt."),
    ("Ältere Geräte sind u. a. in Halle 3 gelagert.", "Übrige Teile kommen am 1. Juni."),
    ("Il dott. Rossi abita in via Roma 3.", "È aperto dalle 9 alle 18."),
    ("De heer dr. Jansen is er niet, d.w.z. hij komt later.", "'s Avonds is hij thuis."),
    ("Mødet er den 3. maj kl. 9.", "Østre Allé er lukket."),
    ("Prof. Nowak mieszka przy ul. Długiej.", "Święta są w grudniu."),
    ("Πότε ανοίγει το γραφείο;", "Ανοίγει στις 9."),
]
MISS = pytest.mark.xfail(strict=True, reason="too short to tell its language, or not known")


@pytest.mark.parametrize(
    ("one", "other"), [*PAIRS, *(pytest.param(*pair, marks=MISS) for pair in MISSED)]
)
def test_two_sentences_of_many_languages_are_two(one: str, other: str) -> None:
    joined = one + other if one.endswith("。") else f"{one} {other}"
    assert split(joined) == [one, other]


@pytest.mark.parametrize(
    "text",
    [
        "“One is “here” (I think.) Two? ‘Three!’ He said: „Vier.“ «Cinq.» [Six.] Seven.” ",
        '" Eight. Nine. " ' * 40 + "(Ten. " * 40,
        "日本語です。次の文。\u00a0Ünïcode… \U0001f600 Ok!\r\n\t- item. Next\n\n\x0bLast. one",
        ". . . ! ? .) .] ) ( \" ' . A. b. C.",
    ],
)
def test_spans_are_places_in_the_text_and_leave_out_nothing_but_space(text: str) -> None:
    found = spans(text)
    assert [start for start, _ in found] == sorted(start for start, _ in found)
    assert all(text[start:end].strip() == text[start:end] for start, end in found)
    assert "".join("".join(split(text)).split()) == "".join(text.split())


def test_what_stands_in_quotes_and_brackets_is_split_too() -> None:
    assert split('She wrote: "It is shut. Wait." (Not here. No.) Then she left.') == [
        'She wrote: "It is shut.', 'Wait."', "(Not here.", "No.)", "Then she left.",
    ]  # fmt: skip


def test_a_quote_that_is_not_closed_joins_no_sentences() -> None:
    text = 'See the “Parks" page. Call us (at 9.) Camps are shut. See the "Find" page. And so on.'
    assert split(text) == [
        'See the “Parks" page.', "Call us (at 9.)", "Camps are shut.", 'See the "Find" page.',
        "And so on.",
    ]  # fmt: skip


def test_while_an_answer_is_written_its_finished_sentences_stay() -> None:
    answer = (
        "The rent is $1,200.50 (incl. heat.) It rises by 2 % on 1 May.\n- Dr. No pays. He does."
    )
    finished = split_answer(answer)
    for end in range(len(answer)):
        *before, _ = split_answer(answer[:end]) or [""]
        assert before == finished[: len(before)]
