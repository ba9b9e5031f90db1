"""A Stable Diffusion pipeline with random weights, small enough to paint in a second."""

from pathlib import Path
from typing import Any

import pytest

from assistant.security import network_guard

SIDE = 64  # pixels of its pictures


@pytest.fixture(autouse=True)
def _nothing_connects(tmp_path: Path) -> Any:
    """The guard that the program has: a try to connect fails the test."""
    remove = network_guard.install_guard(tmp_path / "network.log")
    yield
    remove()
    log = tmp_path / "network.log"
    assert not log.exists() or "refused" not in log.read_text()


@pytest.fixture(scope="session", autouse=True)
def _one_thread(request: pytest.FixtureRequest) -> Any:
    """For networks this small more threads only wait for one another."""
    if "not slow" in request.config.option.markexpr:
        return (yield)  # nothing computes then, and torch takes seconds to load
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def pipeline() -> Any:
    import torch

    from tests.assistant.studio import made_models

    torch.manual_seed(0)
    return made_models.sd()


@pytest.fixture(scope="session")
def tiny(pipeline: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its folder."""
    folder = tmp_path_factory.mktemp("drawing") / "tiny"
    pipeline.save_pretrained(folder)
    return folder
