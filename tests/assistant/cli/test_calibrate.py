"""`pincite models use` offers to fit the gate, and `pincite models calibrate` does it."""

import json
from pathlib import Path

import pytest

from assistant.answering.gate import OPERATING_POINTS, Gate, Weights
from assistant.cli.main import main
from assistant.settings import Settings
from assistant.storage.learned import Fitted
from assistant.wiring import chosen_models

OWN = Fitted(Weights(Gate(1, 2, 3, 4, 5), Gate(5, 4, 3, 2, 1)), OPERATING_POINTS)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PINCITE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("assistant.wiring.chosen_models.missing_extra", lambda _: "")
    path = tmp_path / "mine.gguf"
    path.write_bytes(b"GGUF")
    return path


def test_a_model_without_a_gate_is_offered_one(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "use", "chat", str(file)]) == 0
    told = capsys.readouterr()
    assert told.out == f"chat: {file}\n"
    assert "`pincite models calibrate` fits it, in a few minutes" in told.err

    settings = Settings.load()
    chosen_models.gates(settings).keep(chosen_models.identity(settings, file), OWN, {})
    assert main(["models", "use", "chat", str(file)]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("as_json", [False, True])
def test_the_expected_curve_is_said(
    as_json: bool, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Quick:
        def run(self, show: object) -> Fitted:
            return OWN

    monkeypatch.setattr(chosen_models, "calibration", lambda _: Quick())
    assert main(["models", "calibrate", *["--json"] * as_json]) == 0
    out = capsys.readouterr().out
    if as_json:
        assert json.loads(out)["points"]["balanced"]["unanswerable"] == 0.65
    else:
        assert "balanced (below 0.4): 65% of what the passages do not answer, 11% of" in out
