"""What turns the direction of letters ends with the text that has it."""

import pytest

from ingest.document.model import ended


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("plain", ""),
        ("one\u202c\u202c", ""),
        ("invoice \u202etxt.exe", "\u202c"),
        ("\u202a\u202bone\u202c", "\u202c\u202c"),  # one too many ends nothing
        ("\u2067one", "\u2069"),
        ("\u2069\u2067one", "\u2069"),
        ("\u202e\u2066one", "\u2069\u202c"),  # the innermost first
        ("\u202e\u2066\u202cone\u2069", "\u2069\u202c"),  # inside of an isolate nothing around ends
    ],
)
def test_what_follows_a_text_keeps_its_direction(text: str, signs: str) -> None:
    assert ended(text) == text + signs
