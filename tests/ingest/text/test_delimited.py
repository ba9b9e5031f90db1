""""""

from pathlib import Path

import pytest

from ingest import page_builder
from ingest.errors import UnreadableFile
from tests.ingest.made import dropped, lines, read, table, written


def test_rows_are_a_table_with_typed_cells(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'Item,Price,Since\nRent,"1,200.50",2024-01-31\n,,\n')
    document = read(path)
    assert lines(document) == ["Item | Price | Since", "Rent | 1,200.50 | 2024-01-31"]
    assert table(document) == [["Item", "Price", "Since"], ["Rent", 1200.5, "2024-01-31"]]
    assert document.pages[0].tables[0].header == 1


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, mark: str) -> None:
    text = "\n".join(mark.join(row) for row in (["a", "b", "c"], ["1", "2", "3"]))
    assert table(read(written(tmp_path / "a.csv", text))) == [["a", "b", "c"], [1, 2, 3]]


def test_german_numbers_are_numbers(tmp_path: Path) -> None:
    document = read(written(tmp_path / "a.csv", "Ware;Preis\nMiete;1.200\nStrom;80,50\n", "cp1252"))
    assert table(document) == [["Ware", "Preis"], ["Miete", 1200], ["Strom", 80.5]]


def test_line_ends_in_quotes_are_part_of_the_cell(tmp_path: Path) -> None:
    document = read(written(tmp_path / "a.csv", 'a,b\n"one\ntwo",3\n'))
    assert lines(document)[1] == "one two | 3"


def test_a_quote_that_never_ends_does_not_swallow_the_file(tmp_path: Path) -> None:
    rows = "".join(f"{n},x\n" for n in range(300))
    document = read(written(tmp_path / "a.csv", f'5" pipe,y\n"open,z\n{rows}'))
    assert sum(len(page.lines) for page in document.pages) >= 302


def test_the_header_is_repeated_on_each_page(tmp_path: Path) -> None:
    rows = "".join(f"item {n},{n}\n" for n in range(700))
    document = read(written(tmp_path / "a.csv", f"Item,Count\n{rows}"))
    assert [lines(document, page)[0] for page in range(3)] == ["Item | Count"] * 3
    assert {page.tables[0].header for page in document.pages} == {1}


def test_rows_of_other_lengths_are_kept(tmp_path: Path) -> None:
    document = read(written(tmp_path / "a.csv", "a,b\n1\n1,2,3\n"))
    assert lines(document) == ["a | b", "1", "1 | 2 | 3"]


def test_rows_behind_the_most_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_builder, "CELLS", 4)
    document = read(written(tmp_path / "a.csv", "a,b\n1,2\n33,44\n55,66\n"))
    assert dropped(document) == {page_builder.TOO_MANY: 8}
    assert document.pages[-1].note == "The file is too long: its last 2 rows were not read."


def test_a_file_of_zeros_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"^a\.csv is not text: .*\.$"):
        read(written(tmp_path / "a.csv", bytes(5000)))
