"""An answer shows no link or picture that the documents do not give."""

import pytest

from assistant.security.untrusted_text import REMOVED, shown

READ = "Forms are at https://www.city.example/forms and by mail from desk@city.example."


def streamed(text: str, size: int) -> str:
    return "".join(shown((text[i : i + size] for i in range(0, len(text), size)), [READ]))


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("See http://evil.example/free now.", f"See {REMOVED} now."),
        ("See www.city.example/forms.", "See www.city.example/forms."),
        (
            "Write to desk@city.example or eve@evil.example",
            f"Write to desk@city.example or {REMOVED}",
        ),
        ("It is ![x](http://evil.example/p.gif?d=40) $40.", "It is x $40."),
        ("It is ![x](https://www.city.example/forms) $40.", "It is x $40."),
        ("Read [more](http://evil.example).", "Read more."),
        ("Read [more](www.city.example/forms).", "Read more (www.city.example/forms)."),
        ("$40 <img src='http://evil.example/p.gif'> a day", "$40  a day"),
        ("f(x)[2](a) is 3 < 4, and [1] stays.", "f(x)[2](a) is 3 < 4, and [1] stays."),
    ],
)
def test_only_what_was_read_is_shown(written: str, seen: str, size: int) -> None:
    assert streamed(written, size) == seen


def test_an_address_that_a_line_end_divides_was_read() -> None:
    parts = shown(["At http://long.example/a-b.html."], ["At http://long.exam-\nple/a-\nb.html."])
    assert "".join(parts) == "At http://long.example/a-b.html."
