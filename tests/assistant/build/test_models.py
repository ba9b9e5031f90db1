"""Which models a configuration leads to."""

from pathlib import Path

import pytest

from assistant.build import models
from assistant.settings import Settings


def test_the_reader_is_there_where_its_embedding_model_is_named_by_a_path(
    minilm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINCITE_HOME", str(tmp_path))
    assert models.reader(Settings.load()) is None

    monkeypatch.setenv("PINCITE_EMBEDDING_MODEL", str(minilm))
    assert models.reader(Settings.load()) is not None


def test_no_reader_is_there_where_the_named_embedding_model_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINCITE_HOME", str(tmp_path))
    monkeypatch.setenv("PINCITE_EMBEDDING_MODEL", str(tmp_path / "gone"))
    assert models.reader(Settings.load()) is None
