"""The columns that were asked last are kept: by person and by library."""

from pathlib import Path

import pytest

from assistant.sheet.cell import columns
from assistant.sheet.sheet_store import AskedColumns, SheetCells

LEASE, STAFF = columns(["rent", "end = When does it end?"]), columns(["salary"])


@pytest.fixture
def kept(tmp_path: Path) -> AskedColumns:
    with SheetCells(tmp_path / "sheets.sqlite")._connected():
        pass  # the file of before has no such table
    return AskedColumns(tmp_path / "sheets.sqlite")


def test_each_person_has_their_last_columns_of_each_library(kept: AskedColumns) -> None:
    kept.put("ann", "main", STAFF)
    kept.put("ann", "main", LEASE)
    kept.put("bob", "main", STAFF)

    assert kept.of("ann", "main") == ["rent", "end = When does it end?"]
    assert kept.of("bob", "main") == ["salary"]
    assert kept.of("ann", "other") == []


def test_they_go_with_the_library_and_with_the_person(kept: AskedColumns, tmp_path: Path) -> None:
    kept.put("ann", "main", STAFF)
    kept.put("bob", "main", LEASE)
    kept.rename_library("main", "leases")
    kept.drop("ann")

    assert kept.of("bob", "leases") == ["rent", "end = When does it end?"]
    assert kept.of("ann", "leases") == kept.of("bob", "main") == []
    assert b"salary" not in (tmp_path / "sheets.sqlite").read_bytes()


def test_reading_makes_no_file(tmp_path: Path) -> None:
    none = AskedColumns(tmp_path / "sheets.sqlite")
    none.drop("ann")
    assert none.of("ann", "main") == [] and not none.is_there()
