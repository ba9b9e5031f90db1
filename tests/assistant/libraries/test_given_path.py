""""""

from pathlib import Path

import pytest

from assistant.libraries.uploads import given_path
from ingest.errors import NothingFound


def test_a_folder_is_found_also_below_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "papers").mkdir()
    assert given_path("~/papers") == given_path(str(tmp_path / "papers")) == tmp_path / "papers"


@pytest.mark.parametrize("text", ["", "/no/such", "~no-such-person/x", "a" * 5000, "a\0b"])
def test_what_is_no_folder_is_a_sentence(text: str) -> None:
    with pytest.raises(NothingFound, match="There is no file or folder"):
        given_path(text)
