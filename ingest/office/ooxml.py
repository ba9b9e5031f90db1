"""XML of office files as elements with short names: "w:p" in any dialect of any version.

The only module that imports defusedxml. Entities and external references are refused.
"""

import zipfile
import zlib
from collections.abc import Iterator
from posixpath import dirname, join, normpath
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError

from ingest.document.source import Source
from ingest.errors import UnreadableFile
from ingest.office.zip_guard import damaged, encrypted, opened

_OFFICE = "http://schemas.openxmlformats.org/"
_STRICT = "http://purl.oclc.org/ooxml/"  # the same vocabularies in files saved as "Strict"
_MICROSOFT = "http://schemas.microsoft.com/office/"
_ODF = "urn:oasis:names:tc:opendocument:xmlns:"

_PREFIXES = {
    f"{_OFFICE}wordprocessingml/2006/main": "w",
    f"{_STRICT}wordprocessingml/main": "w",
    f"{_OFFICE}drawingml/2006/main": "a",
    f"{_STRICT}drawingml/main": "a",
    f"{_OFFICE}drawingml/2006/wordprocessingDrawing": "wp",
    f"{_STRICT}drawingml/wordprocessingDrawing": "wp",
    f"{_OFFICE}drawingml/2006/picture": "pic",
    f"{_STRICT}drawingml/picture": "pic",
    f"{_OFFICE}drawingml/2006/chart": "c",
    f"{_STRICT}drawingml/chart": "c",
    f"{_OFFICE}drawingml/2006/diagram": "dgm",
    f"{_STRICT}drawingml/diagram": "dgm",
    f"{_OFFICE}presentationml/2006/main": "p",
    f"{_STRICT}presentationml/main": "p",
    f"{_OFFICE}officeDocument/2006/relationships": "r",
    f"{_STRICT}officeDocument/relationships": "r",
    f"{_OFFICE}officeDocument/2006/math": "m",
    f"{_STRICT}officeDocument/math": "m",
    f"{_OFFICE}package/2006/relationships": "rel",
    f"{_OFFICE}markup-compatibility/2006": "mc",
    f"{_OFFICE}package/2006/metadata/core-properties": "cp",
    f"{_MICROSOFT}word/2010/wordml": "w14",
    f"{_MICROSOFT}word/2010/wordprocessingShape": "wps",
    f"{_MICROSOFT}powerpoint/2018/8/main": "p188",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "urn:schemas-microsoft-com:vml": "v",
    "urn:schemas-microsoft-com:office:office": "o",
    "http://www.w3.org/1999/xlink": "xlink",
    "http://www.w3.org/1998/Math/MathML": "math",
    **{
        f"{_ODF}{name}:1.0": name
        for name in ("office", "text", "table", "style", "presentation", "meta", "manifest")
    },
    f"{_ODF}drawing:1.0": "draw",
    f"{_ODF}svg-compatible:1.0": "svg",
    f"{_ODF}xsl-fo-compatible:1.0": "fo",
}


class Relation(NamedTuple):
    """What a part of a package points to."""

    kind: str  # the last word of its type: "image", "footnotes", "hyperlink"
    target: str  # name of a part, or an address outside
    outside: bool


class Package:
    """The parts of an office file. Nothing outside of it is ever opened."""

    def __init__(self, source: Source) -> None:
        """Raises EncryptedFile or UnreadableFile."""
        self._source = source
        self._zip = opened(source)
        self._names = {name.lower(): name for name in self._zip.namelist()}

    def xml(self, part: str) -> Element | None:
        """The root of a part, or None when the package has no such part."""
        data = self.data(part)
        return None if data is None else parse(data, self._source)

    def data(self, part: str) -> bytes | None:
        """The bytes of a part, or None when the package has no such part."""
        name = self._names.get(part.lower())
        if name is None:
            return None
        try:
            return self._zip.read(name)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
            raise damaged(self._source) from error
        except RuntimeError as error:  # what zipfile says of a missing password
            raise encrypted(self._source) from error

    def size(self, part: str) -> int:
        """Bytes of a part when it is unpacked; 0 when there is none."""
        name = self._names.get(part.lower())
        return self._zip.getinfo(name).file_size if name else 0

    def relations(self, part: str) -> dict[str, Relation]:
        """What a part points to, by the identity that it uses; of "" for the package's own."""
        folder = dirname(part)
        root = self.xml(join(folder, "_rels", f"{part[len(folder) :].lstrip('/')}.rels"))
        entries = () if root is None else root
        return {entry.get("Id", ""): _relation(entry, folder) for entry in entries}

    def main(self, usual: str) -> str:
        """The part where an OOXML file begins."""
        found = self.relations("").values()
        begin = (r.target for r in found if r.kind == "officeDocument" and not r.outside)
        return next(begin, usual)

    def properties(self) -> dict[str, str]:
        """Title, author and date of an OOXML file."""
        root = self.xml("docProps/core.xml")
        wanted = {"dc:title": "title", "dc:creator": "author", "dcterms:created": "created"}
        elements = () if root is None else root
        found = {wanted[e.tag]: (e.text or "").strip() for e in elements if e.tag in wanted}
        return {name: value for name, value in found.items() if value}


def _relation(entry: Element, folder: str) -> Relation:
    target, outside = entry.get("Target", ""), entry.get("TargetMode") == "External"
    if not outside:
        target = normpath(join("/", folder, target)).lstrip("/")
    return Relation(entry.get("Type", "").rpartition("/")[2], target, outside)


def parse(data: bytes, source: Source) -> Element:
    """The root element, with short names. Raises UnreadableFile."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(data)
    except DefusedXmlException as error:
        raise UnreadableFile(
            f"{source.name} is refused: its XML declares entities, which can fill the memory or "
            "open other files."
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise damaged(source) from error
    _shorten(root)
    return root


def _shorten(root: Element) -> None:
    names: dict[str, str] = {}
    for element in root.iter():
        if element.tag not in names:
            names[element.tag] = _short(element.tag)
        element.tag = names[element.tag]
        for name in [name for name in element.attrib if name[0] == "{"]:
            if name not in names:
                names[name] = _short(name)
            element.attrib[names[name]] = element.attrib.pop(name)


def _short(name: str) -> str:
    if name[0] != "{":
        return name
    space, _, local = name[1:].partition("}")
    return f"{_PREFIXES[space]}:{local}" if space in _PREFIXES else f"?:{local}"


def child(element: Element | None, *path: str) -> Element | None:
    """The first child of that name, and its first child of the next name, and so on."""
    for name in path:
        if element is None:
            return None
        element = next((found for found in element if found.tag == name), None)
    return element


def children(element: Element | None, name: str) -> Iterator[Element]:
    """The direct children of that name; none of None."""
    return (found for found in (() if element is None else element) if found.tag == name)


def value(element: Element | None, *path: str, of: str = "w:val") -> str:
    """An attribute of the element at the end of the path, "" when it is absent."""
    found = child(element, *path)
    return "" if found is None else found.get(of, "")


def texts(element: Element, names: frozenset[str]) -> Iterator[str]:
    """The texts of all elements of these names below, and of the element itself."""
    return (found.text for found in element.iter() if found.tag in names and found.text)
