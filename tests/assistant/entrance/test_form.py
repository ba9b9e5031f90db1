"""The page on which people sign in."""

import re

import pytest

from assistant.entrance.guests import Form, Guests
from assistant.team.members import Members


@pytest.mark.parametrize(
    ("form", "labels", "button"),
    [
        (Guests.form, ["Token"], "Eintreten"),
        (Members.form, ["Name", "Passwort"], "Anmelden"),
    ],
)
def test_it_asks_in_the_language_of_the_browser(form: Form, labels: list[str], button: str) -> None:
    page = form.page("de-DE,de;q=0.9", form.wrong)
    assert '<html lang="de">' in page
    assert re.findall(r"<label[^>]*>(.*?)</label>", page) == labels
    assert f"<button>{button}</button>" in page
    assert form.wrong not in page
    assert "<!--" not in page


def test_what_went_wrong_is_text() -> None:
    assert "<b>" not in Guests.form.page("en", "<b>bold</b>")
