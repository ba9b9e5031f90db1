# ruff: noqa: RUF001, E501 - texts in other scripts, whose letters are twice as wide
import pytest

from ingest.language import words
from ingest.language.words import UNKNOWN, language_of_passages, name_of

GERMAN = ("Die Reisekosten werden innerhalb von vierzehn Tagen erstattet, wenn die Belege im Büro"
          " vorliegen. Für Bahnfahrten gilt die zweite Klasse.")  # fmt: skip
ENGLISH = ("Travel costs are paid back within fourteen days if the receipts are in the office."
           " Journeys by train are in the second class.")  # fmt: skip
OTHERS = {
    "fr": "Les frais de voyage sont remboursés en quatorze jours, si les reçus sont au bureau.",
    "es": "Los gastos de viaje se reembolsan en catorce días si los recibos están en la oficina.",
    "tr": "Seyahat masrafları, makbuzlar ofise geldikten sonra on dört gün içinde geri ödenir.",
    "ru": "Командировочные расходы возмещаются в течение четырнадцати дней при наличии чеков.",
    "zh": "如果收据在办公室，差旅费将在十四天内报销。乘坐火车须选择二等座，住宿费每晚不得超过一百二十欧元。",
}
TABLE = "A-100 | 12,50 | 14,90\nA-200 | 13,50 | 15,90\nA-300 | 14,50 | 16,90\n" * 4


@pytest.mark.parametrize(("language", "text"), [("de", GERMAN), ("en", ENGLISH), *OTHERS.items()])
def test_a_document_is_in_the_language_of_most_of_its_letters(language: str, text: str) -> None:
    other = GERMAN if language != "de" else ENGLISH
    assert language_of_passages([text] * 5 + [other]) == language
    assert name_of(language) != language


@pytest.mark.parametrize("passages", [[], ["Ja."], [TABLE], [GERMAN, ENGLISH]])
def test_too_little_a_table_and_two_halves_have_no_language(passages: list[str]) -> None:
    assert language_of_passages(passages) == UNKNOWN


def test_a_table_between_passages_does_not_hide_their_language() -> None:
    assert language_of_passages([TABLE, GERMAN, TABLE]) == "de"


def test_words_are_found_in_other_forms_of_their_language() -> None:
    assert words.language_stem("urlaubstagen", "de") == words.language_stem("urlaubstage", "de")
    assert words.language_stem("evlerinizden", "tr") == words.language_stem("ev", "tr")
    assert words.language_stem("gutxi", "xx") == "gutxi"  # no such language
    assert words.stemmed("Die 12 Häuser (A-7) kosten 1.234,50 €", "de") == (
        "die 12 haus (a-7) kost 1.234,50 €"
    )


def test_a_script_without_spaces_is_cut_into_pairs() -> None:
    assert words.stemmed("差旅费 A7", "zh").split() == ["差旅", "旅费", "a7"]
    assert words.stemmed("费", "zh").split() == ["费"]


def test_stop_words_are_those_of_the_language() -> None:
    assert {"der", "und", "wie"} <= words.stop_words("de")
    assert words.stop_words("xx") == frozenset()


def test_an_english_library_is_asked_as_ever() -> None:
    query = "Which invoices over 1,200 did we pay in March 2026?"
    assert words.match(query, {"en"}) == words.match(query)
    assert words.indexed_passage(GERMAN, ["Reisen"]) == f"{GERMAN}\nReisen"


def test_a_question_is_asked_in_all_languages_of_the_library() -> None:
    assert words.match("Welche Häuser hat die Firma?", {"de"}) == '"haus" OR "firma"'
    both = words.match("Welche Häuser hat die Firma?", {"de", "en"}).split(" OR ")
    assert both == ['"häuser"', '"firma"', '"haus"']
    assert words.match("der die das", {"de"})  # nothing but small words is sought all the same
    assert words.match("差旅费", {"zh"}) == '"差旅" OR "旅费"'


def test_a_phrase_stays_one_in_every_language() -> None:
    assert '"neu haus"' in words.match("Wo steht „Neue Häuser“?", {"de"}).split(" OR ")
    assert words.written("häuser", {"de"}) == '"häuser" OR "haus"'
    assert words.written("houses", {"en"}) == '"houses"'
    assert '"差旅 旅费"' in words.written("差旅费", {"zh"})
