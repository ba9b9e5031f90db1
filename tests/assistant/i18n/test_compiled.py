"""Catalogues are compiled when Pincite is installed, and their absence is never silent."""

from pathlib import Path

import pytest

from assistant.i18n import translation
from tests.assistant.i18n import catalogues

OTHERS = [name for name in translation.LANGUAGES if name != translation.DEFAULT_LANGUAGE]


@pytest.mark.parametrize("name", OTHERS)
def test_a_language_that_was_not_compiled_is_not_shown_in_english(
    tmp_path: Path, name: str
) -> None:
    with (
        catalogues.used(tmp_path),
        translation.speaking(name),
        pytest.raises(FileNotFoundError, match="not compiled"),
    ):
        translation._("Page {page} of {pages}", page=3, pages=20)


def test_english_needs_no_catalogue(tmp_path: Path) -> None:
    with catalogues.used(tmp_path):
        assert translation._("Page {page} of {pages}", page=3, pages=20) == "Page 3 of 20"
