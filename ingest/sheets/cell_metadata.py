"""The metadata of a workbook's cells: formats, hiding, comments, charts.

Reads the XML of XLSX and ODS. Old and binary workbooks have none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from ingest.office.ooxml import Package, Relation, child, children, texts
from ingest.sheets.typed_cells import CellUnit, unit

LARGEST = 20_000_000  # bytes of a sheet's XML that are searched for formats and hiding
_PERCENT = {9: CellUnit("%"), 10: CellUnit("%")}  # formats that are built in, by number
_PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_TEXT = frozenset({"?:t", "text:p"})
_COPIED = "tc="  # the author of a plain copy of a threaded comment

Place = tuple[int, int]  # row and column from 0


@dataclass
class Around:
    """Of one sheet."""

    units: dict[Place, CellUnit] = field(default_factory=dict)
    extra: dict[Place, str] = field(default_factory=dict)  # errors, formulas without a value
    rows: set[int] = field(default_factory=set)  # hidden ones
    columns: set[int] = field(default_factory=set)
    comments: list[str] = field(default_factory=list)
    charts: list[Element] = field(default_factory=list)
    size: int = 0  # cells of the rectangle that holds all
    complete: bool = True


def around(package: Package) -> dict[str, Around]:
    """By the names of the sheets."""
    main = package.main("xl/workbook.xml")
    relations = package.relations(main)
    book = package.xml(main)
    units = _units(package, relations)
    people = {e.get("id", ""): e.get("displayName", "") for e in _people(package, relations)}
    found = {}
    for sheet in children(child(book, "?:sheets"), "?:sheet"):
        relation = relations.get(sheet.get("r:id", ""))
        if relation and not relation.outside:
            found[sheet.get("name", "")] = _sheet(package, relation.target, units, people)
    return found


def _sheet(
    package: Package, part: str, units: dict[str, CellUnit], people: dict[str, str]
) -> Around:
    found = Around()
    if package.size(part) > LARGEST:
        found.complete = False
    else:
        _cells(package.xml(part), found, units)
    relations = package.relations(part)
    found.comments = list(_comments(package, relations, people))
    found.charts = list(_charts(package, relations))
    return found


def _cells(root: Element | None, found: Around, units: dict[str, CellUnit]) -> None:
    if root is None:
        return
    for column in root.iter("?:col"):
        if column.get("hidden") in ("1", "true"):
            first, last = int(column.get("min", "1")), int(column.get("max", "1"))
            found.columns.update(range(first - 1, min(last, 16_384)))
    height = width = 0
    for number, row in enumerate(root.iter("?:row")):
        at = int(row.get("r") or number + 1) - 1
        if row.get("hidden") in ("1", "true"):
            found.rows.add(at)
        for order, cell in enumerate(children(row, "?:c")):
            place = _place(cell.get("r", "")) or (at, order)
            height, width = max(height, place[0] + 1), max(width, place[1] + 1)
            _cell(cell, place, found, units)
    found.size = height * width


def _cell(cell: Element, place: Place, found: Around, units: dict[str, CellUnit]) -> None:
    if (shown := units.get(cell.get("s", ""))) is not None:
        found.units[place] = shown
    value, formula = child(cell, "?:v"), child(cell, "?:f")
    stored = (value.text or "") if value is not None else ""
    if cell.get("t") == "e" and stored:
        found.extra[place] = stored
    elif formula is not None and formula.text and not stored and cell.get("t") != "str":
        found.extra[place] = f"={formula.text}"  # never computed: the formula is all there is


def _place(name: str) -> Place | None:
    match = _PLACE.fullmatch(name)
    if match is None:
        return None
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(match[2]) - 1, column - 1


def _units(package: Package, relations: dict[str, Relation]) -> dict[str, CellUnit]:
    """The units that styles give, by the style's number in `s`."""
    part = next((r.target for r in relations.values() if r.kind == "styles"), "")
    root = package.xml(part) if part else None
    formats = {
        e.get("numFmtId", ""): unit(e.get("formatCode", ""))
        for e in children(child(root, "?:numFmts"), "?:numFmt")
    }
    formats |= {str(number): percent for number, percent in _PERCENT.items()}
    styles = enumerate(children(child(root, "?:cellXfs"), "?:xf"))
    found = {str(at): formats.get(style.get("numFmtId", ""), CellUnit()) for at, style in styles}
    return {at: shown for at, shown in found.items() if shown.sign}


def _comments(
    package: Package, relations: dict[str, Relation], people: dict[str, str]
) -> Iterator[str]:
    for relation in relations.values():
        root = package.xml(relation.target) if relation.kind == "comments" else None
        authors = [e.text or "" for e in children(child(root, "?:authors"), "?:author")]
        for comment in children(child(root, "?:commentList"), "?:comment"):
            number = comment.get("authorId", "")
            known = number.isdecimal() and int(number) < len(authors)
            author = authors[int(number)] if known else ""
            if not author.startswith(_COPIED):
                yield _comment(comment, author, "".join(texts(comment, _TEXT)))
    for relation in relations.values():
        root = package.xml(relation.target) if relation.kind == "threadedComment" else None
        for comment in children(root, "?:threadedComment"):
            text = child(comment, "?:text")
            author = people.get(comment.get("personId", ""), "")
            yield _comment(comment, author, (text.text or "") if text is not None else "")


def _comment(comment: Element, author: str, text: str) -> str:
    text = " ".join(text.split())
    by = "" if text.startswith(f"{author}:") else author
    told = ", ".join(part for part in (by, comment.get("dT", "")) if part)
    return ": ".join(part for part in (f"Comment on {comment.get('ref', '')}", told, text) if part)


def _people(package: Package, relations: dict[str, Relation]) -> Iterator[Element]:
    for relation in relations.values():
        if relation.kind == "person":
            yield from children(package.xml(relation.target), "?:person")


def _charts(package: Package, relations: dict[str, Relation]) -> Iterator[Element]:
    for drawing in relations.values():
        if drawing.kind != "drawing" or drawing.outside:
            continue
        for relation in package.relations(drawing.target).values():
            chart = package.xml(relation.target) if relation.kind == "chart" else None
            if chart is not None:
                yield chart
