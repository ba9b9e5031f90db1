from pathlib import Path

import pytest

from assistant.storage import files
from assistant.storage.files import FileHashes


def test_a_file_is_hashed_again_only_when_it_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights, hashes = tmp_path / "model.gguf", FileHashes(tmp_path / "home")
    weights.write_bytes(b"GGUF weights")
    first = hashes.sha256(weights)
    monkeypatch.setattr(files, "sha256_of", lambda path: "hashed again")
    assert hashes.sha256(weights) == first
    weights.write_bytes(b"GGUF other weights")
    assert hashes.sha256(weights) == "hashed again"
