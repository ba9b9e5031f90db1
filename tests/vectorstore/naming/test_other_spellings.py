import pytest

from vectorstore.naming.document_names import abbreviates, misspelt


@pytest.mark.parametrize(
    ("word", "name", "same"),
    [
        ("neflix", "netflix", True),
        ("netfilx", "netflix", True),
        ("netflixs", "netflix", True),
        ("natflix", "netflix", True),
        ("metflix", "netflix", False),
        ("nefilx", "netflix", False),
        ("apple", "apply", True),
        ("netflix", "net flix", False),
    ],
)
def test_one_wrong_letter_is_a_misspelling(word: str, name: str, same: bool) -> None:
    assert misspelt(word, name) == same


@pytest.mark.parametrize(
    ("word", "name", "same"),
    [
        ("nflx", "netflix", True),
        ("amd", "advanced micro devices", True),
        ("dam", "advanced micro devices", False),
        ("natwest", "national westminster", True),
        ("xfl", "netflix", False),
        ("netflix", "netflix", False),
        ("sat", "sales at tables today", False),
    ],
)
def test_a_symbol_has_letters_of_one_word_or_beginnings_of_all(
    word: str, name: str, same: bool
) -> None:
    assert abbreviates(word, name) == same
