"""The catalogues hold every text of the sources, translated, with its places."""

import ast
import re
from types import ModuleType

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from assistant.i18n import translation
from assistant.models.catalogue import catalogue
from tests.test_set_up import script

PLACE = re.compile(r"\{\w+\}")
OTHERS = [name for name in translation.LANGUAGES if name != translation.DEFAULT_LANGUAGE]


@pytest.fixture(scope="module")
def messages() -> ModuleType:
    return script("messages")


def test_they_are_up_to_date_and_complete(messages: ModuleType) -> None:
    assert list(messages.outdated()) == []


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_said_of_a_model_is_translated(messages: ModuleType, name: str) -> None:
    with messages.po(name).open("rb") as file:
        known = read_po(file, locale=name)
    notes = [model.note for model in catalogue() if model.note]
    assert notes and [note for note in notes if note not in known or not known[note].string] == []


def test_there_is_one_for_each_language_of_the_app(messages: ModuleType) -> None:
    assert sorted(messages.LANGUAGES) == sorted(OTHERS)


@pytest.mark.parametrize("name", OTHERS)
def test_places_and_code_are_those_of_the_text(name: str, messages: ModuleType) -> None:
    with messages.po(name).open("rb") as file:
        catalog = read_po(file, locale=name)
    assert [wrong for message in catalog if message.id for wrong in differing(message)] == []


def differing(message: Message) -> list[str]:
    """A form for one may leave out how many."""
    texts = message.id if isinstance(message.id, tuple) else (message.id,)
    forms = message.string if isinstance(message.string, tuple) else (message.string,)
    whole = marks(texts[-1])
    return [form for form in forms if not marks(form) <= whole or whole - marks(form) - {"{count}"}
            or (form == forms[-1] and marks(form) != whole)]  # fmt: skip


def marks(text: str) -> set[str]:
    """Its places, commands and bold parts."""
    return {*PLACE.findall(text), *re.findall(r"`[^`]+`", text), *re.findall(r"\*\*", text)}


def test_what_an_error_of_the_rooms_says_is_found_whatever_its_shape(messages: ModuleType) -> None:
    raised = """
raise SourceFailed(f"{path} does not exist")
raise ModelUnusable(f"{name} is not on this disk. Fetch it: pincite models pull {name}")
raise ValueError(f"{name} is only for us")
raise OSError("The disk is full.")
"""
    assert list(messages.said_in_english(ast.parse(raised))) == [
        "{0} does not exist",
        "{0} is not on this disk. Fetch it: pincite models pull {1}",
        "The disk is full.",
    ]


@pytest.mark.parametrize("name", OTHERS)
def test_each_form_of_a_plural_is_there(name: str) -> None:
    with translation.speaking(name):
        said = [
            translation.ngettext("{count} file", "{count} files", n) for n in (0, 1, 2, 1_000_000)
        ]

    assert said[1] != said[2]
    assert all("file" not in text or "fichier" in text for text in said)


def test_german_says_it_in_german() -> None:
    with translation.speaking("de"):
        assert translation._("Page {page} of {pages}", page=3, pages=20) == "Seite 3 von 20"
        assert translation.ngettext("{count} file", "{count} files", 1234) == "1.234 Dateien"
