"""What was learned is plain JSON, is read anew when it changes, and never stops a search."""

import json
from pathlib import Path

import pytest

from assistant.errors import AssistantError
from assistant.storage.learned import Lesson, Lessons, MeasuredChange, lessons
from vectorstore.retrieval.learned_ranker import FEATURES, Known, Learned

WEIGHTS = tuple(n / 10 for n in range(len(FEATURES)))
KNOWN = Known({"Book.pdf": 0.5}, {("Book.pdf", 3): 0.5}, {"appendix": 0.25})
LESSON = Lesson(
    "2026-11-25T18:00:00+00:00", 40,
    MeasuredChange(0.5, 0.7, 0.1, 0.3), MeasuredChange(0.8, 0.9, 0, 0.2),
    Learned(WEIGHTS, KNOWN, "words"),
)  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Lessons:
    return lessons(tmp_path)


def test_what_is_kept_is_read_again(place: Lessons) -> None:
    assert (place.last(), place.ranking()) == (None, None)
    place.keep(LESSON)
    assert place.last() == LESSON == Lessons(place.file).last()
    assert place.ranking() == LESSON.ranking
    assert json.loads(place.file.read_text())["ranking"]["weights"]["title"] == 0.5


def test_another_process_may_change_it_and_reset_takes_it_back(place: Lessons) -> None:
    place.keep(LESSON)
    assert place.ranking() is not None
    Lessons(place.file).keep(Lesson("later", 31))
    assert place.ranking() is None and place.last() == Lesson("later", 31)
    Lessons(place.file).reset()
    assert place.last() is None
    place.reset()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "no JSON", '{"made": 1}', '{"rank": null, "ranking": {"weights": {}}}'],
)
def test_a_damaged_file_counts_as_nothing(place: Lessons, text: str) -> None:
    place.file.write_text(text)
    assert place.last() is None and place.ranking() is None


@pytest.mark.parametrize(
    "change",
    [
        {"rank": {"before": "a", "after": "b", "low": "c", "high": "d"}},
        {"questions": "many"},
        {"documents": []},
        {"documents": {"Book.pdf": "often"}},
        {"pages": [["Book.pdf", 3]]},
        {"sections": {"appendix": None}},
        {"weights": dict.fromkeys(FEATURES, "heavy")},
    ],
)
def test_what_is_no_number_is_found_when_it_is_read_and_not_by_a_search(
    place: Lessons, change: dict[str, object]
) -> None:
    place.keep(LESSON)
    row = json.loads(place.file.read_text())
    of_ranking = change.keys() & row["ranking"].keys()
    (row["ranking"] if of_ranking else row).update(change)
    place.file.write_text(json.dumps(row))
    assert place.last() is None and place.ranking() is None


def test_what_another_version_has_learned_besides_is_passed_over(place: Lessons) -> None:
    place.keep(LESSON)
    row = json.loads(place.file.read_text())
    place.file.write_text(json.dumps(row | {"should": [30, 10], "right": None, "threshold": 0.4}))
    assert place.last() == LESSON


def test_brackets_without_end_count_as_nothing(place: Lessons) -> None:
    place.file.write_text("[" * 100_000)
    assert place.last() is None


def test_weights_of_other_features_do_not_count(place: Lessons) -> None:
    place.keep(LESSON)
    row = json.loads(place.file.read_text())
    row["ranking"]["weights"] = {"dense": 1.0}
    place.file.write_text(json.dumps(row))
    assert place.ranking() is None


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AssistantError, match="cannot be written"):
        lessons(tmp_path / "file").keep(LESSON)
