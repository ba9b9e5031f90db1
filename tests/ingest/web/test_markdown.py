""""""

from pathlib import Path

from tests.ingest.made import headings, lines, read, table, written


def test_headings_lists_and_programs_are_read(tmp_path: Path) -> None:
    text = "# Leave\n\nTen *weeks*\nof leave.\n\n- a\n  - b\n\n1. c\n\n```\nif x:\n    y\n```\n"
    document = read(written(tmp_path / "a.md", text))
    assert headings(document) == [(1, "Leave")]
    assert lines(document) == [
        "Leave", "Ten weeks of leave.", "- a", "  - b", "1. c", "if x:", "    y",
    ]  # fmt: skip
    assert document.title == "Leave"


def test_a_table_has_typed_cells(tmp_path: Path) -> None:
    document = read(written(tmp_path / "a.md", "| Item | Price |\n| - | - |\n| Rent | $5 |\n"))
    assert table(document) == [["Item", "Price"], ["Rent", 5]]
    assert document.pages[0].tables[0].header == 1


def test_front_matter_is_read_and_gives_title_author_and_date(tmp_path: Path) -> None:
    text = "---\ntitle: House Rules\nauthor: Ann\ndate: 2024-01-02\ntags: [a]\n---\nBe kind.\n"
    document = read(written(tmp_path / "a.md", text))
    assert document.title == "House Rules"
    assert document.metadata == {"author": "Ann", "created": "2024-01-02"}
    assert lines(document)[-2:] == ["tags: [a]", "Be kind."]


def test_addresses_stay_words(tmp_path: Path) -> None:
    document = read(written(tmp_path / "a.md", "See [rules](https://x.org/r) or https://y.org\n"))
    assert lines(document) == ["See rules (https://x.org/r) or https://y.org"]


def test_a_file_of_blanks_is_an_empty_page(tmp_path: Path) -> None:
    assert [page.text for page in read(written(tmp_path / "a.md", " \n")).pages] == [""]
