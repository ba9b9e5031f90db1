from pathlib import Path

import pytest

from assistant.errors import AssistantError
from assistant.evaluation.runs import EvaluationRuns

ABOUT = {"set": "plans", "settings": {"threads": 0}}


def test_an_interrupted_run_goes_on_and_a_finished_one_does_not(tmp_path: Path) -> None:
    runs = EvaluationRuns(tmp_path / "deep" / "runs.sqlite")
    first = runs.begin(ABOUT)
    runs.put(first, {"id": "a", "error": ""})
    assert (
        EvaluationRuns(tmp_path / "deep" / "runs.sqlite").begin(dict(reversed(ABOUT.items())))
        == first
    )
    runs.finish(first)
    assert runs.begin(ABOUT) == first + 1


def test_another_setting_or_note_or_a_fresh_one_is_another_run(tmp_path: Path) -> None:
    runs = EvaluationRuns(tmp_path / "runs.sqlite")
    numbers = [
        runs.begin(ABOUT), runs.begin({**ABOUT, "settings": {"threads": 1}}),
        runs.begin(ABOUT, "before"), runs.begin(ABOUT, fresh=True),
    ]  # fmt: skip
    assert len(set(numbers)) == 4


def test_a_question_asked_again_replaces_its_row(tmp_path: Path) -> None:
    runs = EvaluationRuns(tmp_path / "runs.sqlite")
    number = runs.begin(ABOUT)
    for row in ({"id": "a", "n": 1}, {"id": "b", "n": 2}, {"id": "a", "n": 3}):
        runs.put(number, row)
    assert sorted(row["n"] for row in runs.rows(number)) == [2, 3]
    assert runs.get(number).asked == 2


def test_the_latest_run_comes_first_and_an_unknown_one_is_named(tmp_path: Path) -> None:
    runs = EvaluationRuns(tmp_path / "runs.sqlite")
    numbers = [runs.begin(ABOUT, str(n)) for n in range(3)]
    assert [run.number for run in runs.recent()] == numbers[::-1]
    with pytest.raises(AssistantError, match=r"There is no run 99\. The latest are: 3, 2, 1"):
        runs.get(99)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "runs.sqlite").write_text("no database, however long this text may be" * 20)
    with pytest.raises(AssistantError, match=r"runs\.sqlite, which keeps the runs"):
        EvaluationRuns(tmp_path / "runs.sqlite").recent()
