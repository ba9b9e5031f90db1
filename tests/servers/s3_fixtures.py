"""S3 servers for the tests that ask for one: started once, skipped with the reason."""

from collections.abc import Iterator

import pytest

from tests.servers.s3_process import S3Process, missing


@pytest.fixture(scope="session", params=["localbucket", "ceph"])
def s3(request: pytest.FixtureRequest) -> Iterator[S3Process]:
    """Each kind of server that there is here."""
    if request.param == "ceph":
        yield request.getfixturevalue("ceph")
    else:
        yield from _running(request.param)


@pytest.fixture(scope="session")
def ceph() -> Iterator[S3Process]:
    """The one that checks keys and keeps versions."""
    yield from _running("ceph")


def _running(kind: str) -> Iterator[S3Process]:
    if why := missing(kind):
        pytest.skip(why)
    server = S3Process(kind)
    yield server
    server.remove()
