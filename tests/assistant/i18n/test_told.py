"""Sentences that rooms below have made in English are recognised, and said in another language."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.i18n import translation
from tests.assistant.i18n import catalogues

TEXTS = {
    "{0} is empty: 0 bytes.": "{0} ist leer: 0 Bytes.",
    "{0} could not be read. {1}": "{0} war nicht zu lesen. {1}",
    "{0} has no {1}.": "{1} fehlt in {0}.",
    "Nothing was learned.": "Nichts wurde gelernt.",
    "The server of {0} {1}.": "Der Server von {0} {1}.",
    "is full: make space there": "ist voll: Schaffen Sie dort Platz",
}


@pytest.fixture(autouse=True)
def german(tmp_path: Path) -> Iterator[None]:
    catalogues.write(tmp_path, "de", TEXTS)
    with catalogues.used(tmp_path), translation.speaking("de"):
        yield


def test_a_sentence_without_places() -> None:
    assert translation.told("Nothing was learned.") == "Nichts wurde gelernt."


def test_what_stands_in_its_places_is_kept() -> None:
    assert translation.told("a b.pdf is empty: 0 bytes.") == "a b.pdf ist leer: 0 Bytes."


def test_a_reason_within_a_sentence_is_translated_too() -> None:
    said = translation.told("x.zip could not be read. notes.txt is empty: 0 bytes.")

    assert said == "x.zip war nicht zu lesen. notes.txt ist leer: 0 Bytes."


def test_places_may_change_their_order() -> None:
    assert translation.told("A.pdf has no page 7.") == "page 7 fehlt in A.pdf."


def test_the_end_of_a_sentence_is_found_behind_a_place_with_spaces() -> None:
    said = translation.told("The server of s3://b at host:443 is full: make space there.")
    assert said == "Der Server von s3://b at host:443 ist voll: Schaffen Sie dort Platz."
    assert translation.told("The server of a b c.") == "Der Server von a b c."


def test_two_sentences_are_translated_one_by_one() -> None:
    said = translation.told("Nothing was learned. A.pdf is empty: 0 bytes.")

    assert said == "Nichts wurde gelernt. A.pdf ist leer: 0 Bytes."


def test_braces_and_lines_of_a_document_do_no_harm() -> None:
    assert translation.told("{0}\n{x} is empty: 0 bytes.") == "{0}\n{x} ist leer: 0 Bytes."


def test_an_unknown_sentence_stays_as_it_is() -> None:
    assert translation.told("The moon is full.") == "The moon is full."


def test_in_english_all_stays() -> None:
    with translation.speaking("en"):
        assert translation.told("a.pdf is empty: 0 bytes.") == "a.pdf is empty: 0 bytes."
