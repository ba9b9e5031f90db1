"""A training that was interrupted goes on as if nothing had happened."""

from pathlib import Path

import pytest
import torch

from tests.small_models.training import train

pytestmark = pytest.mark.slow


def weights_after(cache: Path, *stops: int) -> torch.Tensor:
    """Trains a line to a slope of 3; it is broken off in the last step before each stop."""
    torch.manual_seed(0)
    model = torch.nn.Linear(1, 1)

    def loss_of(step: int) -> torch.Tensor:
        x = torch.randn(8, 1)
        if step in stops and not (cache / f"stopped-{step}").exists():
            (cache / f"stopped-{step}").touch()
            raise KeyboardInterrupt
        return (model(x) - 3 * x).pow(2).mean()

    train("line", model, loss_of, steps=120, rate=0.2, cache=cache, seed=1)
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_it_goes_on_and_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.small_models.training.KEEP_EVERY", 0.0)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    whole = weights_after(tmp_path / "a")
    with pytest.raises(KeyboardInterrupt):
        weights_after(tmp_path / "b", 25)
    assert torch.equal(weights_after(tmp_path / "b", 25), whole)
    assert whole[0].item() == pytest.approx(3, abs=0.1)


def test_progress_tells_step_loss_and_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights_after(tmp_path)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("line 120/120  loss ") and "0:00 left" in last
