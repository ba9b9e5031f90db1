"""What turns the direction of letters ends with the text that has it."""

import pytest

from ingest.document.direction import ended


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("plain", ""),
        ("invoice \u202etxt.exe", "\u202c"),
        ("\u202a\u202bone\u202c", "\u202c"),
        ("\u2067one", "\u2069"),
        ("\u2067one\u2069 and \u202dtwo\u202c", ""),
        ("one\u202c\u202c", ""),
    ],
)
def test_each_sign_without_an_end_gets_one(text: str, signs: str) -> None:
    assert ended(text) == text + signs
