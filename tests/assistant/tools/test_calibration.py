"""A chat model is asked about passages, and the gate is fitted to its odds."""

from pathlib import Path
from typing import Any

import pytest

from assistant.answering.gate import Signals, answerable
from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.storage.learned import FittedGates
from assistant.tools.calibration import Calibration, Case, cases
from tests.assistant.fakes import ScriptedChat, WordEmbedder


def small(count: int = 12) -> list[Case]:
    """Leave is in the passages of every second one."""
    told = ("Handbook", "Full-time employees have 25 days of annual leave.")
    other = ("Handbook", "The canteen opens at noon.")
    kinds = [(n, n % 2 == 0) for n in range(count)]
    return [
        Case(f"c{n}", f"g{n}", "How much annual leave?", yes, (told if yes else other,))
        for n, yes in kinds
    ]


class Asked(ScriptedChat):
    """Says yes where it reads of leave, and counts; stops after so many questions."""

    count: int = 0
    most: int = 1000

    def next_token_logprobs(self, messages: Any, *rest: Any) -> list[float]:
        if self.count == self.most:
            raise KeyboardInterrupt
        self.count += 1
        return [0.0, -4.0] if "25 days" in str(messages) else [-1.0, 0.0]


@pytest.fixture
def gates(tmp_path: Path) -> FittedGates:
    return FittedGates(tmp_path / "gates")


def calibration(model: Asked, gates: FittedGates) -> Calibration:
    return Calibration(AnswerTool(model, Budget()), model, WordEmbedder(), gates, "abc")


def test_the_fitted_gate_is_kept_by_the_hash_of_the_model(gates: FittedGates) -> None:
    shown: list[tuple[int, int]] = []
    fitted = calibration(Asked(), gates).run(lambda _, done, of: shown.append((done, of)), small())
    assert gates.get("abc") == fitted
    assert gates.get("another") is None
    assert shown == [(n, 12) for n in range(12)]
    yes, no = Signals(0.5, 0.5, 4.0), Signals(0.5, 0.5, -1.0)
    assert answerable(yes, fitted.weights) > answerable(no, fitted.weights)


def test_an_interrupted_calibration_goes_on(gates: FittedGates) -> None:
    with pytest.raises(KeyboardInterrupt):
        calibration(Asked(most=7), gates).run(lambda *_: None, small())
    assert gates.get("abc") is None
    with next(gates._folder.glob("*.rows.jsonl")).open("a") as file:
        file.write('{"id": "c7", "sig')  # what a crash leaves behind

    rest = Asked()
    calibration(rest, gates).run(lambda *_: None, small())
    assert rest.count == 5
    assert [path.name for path in gates._folder.iterdir()] == ["abc.json"]


def test_a_damaged_gate_is_none(gates: FittedGates) -> None:
    calibration(Asked(), gates).run(lambda *_: None, small())
    (gates._folder / "abc.json").write_text('{"weights": {"with_reader": 1}}')
    assert gates.get("abc") is None


def test_the_questions_that_ship_are_of_both_kinds() -> None:
    every = cases()
    assert len({case.id for case in every}) == len(every) > 100
    assert 0.3 < sum(case.answerable for case in every) / len(every) < 0.7
    assert all(case.passages for case in every)
