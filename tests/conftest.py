"""What tests of several folders need: the samples, and where larger data and models are kept."""

import os
from pathlib import Path

import pytest

from assistant.settings import default_home

PROJECT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of the sample company's PDFs."""
    return PROJECT / "samples"


@pytest.fixture(scope="session")
def evaluation() -> Path:
    """The folder of evaluation data, or a skip that says where it was looked for."""
    folder = Path(os.environ.get("PINCITE_TEST_EVAL", PROJECT.parent / "shared" / "eval"))
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent; set PINCITE_TEST_EVAL to a folder of evaluation data")
    return folder


def models_folder() -> Path:
    """Of real models: PINCITE_TEST_MODELS, else where `make setup` puts them."""
    return Path(os.environ.get("PINCITE_TEST_MODELS") or default_home() / "models")


@pytest.fixture(scope="session")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of links to the real MiniLM's files, or a skip: what is made there stays there."""
    pooling = sorted(models_folder().rglob("1_Pooling/config.json"))
    found = next((path.parents[1] for path in pooling), None)
    if found is None:
        pytest.skip(f"no MiniLM is below {models_folder()}; set PINCITE_TEST_MODELS to its folder")
    folder = tmp_path_factory.mktemp("models") / "all-minilm-l6-v2"
    folder.mkdir()
    for path in found.iterdir():
        if path.suffix != ".onnx":
            (folder / path.name).symlink_to(path)
    return folder
