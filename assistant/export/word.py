"""Answers as a Word document (ECMA-376): each citation is a footnote with document, page and quote.

python-docx 1.2 writes no footnotes, so the few parts of the package are written here.
"""

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

from lxml import etree
from lxml.builder import ElementMaker  # type: ignore[import-not-found]  # not in lxml-stubs

from assistant.export.account import Account, Said, Source

_MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_XML = "http://www.w3.org/XML/1998/namespace"
_W: Any = ElementMaker(namespace=_MAIN, nsmap={"w": _MAIN, "r": _RELATIONS})
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_PARTS = {"document": "document.main", "footnotes": "footnotes", "styles": "styles"}
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # what XML cannot hold
_DOUBT = "C9741F"
_FIRST = 1  # id of the first footnote; -1 and 0 are the lines above them

# Names, kinds, bases and properties of the styles.
_Looks = Mapping[str, Mapping[str, str]]
_STYLES: tuple[tuple[str, str, str, _Looks, _Looks], ...] = (
    ("Normal", "paragraph", "", {"spacing": {"after": "120"}}, {"sz": {"val": "22"}}),
    ("Heading1", "paragraph", "Normal", {"keepNext": {}, "spacing": {"before": "360"},
     "outlineLvl": {"val": "0"}}, {"b": {}, "sz": {"val": "28"}}),
    ("Notice", "paragraph", "Normal", {"ind": {"left": "360"}}, {"i": {}, "sz": {"val": "20"}}),
    ("FootnoteText", "paragraph", "Normal", {"spacing": {"after": "0"}}, {"sz": {"val": "18"}}),
    ("FootnoteReference", "character", "", {}, {"vertAlign": {"val": "superscript"}}),
)  # fmt: skip
_NAMES = {
    "Heading1": "heading 1", "FootnoteText": "footnote text",
    "FootnoteReference": "footnote reference",
}  # fmt: skip


def word(accounts: Sequence[Account]) -> bytes:
    """A DOCX file."""
    sources: list[Source] = []
    body = _W.body(*(block for one in accounts for block in _blocks(one, sources)))
    parts = {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _relations([("officeDocument", "word/document.xml")]),
        "word/document.xml": _W.document(body),
        "word/_rels/document.xml.rels": _relations(
            [(name, f"{name}.xml") for name in ("styles", "footnotes")]
        ),
        "word/footnotes.xml": _footnotes(sources),
        "word/styles.xml": _styles(),
    }
    return _zipped(parts)


def _blocks(one: Account, sources: list[Source]) -> Iterator[etree._Element]:
    yield _paragraph("Heading1", [_run(one.question)])
    runs: list[etree._Element] = []
    for said in one.said:
        runs += [*_runs(said, sources), _run(" ")]
    yield _paragraph("Normal", runs)
    for notice in one.notices:
        yield _paragraph("Notice", [_run(notice)])


def _runs(said: Said, sources: list[Source]) -> Iterator[etree._Element]:
    for text, stated in said.pieces:
        yield _run(text) if stated else _run(text, {"u": {"val": "dotted", "color": _DOUBT}})
    for at, source in enumerate(said.sources):
        if at:  # "1,2", not "12"
            yield _run(",", {"vertAlign": {"val": "superscript"}})
        sources.append(source)
        number = str(len(sources) - 1 + _FIRST)
        mark = _properties("rPr", {"rStyle": {"val": "FootnoteReference"}})
        yield _W.r(mark, _W.footnoteReference(_at(id=number)))
    if said.remark:
        yield _run(f" ({said.remark})", {"i": {}})


def _footnotes(sources: Sequence[Source]) -> etree._Element:
    made = [
        _W.footnote(_at(type=kind, id=number), _W.p(_W.r(element())))
        for kind, number, element in (
            ("separator", "-1", _W.separator),
            ("continuationSeparator", "0", _W.continuationSeparator),
        )
    ]
    for number, source in enumerate(sources, start=_FIRST):
        mark = _W.r(
            _properties("rPr", {"rStyle": {"val": "FootnoteReference"}}), _W.footnoteRef()
        )  # fmt: skip
        note = _paragraph("FootnoteText", [mark, _run(" "), _run(source.words)])
        made.append(_W.footnote(_at(id=str(number)), note))
    whole: etree._Element = _W.footnotes(*made)
    return whole


def _paragraph(style: str, runs: Sequence[etree._Element]) -> etree._Element:
    made: etree._Element = _W.p(_properties("pPr", {"pStyle": {"val": style}}), *runs)
    return made


def _run(text: str, looks: _Looks | None = None) -> etree._Element:
    """Line breaks of the text stay."""
    made: etree._Element = _W.r(*([_properties("rPr", looks)] if looks else []))
    for number, line in enumerate(_ILLEGAL.sub("", text).split("\n")):
        if number:
            made.append(_W.br())
        made.append(_W.t({f"{{{_XML}}}space": "preserve"}, line))
    return made


def _properties(kind: str, looks: _Looks) -> etree._Element:
    made: etree._Element = getattr(_W, kind)()
    made.extend(getattr(_W, name)(_at(**of)) for name, of in looks.items())
    return made


def _at(**values: str) -> dict[str, str]:
    return {f"{{{_MAIN}}}{name}": value for name, value in values.items()}


def _styles() -> etree._Element:
    made = []
    for name, kind, base, paragraph, run in _STYLES:
        style = _W.style(_at(type=kind, styleId=name), _W.name(_at(val=_NAMES.get(name, name))))
        if name == "Normal":
            style.set(f"{{{_MAIN}}}default", "1")
        if base:
            style.append(_W.basedOn(_at(val=base)))
        if paragraph:
            style.append(_properties("pPr", paragraph))
        style.append(_properties("rPr", run))
        made.append(style)
    whole: etree._Element = _W.styles(*made)
    return whole


def _relations(rows: Sequence[tuple[str, str]]) -> etree._Element:
    """(kind, target)."""
    made = _maker(f"{_PACKAGE}/relationships")
    whole: etree._Element = made.Relationships()
    for number, (kind, target) in enumerate(rows, start=1):
        where = {"Id": f"rId{number}", "Type": f"{_RELATIONS}/{kind}", "Target": target}
        whole.append(made.Relationship(**where))
    return whole


def _maker(space: str) -> Any:
    return ElementMaker(namespace=space, nsmap={None: space})


def _content_types() -> etree._Element:
    made = _maker(f"{_PACKAGE}/content-types")
    xml = made.Default(Extension="xml", ContentType="application/xml")
    of_relations = "application/vnd.openxmlformats-package.relationships+xml"
    parts = [
        made.Override(PartName=f"/word/{name}.xml", ContentType=f"{_TYPE}.{kind}+xml")
        for name, kind in _PARTS.items()
    ]
    rels = made.Default(Extension="rels", ContentType=of_relations)
    whole: etree._Element = made.Types(xml, rels, *parts)
    return whole


def _zipped(parts: dict[str, etree._Element]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, root in parts.items():
            text = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
            package.writestr(name, text)
    return buffer.getvalue()
