"""A Ray cluster for the tests that ask for one: started once, skipped with the reason."""

import os
from collections.abc import Iterator

import pytest

from tests.servers.ray_process import RayProcess, missing


@pytest.fixture(scope="session")
def ray_process() -> Iterator[RayProcess]:
    if why := missing():
        pytest.skip(why)
    running = RayProcess()
    os.environ.update(running.environment)  # of the processes that connect
    yield running
    for name in running.environment:
        del os.environ[name]
    running.remove()
