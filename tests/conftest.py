"""What tests of several folders need: the samples, and where larger data is kept."""

import os
from pathlib import Path

import pytest

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
