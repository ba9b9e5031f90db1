"""Killing `pincite add` at any moment loses nothing and doubles nothing."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROJECT
from tests.fakes import WordEmbedder
from vectorstore.catalog.catalog import Catalog
from vectorstore.dense import DenseIndex
from vectorstore.library import Library

KILLS = 3
PAPERS = "Security Policy v1 (2024)", "Security Policy v2 (2026)", "Quarterly Report Q1 2026"


def pincite(home: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Without recognition, which takes most of the time and writes nothing."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.pincite_with_words", "--home", str(home), *arguments],
        cwd=PROJECT, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "PINCITE_OCR": "off"},
    )  # fmt: skip


def result(process: "subprocess.Popen[str]") -> Any:
    out, _ = process.communicate(timeout=240)
    assert process.returncode in (0, 3), out
    return json.loads(out)


def ids(home: Path) -> tuple[set[str], set[str]]:
    """What the catalogue and what Chroma holds."""
    folder = home / "libraries" / "main"
    catalog = Catalog(folder / "catalog.sqlite", "main")
    index = DenseIndex(catalog, folder / "chroma")
    try:
        return catalog.passages.ids(), index.ids()
    finally:
        index.close()


@pytest.mark.slow
def test_a_killed_add_is_continued_by_the_next(tmp_path: Path, samples: Path) -> None:
    add_them = ("add", *(str(samples / f"{name}.pdf") for name in PAPERS), "--json")
    started = time.monotonic()
    whole = result(pincite(tmp_path / "undisturbed", *add_them))
    duration = time.monotonic() - started
    expected, in_chroma = ids(tmp_path / "undisturbed")
    assert len(expected) == whole["chunks"] > 80
    assert in_chroma == expected

    home = tmp_path / "disturbed"
    moments = random.Random(1)
    for _ in range(KILLS):
        add = pincite(home, *add_them)
        time.sleep(moments.uniform(0.2, 1) * duration)
        add.kill()
        add.communicate(timeout=240)
        with Library(home / "libraries" / "main", "main", WordEmbedder) as library:
            library.search("password", k=1)

    last = result(pincite(home, *add_them))
    assert last["added"] + last["unchanged"] == whole["added"]
    assert ids(home) == (expected, expected)
    with Library(home / "libraries" / "main", "main", WordEmbedder) as library:
        assert library.maintenance.verify().lost_files == ()
        assert len(list((library.folder / "files").iterdir())) == whole["added"]
