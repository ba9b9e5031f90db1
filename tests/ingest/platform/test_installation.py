"""Which command adds an extra, by how Pincite was installed."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ingest.platform import process

UV = """[tool]
requirements = [
    { name = "pincite", extras = ["ocr"] },
    { name = "foo", specifier = ">=1" },
    { name = "bar", path = "/home/me/bar.whl" },
]"""
PIPX = json.dumps({"main_package": {"package_or_url": "pincite[ocr,pdf]"}})
WHEEL = {"url": "file:///home/me/pincite-1-py3-none-any.whl", "archive_info": {}}
CLONE = {"url": "file:///home/me/my%20clone", "dir_info": {"editable": True}}
GIT = {"url": "https://x.example/p", "vcs_info": {"vcs": "git", "commit_id": "1a"}}
PYTHON = f"{sys.executable} -m pip install"


@pytest.mark.parametrize(
    ("file", "text", "origin", "command"),
    [
        ("", "", None, f'{PYTHON} "pincite[s3]"'),
        ("", "", WHEEL, f'{PYTHON} "pincite[s3] @ {WHEEL["url"]}"'),
        ("", "", CLONE, f'{PYTHON} --editable "/home/me/my clone[s3]"'),
        ("", "", GIT, f'{PYTHON} "pincite[s3] @ git+https://x.example/p@1a"'),
        (
            "uv-receipt.toml", UV, None,
            'uv tool install --with "foo>=1" --with "/home/me/bar.whl" "pincite[ocr,s3]"',
        ),
        ("pipx_metadata.json", PIPX, None, 'pipx install --force "pincite[ocr,pdf,s3]"'),
        ("pincite-extras.txt", "Build it with EXTRA.\n", None, "Build it with s3."),
    ],
)  # fmt: skip
def test_a_command_fits_the_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, text: str, origin: Any, command: str
) -> None:
    if file:
        (tmp_path / file).write_text(text)
    about = SimpleNamespace(read_text=lambda name: json.dumps(origin) if origin else None)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(process, "distribution", lambda name: about)
    assert process.add_extra("s3") == command


def test_a_server_does_not_tell_visitors_where_it_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "_serving", False)
    assert sys.executable in process.needs("s3", "use a bucket")
    process.serve_others()
    said = process.needs("s3", "use a bucket")
    assert said == "Install pincite[s3] to use a bucket: `pincite doctor` on the server says how"
