"""A few dozen requests of every kind that the API's description allows or forbids: no server
errors. `benchmarks/api/every_kind.py` sends thousands.
"""

from pathlib import Path

import pytest

pytest.importorskip("schemathesis")


@pytest.mark.filterwarnings("ignore")  # of schemathesis, about its own parts
def test_no_request_is_an_error_of_the_server(tmp_path: Path) -> None:
    from benchmarks.api.every_kind import Served, send

    served = Served(tmp_path)
    try:
        found = send(served.address, 60)
    finally:
        served.stop()
    assert sum(found.values()) >= 30 and max(found) < 500
    assert found[200] and found[400] + found[404] + found[422]
