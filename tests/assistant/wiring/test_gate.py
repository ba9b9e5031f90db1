"""Which gate a chat model has."""

from pathlib import Path

import pytest

from assistant.answering.gate import OPERATING_POINTS, Gate, Weights
from assistant.errors import ModelUnusable
from assistant.settings import Settings
from assistant.storage.learned import SHIPPED, Fitted
from assistant.wiring import chosen_models
from assistant.wiring.chosen_models import LoadedChat, calibration, chat_loader

OWN = Fitted(Weights(Gate(1, 2, 3, 4, 5), Gate(5, 4, 3, 2, 1)), OPERATING_POINTS)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF")
    return path


def test_an_unknown_model_has_none(settings: Settings, file: Path) -> None:
    assert chosen_models.fitted(settings, chosen_models.identity(settings, file)) is None


def test_the_default_model_has_the_gate_that_ships(
    settings: Settings,
) -> None:
    default = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
    assert chosen_models.fitted(settings, default) is SHIPPED


def test_a_fitted_gate_belongs_to_the_bytes_of_its_model(settings: Settings, file: Path) -> None:
    chosen_models.gates(settings).keep(chosen_models.identity(settings, file), OWN, {})
    assert chosen_models.fitted(settings, chosen_models.identity(settings, file)) == OWN
    file.write_bytes(b"GGUF of another model")
    assert chosen_models.fitted(settings, chosen_models.identity(settings, file)) is None


def test_calibrating_without_a_model_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(ModelUnusable, match="no chat model to calibrate: `pincite models pull`"):
        calibration(settings)


def test_a_gate_of_a_server_belongs_to_its_address_and_model(settings: Settings) -> None:
    def chat(address: str) -> LoadedChat:
        load = chat_loader(Settings(home=settings.home, chat_model=address))
        assert load
        return load()

    address = "http://127.0.0.1:9/v1#qwen"
    assert chat(address).weights is None
    chosen_models.gates(settings).keep(chosen_models.named(address), OWN, {})
    assert chat(address).fitted == OWN
    assert chat("http://127.0.0.1:9/v1#other").weights is None
