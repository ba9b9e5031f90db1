"""The columns that were asked last are kept: by person and by library."""

from pathlib import Path

import pytest

from assistant.sheet.cell import columns
from assistant.sheet.sheet_store import SheetStore

LEASE, STAFF = columns(["rent", "end = When does it end?"]), columns(["salary"])


@pytest.fixture
def kept(tmp_path: Path) -> SheetStore:
    return SheetStore(tmp_path / "sheets.sqlite")


def test_each_person_has_their_last_columns_of_each_library(kept: SheetStore) -> None:
    kept.put_columns("ann", "main", STAFF)
    kept.put_columns("ann", "main", LEASE)
    kept.put_columns("bob", "main", STAFF)

    assert kept.columns("ann", "main") == ["rent", "end = When does it end?"]
    assert kept.columns("bob", "main") == ["salary"]
    assert kept.columns("ann", "other") == []


def test_they_go_with_the_library_and_with_the_person(kept: SheetStore, tmp_path: Path) -> None:
    kept.put_columns("ann", "main", STAFF)
    kept.put_columns("bob", "main", LEASE)
    kept.rename_library("main", "leases")
    kept.forget_person("ann")

    assert kept.columns("bob", "leases") == ["rent", "end = When does it end?"]
    assert kept.columns("ann", "leases") == kept.columns("bob", "main") == []
    assert b"salary" not in (tmp_path / "sheets.sqlite").read_bytes()


def test_reading_makes_no_file(tmp_path: Path) -> None:
    none = SheetStore(tmp_path / "sheets.sqlite")
    none.forget_person("ann")
    assert none.columns("ann", "main") == [] and not none.is_there()
