"""A model that cannot be used costs the description of a picture, and nothing else."""

import pytest
from PIL import Image

from ingest.document.source import described
from ingest.errors import PinciteError

PICTURE = Image.new("RGB", (9, 9))


class Saying:
    def __init__(self, outcome: str | Exception) -> None:
        self._outcome = outcome

    def describe(self, picture: Image.Image) -> str:
        if isinstance(self._outcome, str):
            return self._outcome
        raise self._outcome


def test_what_is_said_stands_in_one_line() -> None:
    assert described(Saying("A red\n circle. "), PICTURE) == ("A red circle.", "")


def test_without_a_model_nothing_is_said() -> None:
    assert described(None, PICTURE) == ("", "")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PinciteError("The model is damaged."), "not described: The model is damaged"),
        (MemoryError(), "needs more memory than file_memory_mb"),
    ],
)
def test_why_nothing_is_said_is_a_note(error: Exception, told: str) -> None:
    words, note = described(Saying(error), PICTURE)
    assert words == ""
    assert told in note


def test_a_mistake_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        described(Saying(ZeroDivisionError()), PICTURE)
