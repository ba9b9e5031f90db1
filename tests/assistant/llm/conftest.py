"""The real models of the slow tests, from PINCITE_TEST_MODELS or the home's models."""

from pathlib import Path

import pytest

from assistant.llm.llama import engine
from assistant.models.catalogue import Machine
from tests.conftest import models_folder

SMALLEST = "SmolLM2-135M-Instruct.Q4_1.gguf"
SMALL = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"


@pytest.fixture(autouse=True)
def _leaves_other_cores_to_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """All threads of a model wait for the last one, which another test may keep waiting."""
    monkeypatch.setattr(engine, "this_machine", lambda: Machine(memory=None, cores=1))


def model_file(name: str) -> Path:
    """The file of that name, or a skip that says where it was looked for."""
    folder = models_folder()
    found = next(iter(sorted(folder.rglob(name))), None)
    if found is None:
        pytest.skip(f"{name} is not below {folder}; `pincite models pull` or `make setup` gets it")
    return found


@pytest.fixture(scope="session")
def smallest_model() -> Path:
    return model_file(SMALLEST)


@pytest.fixture(scope="session")
def small_model() -> Path:
    return model_file(SMALL)


@pytest.fixture(scope="session")
def embedding_model() -> Path:
    return model_file("modules.json").parent
