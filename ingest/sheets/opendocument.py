"""The metadata of an ODS workbook: hidden rows and columns, and comments."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from ingest.office.ooxml import Package, child, children, texts
from ingest.sheets.cell_metadata import LARGEST, Around

_TEXT = frozenset({"text:p", "text:span", "text:a"})
_HIDING = ("collapse", "filter")
_MOST = 100_000  # rows or columns that one element may stand for here


def around_ods(package: Package) -> dict[str, Around]:
    """By the names of the sheets."""
    if package.size("content.xml") > LARGEST:
        return {}
    root = package.xml("content.xml")
    sheets = children(child(root, "office:body", "office:spreadsheet"), "table:table")
    return {sheet.get("table:name", ""): _sheet(sheet) for sheet in sheets}


def _sheet(sheet: Element) -> Around:
    found = Around()
    found.rows = set(_hidden(sheet, "table:table-row", "table:number-rows-repeated"))
    found.columns = set(_hidden(sheet, "table:table-column", "table:number-columns-repeated"))
    for note in sheet.iter("office:annotation"):
        author = child(note, "?:creator")
        author = child(note, "dc:creator") if author is None else author
        text = " ".join(" ".join(" ".join(texts(p, _TEXT)) for p in note.iter("text:p")).split())
        by = f"{author.text}: " if author is not None and author.text else ""
        if text:
            found.comments.append(f"Comment: {by}{text}")
    return found


def _hidden(sheet: Element, name: str, repeated: str) -> Iterator[int]:
    at = 0
    for element in sheet.iter(name):
        number = int(element.get(repeated, "1"))
        if element.get("table:visibility") in _HIDING:
            yield from range(at, at + min(number, _MOST))
        at += number
