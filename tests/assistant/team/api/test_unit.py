"""The unit of docs/deploy.md, as systemd reads it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import PROJECT


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    page = (PROJECT / "docs" / "deploy.md").read_text(encoding="utf-8")
    [text] = re.findall(r"```ini\n(.*?)```", page, re.DOTALL)
    program = tmp_path / "pincite"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "pincite-serve.service"
    unit.write_text(text.replace("/opt/pincite/.venv/bin/pincite", str(program)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    assert "pincite-serve.service" not in done.stderr, done.stderr
    assert done.returncode == 0, done.stderr
