"""What turns the direction of letters ends with the text that has it."""

import pytest

from ingest.document.model import ended


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("plain", ""),
        ("invoice \u202etxt.exe", "\u202c"),
        ("\u202a\u202bone\u202c", "\u202c"),
        ("\u2067one", "\u2069"),
        ("\u2067one\u2069 and \u202dtwo\u202c", ""),
        ("one\u202c\u202c", ""),
        ("\u202c\u202eone", "\u202c"),  # an end before the sign ends nothing
        ("\u2069\u2067one", "\u2069"),
        ("\u202e\u2066one", "\u2069\u202c"),  # the innermost first
        ("\u202e\u2066\u202cone\u2069", "\u202c"),  # inside of an isolate nothing around ends
        ("\u2066\u202eone\u2069", ""),  # an isolate ends with all in it
    ],
)
def test_each_sign_without_an_end_gets_one(text: str, signs: str) -> None:
    assert ended(text) == text + signs
