"""The words of drawings in Office files: alternative texts, charts as rows, diagrams."""

import re
from collections.abc import Iterator
from posixpath import basename
from xml.etree.ElementTree import Element

from ingest.errors import UnreadableFile
from ingest.images.embedded_images import DAMAGED, LARGEST, Pasted, Writing
from ingest.office.ooxml import Package, Relation, child, children, texts
from ingest.page_builder.office_page import OfficePage

TEXT = frozenset({"a:t"})
_PICTURES = {"a:blip": "r:embed", "v:imagedata": "r:id"}
_ALT = frozenset({"wp:docPr", "pic:cNvPr", "p:cNvPr"})
_FILE = re.compile(r"\S+\.(?:png|jpe?g|gif|bmp|tiff?|emf|wmf|svg|webp)", re.IGNORECASE)
_VALUES = ("c:val", "c:yVal", "c:bubbleSize")
_CATEGORIES = ("c:cat", "c:xVal")
_MOST = 5000  # points of a chart that become rows


def alternative(drawing: Element) -> str:
    """The first alternative text of a picture or shape."""
    for element in drawing.iter():
        if element.tag in _ALT and (text := element.get("descr") or element.get("title")):
            return without_file_name(text)
        if element.tag == "v:shape" and (text := element.get("alt")):
            return without_file_name(text)
    return ""


def without_file_name(text: str) -> str:
    """An alternative text, unless it is only the name of a file."""
    return "" if _FILE.fullmatch(text.strip()) else text


def resolve(root: Element, relations: dict[str, Relation]) -> None:
    """Resolve the parts of pictures: each part has identities of its own."""
    for element in root.iter():
        if element.tag in _PICTURES:
            relation = relations.get(element.get(_PICTURES[element.tag], ""))
            if relation and not relation.outside:
                element.set("part", relation.target)


def written(drawing: Element, package: Package, pasted: Pasted) -> Iterator[Writing]:
    """The text on the pictures of a drawing, whose root was resolved."""
    if part := drawing.get("part"):
        yield picture(part, package, pasted)
    for element in drawing:
        if element.tag != "mc:Fallback":  # the same for old programs
            yield from written(element, package, pasted)


def picture(part: str, package: Package, pasted: Pasted) -> Writing:
    """The text on a picture in a package; a damaged picture costs only itself."""
    if package.size(part) > LARGEST:
        return Writing(note=DAMAGED)
    try:
        data = package.data(part)
    except UnreadableFile:
        return Writing(note=DAMAGED)
    return pasted.read(data, basename(part)) if data else Writing()


def linked(
    drawing: Element, package: Package, relations: dict[str, Relation], draft: OfficePage
) -> None:
    """Read the chart or diagram that a drawing points to."""
    for element in drawing.iter():
        if element.tag == "c:chart" and (found := relations.get(element.get("r:id", ""))):
            root = None if found.outside else package.xml(found.target)
            if root is not None:
                chart(root, draft)
        elif element.tag == "dgm:relIds" and (found := relations.get(element.get("r:dm", ""))):
            root = None if found.outside else package.xml(found.target)
            for paragraph in () if root is None else root.iter("a:p"):
                draft.line(draft.count_in("".join(texts(paragraph, TEXT))))


def chart(root: Element, draft: OfficePage) -> None:
    """The title of a chart, and its points as a table: a row a category, a column a series."""
    title = "".join(found for e in root.iter("c:title") for found in texts(e, TEXT))
    if title:
        draft.line(draft.count_in(title), caption=True)
    series = list(root.iter("c:ser"))
    names = ["".join(_points(child(e, "c:tx")).values()) for e in series]
    values = [_first(e, _VALUES) for e in series]
    heads: dict[int, str] = {}
    for e in series:
        heads |= {place: text for place, text in _first(e, _CATEGORIES).items() if text}
    places = sorted({place for points in (heads, *values) for place in points})[:_MOST]
    rows = [["", *names]] if any(names) else []
    rows += [[heads.get(at, ""), *(points.get(at, "") for points in values)] for at in places]
    for row in rows:
        draft.count_in("".join(row))
    draft.table(rows, header=int(any(names)))


def _first(series: Element, names: tuple[str, ...]) -> dict[int, str]:
    return next((_points(e) for name in names for e in children(series, name)), {})


def _points(element: Element | None) -> dict[int, str]:
    """The cached texts of a range, by place. The workbook behind a chart is not opened."""
    return dict(_cached(element)) if element is not None else {}


def _cached(element: Element) -> Iterator[tuple[int, str]]:
    for point in element.iter("c:pt"):
        found = child(point, "c:v")
        if found is not None and found.text and point.get("idx", "").isdecimal():
            yield int(point.get("idx", "")), found.text
