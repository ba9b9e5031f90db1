from pathlib import Path

import pytest

from assistant.errors import AssistantError
from assistant.storage.files import clean, used_space


def write(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    write(home / "libraries" / "main" / "catalog.sqlite", 7)
    write(home / "libraries" / "main" / "pictures.sqlite", 5)
    write(home / "attached" / "a" / "one.pdf", 3)
    write(home / "made" / "two.png", 2)
    write(home / "settings.toml", 1)
    write(tmp_path / "shared" / "weights.gguf", 100)
    (home / "models").symlink_to(tmp_path / "shared")
    return home


def test_each_file_counts_once_by_its_kind_and_links_belong_to_others(home: Path) -> None:
    found = {used.kind: (used.bytes, used.files) for used in used_space(home) if used.files}
    assert found == {
        "libraries": (7, 1), "pictures": (5, 1), "attached": (3, 1), "made": (2, 1), "other": (1, 1)
    }  # fmt: skip


def test_cleaning_takes_one_kind_and_nothing_else(home: Path) -> None:
    assert clean(home, "pictures") == 1
    assert clean(home, "attached") == 1
    assert not (home / "attached" / "a").exists()
    left = {used.kind for used in used_space(home) if used.files}
    assert left == {"libraries", "made", "other"}


def test_documents_and_models_are_not_cleaned(home: Path) -> None:
    with pytest.raises(AssistantError, match="cannot be cleaned"):
        clean(home, "libraries")
    assert (home / "libraries" / "main" / "catalog.sqlite").exists()
