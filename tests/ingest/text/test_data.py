""""""

import json
from pathlib import Path

import pytest

from ingest import page_builder
from ingest.errors import UnreadableFile
from tests.ingest.made import dropped, lines, read, table, written


def test_records_become_a_table_and_the_rest_fields(tmp_path: Path) -> None:
    data = {
        "name": "export", "tags": ["a", "b"],
        "rows": [{"item": "Rent", "price": 5.50}, {"item": "Food", "price": 7, "note": "new"}],
    }  # fmt: skip
    document = read(written(tmp_path / "a.json", json.dumps(data)))
    assert lines(document) == [
        "name: export", "tags: a, b", "rows:",
        "item | price | note", "Rent | 5.5", "Food | 7 | new",
    ]  # fmt: skip
    assert table(document)[1][:2] == ["Rent", 5.5]


def test_what_is_nested_is_indented(tmp_path: Path) -> None:
    data = {"site": {"town": "Rome", "rooms": [{"beds": [1, 2], "at": {"floor": 3}}]}}
    document = read(written(tmp_path / "a.json", json.dumps(data)))
    assert lines(document) == [
        "site:", "  town: Rome", "  rooms:", "    -",
        "      beds: 1, 2", "      at:", "        floor: 3",
    ]  # fmt: skip


def test_numbers_stay_as_they_are_written(tmp_path: Path) -> None:
    document = read(written(tmp_path / "a.json", '{"big": 12345678901234567890, "e": 1.50}'))
    assert lines(document) == ["big: 12345678901234567890", "e: 1.50"]


def test_what_is_no_json_is_read_as_text(tmp_path: Path) -> None:
    document = read(written(tmp_path / "a.json", "{ not: json }"))
    assert lines(document) == ["{ not: json }"]
    assert "not valid JSON" in document.pages[0].note


def test_lines_of_json_are_records_and_broken_ones_are_kept(tmp_path: Path) -> None:
    document = read(written(tmp_path / "a.jsonl", '{"a": 1, "b": 2}\n{"a": 3, "b": 4}\n'))
    assert table(document) == [["a", "b"], [1, 3 - 1], [3, 4]]
    broken = read(written(tmp_path / "b.jsonl", '{"a": 1}\nbroken {\n'))
    assert any("broken {" in line for line in lines(broken))


def test_rows_behind_the_most_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_builder, "CELLS", 6)
    rows = [{"a": "11", "b": "22"} for _ in range(5)]
    document = read(written(tmp_path / "a.json", json.dumps(rows)))
    assert lines(document) == ["a | b", "11 | 22", "11 | 22"]
    assert dropped(document) == {page_builder.TOO_MANY: 12}
    assert document.pages[-1].note == "The file is too long: its last 3 rows were not read."


def test_lines_behind_the_most_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_builder, "MOST_LINES", 3)
    document = read(written(tmp_path / "a.json", '{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}'))
    assert lines(document) == ["a: 1", "b: 2", "c: 3"]
    assert dropped(document) == {page_builder.TOO_LONG: 6}
    assert document.pages[-1].note == "It is too long: its last 2 lines were not read."


def test_xml_is_read_like_records(tmp_path: Path) -> None:
    text = "<costs year='2024'><row><item>Rent</item><price>5</price></row><row><item>Food</item>"
    document = read(written(tmp_path / "a.xml", f"{text}<price>7</price></row></costs>"))
    assert "year: 2024" in [line.strip() for line in lines(document)]
    assert table(document) == [["item", "price"], ["Rent", 5], ["Food", 7]]


@pytest.mark.parametrize(("name", "text"), [("a.json", "[" * 9000), ("b.xml", "<a>" * 9000)])
def test_what_is_nested_too_deeply_is_refused_or_text(tmp_path: Path, name: str, text: str) -> None:
    try:
        assert read(written(tmp_path / name, text)).pages[0].note
    except UnreadableFile as error:
        assert str(error).startswith(name)


def test_damaged_xml_and_xml_with_entities_are_refused(tmp_path: Path) -> None:
    for text in ("<a><b></a>", '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'):
        with pytest.raises(UnreadableFile, match=r"^a\.xml [^.]+(\.xml[^.]*)?\.$"):
            read(written(tmp_path / "a.xml", text))
