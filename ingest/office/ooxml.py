"""XML of office files as elements with short names: "w:p" in any dialect of any version.

The only module that imports defusedxml. Entities and external references are refused.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from posixpath import basename, dirname, join, normpath
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError

from ingest.document.source import Source
from ingest.errors import EncryptedFile, UnreadableFile
from ingest.images.recognition import DAMAGED_PICTURE, LARGEST, Pasted, Writing
from ingest.page_builder import COPY, OfficePage

# -- Opens a zipped office file, unless it is encrypted, damaged or a zip bomb

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # first bytes of old binary and of all encrypted files
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # the stream that holds an encrypted file
_LARGEST = 1 << 30  # bytes of all parts together
_RATIO = 250  # of unpacked to packed; real parts stay below 100, deflate can do 1032
_SMALL = 4 << 20  # bytes that are harmless at any ratio


def _opened(source: Source) -> zipfile.ZipFile:
    try:
        if is_ole(source):
            raise encrypted(source) if has_encrypted_package(source) else _too_old(source)
        archive = zipfile.ZipFile(source.path)
    except OSError as error:
        raise UnreadableFile(f"{source.name} cannot be opened: {error.strerror}.") from error
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise damaged(source) from error
    # zipfile reads no more of a part than its directory states: these sizes are a promise.
    parts = archive.infolist()
    if any(part.flag_bits & 1 for part in parts):
        raise encrypted(source)
    total, size = sum(part.file_size for part in parts), source.path.stat().st_size
    packed = [(part.file_size, part.compress_size) for part in parts]
    swollen = any(big > _SMALL and big > small * _RATIO for big, small in [*packed, (total, size)])
    if swollen or total > _LARGEST:
        raise UnreadableFile(
            f"{source.name} would unpack to {total / 1e6:,.0f} MB from {size / 1e6:,.1f} MB: "
            "refused, because it looks like a zip bomb."
        )
    return archive


def damaged(source: Source) -> UnreadableFile:
    """The error for a file whose content does not match its name."""
    kind = source.path.suffix.lower()
    return UnreadableFile(f"{source.name} is damaged or not a {kind} file: save it again.")


def encrypted(source: Source) -> EncryptedFile:
    """The error for a file that only a password opens."""
    return EncryptedFile(
        f"{source.name} is protected by a password: save it without one and add it again."
    )


def is_ole(source: Source) -> bool:
    """Whether the file begins as an OLE compound file, the container of old Office files."""
    with source.path.open("rb") as file:
        return file.read(len(OLE)) == OLE


def has_encrypted_package(source: Source) -> bool:
    """Whether the file is a password-protected .docx, .xlsx or .pptx."""
    return _ENCRYPTED in source.path.read_bytes()


def _too_old(source: Source) -> UnreadableFile:
    kind = source.path.suffix.lower()
    return UnreadableFile(
        f"{source.name} is an old binary Office file, not a {kind} file: "
        f"name it .doc, .xls or .ppt, or save it as {kind}."
    )


_OFFICE = "http://schemas.openxmlformats.org/"
_DIALECTS = {_OFFICE: "/2006/", "http://purl.oclc.org/ooxml/": "/"}  # files saved as "Strict" last
_ODF = "urn:oasis:names:tc:opendocument:xmlns:"
_PREFIXES = {
    f"{office}{vocabulary}{year}{part}": prefix
    for office, year in _DIALECTS.items()
    for vocabulary, part, prefix in (
        ("wordprocessingml", "main", "w"), ("presentationml", "main", "p"),
        ("drawingml", "main", "a"), ("drawingml", "wordprocessingDrawing", "wp"),
        ("drawingml", "picture", "pic"), ("drawingml", "chart", "c"),
        ("drawingml", "diagram", "dgm"), ("officeDocument", "relationships", "r"),
        ("officeDocument", "math", "m"),
    )
} | {
    f"{_OFFICE}markup-compatibility/2006": "mc",
    "http://schemas.microsoft.com/office/powerpoint/2018/8/main": "p188",
    "http://purl.org/dc/elements/1.1/": "dc", "http://purl.org/dc/terms/": "dcterms",
    "urn:schemas-microsoft-com:vml": "v", "urn:schemas-microsoft-com:office:office": "o",
    "http://www.w3.org/1999/xlink": "xlink", "http://www.w3.org/1998/Math/MathML": "math",
    f"{_ODF}drawing:1.0": "draw", f"{_ODF}svg-compatible:1.0": "svg",
    f"{_ODF}xsl-fo-compatible:1.0": "fo",
    **{f"{_ODF}{name}:1.0": name
       for name in ("office", "text", "table", "style", "presentation", "meta", "manifest")},
}  # fmt: skip


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
        self._zip = _opened(source)
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
        found = {}
        for entry in () if root is None else root:
            target, outside = entry.get("Target", ""), entry.get("TargetMode") == "External"
            inside = normpath(join("/", folder, target)).lstrip("/")
            kind = entry.get("Type", "").rpartition("/")[2]
            found[entry.get("Id", "")] = Relation(kind, target if outside else inside, outside)
        return found

    def related(
        self, relations: dict[str, Relation], *kinds: str
    ) -> Iterator[tuple[Relation, Element]]:
        """The parts of some kinds among these, each once, with their roots."""
        for relation in dict.fromkeys(relations.values()):
            if relation.kind in kinds and not relation.outside:
                root = self.xml(relation.target)
                if root is not None:
                    yield relation, root

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


def newest(forms: Element, draft: OfficePage, names: frozenset[str]) -> Element:
    """The first of several forms of the same; the texts, of these names, of others are dropped."""
    for form in forms[1:]:
        draft.drop(COPY, "".join(texts(form, names)))
    return forms[0] if len(forms) else forms


def texts(element: Element, names: frozenset[str]) -> Iterator[str]:
    """The texts of all elements of these names below, and of the element itself."""
    return (found.text for found in element.iter() if found.tag in names and found.text)


# -- The words of drawings in Office files: alternative texts, charts as rows, diagrams

TEXT = frozenset({"a:t"})
_PICTURES = {"a:blip": "r:embed", "v:imagedata": "r:id"}
_ALT = frozenset({"wp:docPr", "pic:cNvPr", "p:cNvPr"})
_FILE = re.compile(r"\S+\.(?:png|jpe?g|gif|bmp|tiff?|emf|wmf|svg|webp)", re.IGNORECASE)
_VALUES = ("c:val", "c:yVal", "c:bubbleSize")
_CATEGORIES = ("c:cat", "c:xVal")
_MOST = 5000  # points of a chart that become rows


def alternative_text(drawing: Element) -> str:
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


def resolve_pictures(root: Element, relations: dict[str, Relation]) -> None:
    """Resolve the parts of pictures: each part has identities of its own."""
    for element in root.iter():
        if element.tag in _PICTURES:
            relation = relations.get(element.get(_PICTURES[element.tag], ""))
            if relation and not relation.outside:
                element.set("part", relation.target)


def texts_in_drawing(drawing: Element, package: Package, pasted: Pasted) -> Iterator[Writing]:
    """The text on the pictures of a drawing, whose root was resolved."""
    if part := drawing.get("part"):
        yield text_in_picture(part, package, pasted)
    for element in drawing:
        if element.tag != "mc:Fallback":  # the same for old programs
            yield from texts_in_drawing(element, package, pasted)


def text_in_picture(part: str, package: Package, pasted: Pasted) -> Writing:
    """The text on a picture in a package; a damaged picture costs only itself."""
    if package.size(part) > LARGEST:
        return Writing(note=DAMAGED_PICTURE)
    try:
        data = package.data(part)
    except UnreadableFile:
        return Writing(note=DAMAGED_PICTURE)
    return pasted.read(data, basename(part)) if data else Writing()


def read_linked_graphic(
    drawing: Element, package: Package, relations: dict[str, Relation], draft: OfficePage
) -> None:
    """Read the chart or diagram that a drawing points to."""
    for element in drawing.iter():
        if not (name := {"c:chart": "r:id", "dgm:relIds": "r:dm"}.get(element.tag, "")):
            continue
        found = relations.get(element.get(name, ""))
        root = package.xml(found.target) if found and not found.outside else None
        if root is not None and element.tag == "c:chart":
            title = "".join(found for e in root.iter("c:title") for found in texts(e, TEXT))
            if title:
                draft.line(draft.count_in(title), caption=True)
            rows, header = chart(root)
            for row in rows:
                draft.count_in("".join(row))
            draft.table(rows, header)
        for paragraph in root.iter("a:p") if root is not None and name == "r:dm" else ():
            draft.line(draft.count_in("".join(texts(paragraph, TEXT))))


def chart(root: Element) -> tuple[list[list[str]], int]:
    """The points of a chart as rows, a category each, with a column for each series; and how many
    of the rows are heads."""
    series = list(root.iter("c:ser"))
    names = ["".join(_points(child(e, "c:tx")).values()) for e in series]
    values = [_first(e, _VALUES) for e in series]
    heads: dict[int, str] = {}
    for e in series:
        heads |= {place: text for place, text in _first(e, _CATEGORIES).items() if text}
    places = sorted({place for points in (heads, *values) for place in points})[:_MOST]
    rows = [["", *names]] if any(names) else []
    rows += [[heads.get(at, ""), *(points.get(at, "") for points in values)] for at in places]
    return rows, int(any(names))


def _first(series: Element, names: tuple[str, ...]) -> dict[int, str]:
    return next((_points(e) for name in names for e in children(series, name)), {})


def _points(element: Element | None) -> dict[int, str]:
    """The cached texts of a range, by place. The workbook behind a chart is not opened."""
    found = {}
    for point in () if element is None else element.iter("c:pt"):
        text = getattr(child(point, "c:v"), "text", "")
        if text and point.get("idx", "").isdecimal():
            found[int(point.get("idx", ""))] = str(text)
    return found


# -- Labels of list items: bullets, and numbers as Word counts them

_BULLETS = "•◦▪"  # by depth; the file's own are often letters of a symbol font
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
          (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


class Counts(dict[int, int]):
    """Where a list counts, by depth."""

    def next(self, depth: int, start: int) -> int:
        """The number of the next item at a depth, the first of which is `start`."""
        self.close_below(depth)
        self[depth] = self.get(depth, start - 1) + 1
        return self[depth]

    def close_below(self, depth: int) -> None:
        """Restart the numbering of all levels below this depth."""
        for deeper in [place for place in self if place > depth]:
            del self[deeper]


def bullet(depth: int) -> str:
    """The sign of a list item without a number, by its depth from 0."""
    return _BULLETS[min(depth, len(_BULLETS) - 1)]


def counted(number: int, format: str) -> str:
    """A number in a list's format, by Word's name of the format."""
    match format:
        case "lowerLetter":
            return _letters(number)
        case "upperLetter":
            return _letters(number).upper()
        case "lowerRoman":
            return _roman(number)
        case "upperRoman":
            return _roman(number).upper()
        case "decimalZero":
            return f"{number:02d}"
        case "none":
            return ""
    return str(number)


def _letters(number: int) -> str:
    """a to z, then aa to zz."""
    return chr(ord("a") + (number - 1) % 26) * min((number - 1) // 26 + 1, 9) if number > 0 else "0"


def _roman(number: int) -> str:
    if not 0 < number < 4000:
        return str(number)
    text = ""
    for size, letters in _ROMAN:
        text += letters * (number // size)
        number %= size
    return text


def whole(text: str) -> int:
    """A whole number of an attribute; 0 when it is none."""
    try:
        return int(text)
    except ValueError:
        return 0


# -- Formulas of office files as one line of text
# Fractions are written as a/b, powers as a^b. Word and PowerPoint write them in OMML, OpenDocument
# in MathML.

# What the elements of OMML are, and which of their children are the parts, in MathML's order.
_OMML = {
    "m:f": ("fraction", "m:num", "m:den"),
    "m:sSup": ("raised", "m:e", "m:sup"),
    "m:sSub": ("lowered", "m:e", "m:sub"),
    "m:sSubSup": ("both", "m:e", "m:sub", "m:sup"),
    "m:rad": ("root", "m:e", "m:deg"),
}
_MATHML = {
    "mfrac": "fraction", "msup": "raised", "mover": "raised", "msub": "lowered",
    "munder": "lowered", "msubsup": "both", "munderover": "both", "mroot": "root",
}  # fmt: skip
_BRACKETS = (("m:begChr", "("), ("m:sepChr", "|"), ("m:endChr", ")"))
_SILENT = dict.fromkeys(range(0x2061, 0x2065))  # signs for "applied to" and "times" without ink


def formula(element: Element) -> str:
    """The text of a formula, or of a part of it."""

    def parts(parent: Element, name: str) -> list[str]:
        return [formula(found) for found in children(parent, name)]

    match element.tag.removeprefix("math:"):
        case tag if tag in _OMML:
            kind, *names = _OMML[tag]
            return _written(kind, ["".join(parts(element, name)[:1]) for name in names])
        case "m:nary":
            limits = (mark + _grouped(text) for mark, name in (("_", "m:sub"), ("^", "m:sup"))
                      for text in parts(element, name)[:1] if text.strip())  # fmt: skip
            sign = value(element, "m:naryPr", "m:chr", of="m:val") or "∫"
            return f"{sign}{''.join(limits)} {''.join(parts(element, 'm:e')[:1])}"
        case "m:d":
            found = [(child(element, "m:dPr", name), usual) for name, usual in _BRACKETS]
            begin, mark, end = (u if e is None else e.get("m:val", "") for e, u in found)
            return f"{begin}{mark.join(parts(element, 'm:e'))}{end}"
        case "m:m":
            return _matrix([parts(row, "m:e") for row in children(element, "m:mr")])
        case "m:rPr":
            return ""
        case "m:t" | "w:t":
            return element.text or ""
        case tag if tag in _MATHML:
            return _written(_MATHML[tag], list(map(formula, element)))
        case "msqrt":
            return _written("root", ["".join(map(formula, element))])
        case "mtable":
            return _matrix([list(map(formula, row)) for row in element])
        case "semantics":  # several forms of the same; all but the first are for programs
            return "".join(map(formula, element[:1]))
        case "mspace":
            return " "
        case "mfenced":
            mark = (element.get("separators", ",").strip() or " ")[0]
            inner = f"{mark} ".join(map(formula, element))
            return f"{element.get('open', '(')}{inner}{element.get('close', ')')}"
    if element.tag.startswith(("m:", "w:")):  # of Word's, it would be what was deleted
        return "".join(map(formula, element))
    own = " ".join((element.text or "").split()).translate(_SILENT)
    return own + "".join(map(formula, element))


def _written(kind: str, parts: Sequence[str]) -> str:
    first, second, third = [*parts, "", "", ""][:3]
    if kind == "root":
        return f"{second}√({first})"
    if kind == "fraction":
        return f"{_grouped(first)}/{_grouped(second)}"
    below, above = {"raised": ("", second), "lowered": (second, ""), "both": (second, third)}[kind]
    lowered = f"_{_grouped(below)}" if below.strip() else ""
    return first + lowered + (f"^{_grouped(above)}" if above.strip() else "")


def _matrix(rows: Sequence[Sequence[str]]) -> str:
    return f"[{'; '.join(map(', '.join, rows))}]"


def _grouped(text: str) -> str:
    """In brackets, unless it is one number or name."""
    return text if len(text.strip()) < 2 or text.strip().isalnum() else f"({text})"
