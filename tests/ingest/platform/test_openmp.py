"""Threads of OpenMP do not spin while they wait, in whatever way the program is started."""

import os
import subprocess
import sys

import pytest

from ingest.platform.process import wait_calmly
from tests.conftest import PROJECT


def test_what_a_person_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    wait_calmly()
    assert os.environ["OMP_WAIT_POLICY"] == "active"


def test_the_command_sets_it_for_all_that_it_starts() -> None:
    script = (
        "import os, sys\nfrom assistant.cli import main as cli\n"
        "os.environ.pop('OMP_WAIT_POLICY', None)\n"
        "cli.main(['models', 'list', '--json'])\n"
        "print(os.environ['OMP_WAIT_POLICY'], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stderr.strip().splitlines()[-1] == "passive"
