"""The real models of the slow tests, from PINCITE_TEST_MODELS or the user's model cache."""

import os
from pathlib import Path

import platformdirs
import pytest

SMALLEST = "SmolLM2-135M-Instruct.Q4_1.gguf"
SMALL = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"


def model_file(name: str) -> Path:
    """The file of that name, or a skip that says where it was looked for."""
    default = platformdirs.user_cache_path("pincite", appauthor=False) / "models"
    folder = Path(os.environ.get("PINCITE_TEST_MODELS", default))
    found = next(iter(sorted(folder.rglob(name))), None)
    if found is None:
        pytest.skip(f"{name} is not below {folder}; set PINCITE_TEST_MODELS to its folder")
    return found


@pytest.fixture(scope="session")
def smallest_model() -> Path:
    return model_file(SMALLEST)


@pytest.fixture(scope="session")
def small_model() -> Path:
    return model_file(SMALL)
