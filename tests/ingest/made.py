"""Small files of each format, made on the spot, and what every document that is read must hold."""

import zipfile
from pathlib import Path

from ingest.document.model import Document
from ingest.loaders import load
from tests.contracts.loaders import check_books

_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SLIDES = "http://schemas.openxmlformats.org/presentationml/2006/main"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
MANIFEST = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
ODF = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"'
    for short, long in [
        ("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"),
        ("style", "style"), ("presentation", "presentation"), ("meta", "meta"),
    ]
)  # fmt: skip


def read(path: Path) -> Document:
    """The document, after a look at its books: every character has a line or a reason."""
    document = load(path)
    check_books(document)
    return document


def written(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def lines(document: Document, page: int = 0) -> list[str]:
    return [line.text for line in document.pages[page].lines]


def headings(document: Document) -> list[tuple[int, str]]:
    return [(x.heading, x.text) for page in document.pages for x in page.lines if x.heading]


def hidden(document: Document) -> list[tuple[str, str]]:
    return [(x.hidden, x.text) for page in document.pages for x in page.lines if x.hidden]


def table(document: Document, number: int = 0) -> list[list[object]]:
    """The values of one table; its texts where they mean nothing more."""
    found = [table for page in document.pages for table in page.tables][number]
    return [[c.text if c.value is None else c.value for c in row] for row in found.rows]


def dropped(document: Document) -> dict[str, int]:
    return {one.reason: one.characters for page in document.pages for one in page.dropped}


def package(path: Path, main: str, parts: dict[str, str]) -> Path:
    """An Office file of these parts; "_rels/x.rels" of a part is given as "x>": lines of links."""
    links = {"_rels/.rels": relations(f"r0 officeDocument {main}")}
    with zipfile.ZipFile(path, "w") as file:
        for name, content in {**links, **parts}.items():
            file.writestr(name, content)
    return path


def relations(*links: str) -> str:
    """Of lines "identity kind target"; a target with :// lies outside."""
    made = []
    for link in links:
        identity, kind, target = link.split()
        mode = ' TargetMode="External"' if "://" in target else ""
        made.append(
            f'<Relationship Id="{identity}" Type="{OFFICE}/{kind}" Target="{target}"{mode}/>'
        )
    return f'<Relationships xmlns="{_RELATIONS}">{"".join(made)}</Relationships>'


def docx(path: Path, body: str, **parts: str) -> Path:
    """A Word file. `parts` are by kind, such as footnotes; `links` are further relations."""
    links = parts.pop("links", "").splitlines()
    links += [f"{kind} {kind} {kind}.xml" for kind in parts]
    inside = {f"word/{kind}.xml": word(kind, content) for kind, content in parts.items()}
    inside["word/document.xml"] = word("document", f"<w:body>{body}</w:body>")
    inside["word/_rels/document.xml.rels"] = relations(*links)
    return package(path, "word/document.xml", inside)


def word(tag: str, content: str) -> str:
    tag = {"header": "hdr", "footer": "ftr"}.get(tag, tag)
    return f'<w:{tag} xmlns:w="{WORD}" xmlns:r="{OFFICE}">{content}</w:{tag}>'


def paragraph(text: str, style: str = "", properties: str = "") -> str:
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    run = f"<w:r><w:t>{text}</w:t></w:r>" if not text.startswith("<") else text
    return f"<w:p><w:pPr>{named}{properties}</w:pPr>{run}</w:p>"


def pptx(path: Path, *slides: str, **extra: str) -> Path:
    """A presentation; a slide is its shapes. `notes1` are the shapes of notes of slide 1."""
    parts: dict[str, str] = {}
    for number, shapes in enumerate(slides, 1):
        show = ' show="0"' if extra.get(f"hidden{number}") else ""
        parts[f"ppt/slides/slide{number}.xml"] = _slide("sld", shapes, show)
        if notes := extra.get(f"notes{number}", ""):
            parts[f"ppt/notes/notes{number}.xml"] = _slide("notes", notes)
            link = relations(f"n notesSlide ../notes/notes{number}.xml")
            parts[f"ppt/slides/_rels/slide{number}.xml.rels"] = link
    links = [f"s{n} slide slides/slide{n}.xml" for n in range(1, len(slides) + 1)]
    listed = "".join(f'<p:sldId id="{255 + n}" r:id="s{n}"/>' for n in range(1, len(slides) + 1))
    parts["ppt/presentation.xml"] = (
        f'<p:presentation xmlns:p="{SLIDES}" xmlns:r="{OFFICE}"><p:sldIdLst>{listed}</p:sldIdLst>'
        '<p:sldSz cx="9144000" cy="6858000"/></p:presentation>'
    )
    parts["ppt/_rels/presentation.xml.rels"] = relations(*links)
    return package(path, "ppt/presentation.xml", parts)


def _slide(tag: str, shapes: str, attributes: str = "") -> str:
    spaces = f'xmlns:p="{SLIDES}" xmlns:a="{DRAWING}" xmlns:r="{OFFICE}"'
    tree = f"<p:cSld><p:spTree>{shapes}</p:spTree></p:cSld>"
    return f"<p:{tag} {spaces}{attributes}>{tree}</p:{tag}>"


def shape(*paragraphs: str, kind: str = "", place: str = "") -> str:
    """A text box, or the placeholder of this kind."""
    named = f'<p:ph type="{kind}"/>' if kind else ""
    said = "".join(f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>" for text in paragraphs)
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="2" name="x"/><p:cNvSpPr/><p:nvPr>{named}</p:nvPr></p:nvSpPr>'
        f"<p:spPr>{place}</p:spPr><p:txBody>{said}</p:txBody></p:sp>"
    )


def odf(path: Path, body: str, styles: str = "", meta: str = "") -> Path:
    """An OpenDocument file; `body` begins with office:text, office:presentation or so."""
    content = (
        f"<office:document-content {ODF}><office:automatic-styles>{styles}"
        f"</office:automatic-styles><office:body>{body}</office:body></office:document-content>"
    )
    kind = {".ods": "spreadsheet", ".odp": "presentation"}.get(path.suffix, "text")
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        file.writestr("META-INF/manifest.xml", f"<m:manifest xmlns:m={MANIFEST!r}/>")
        file.writestr("content.xml", content)
        if meta:
            file.writestr("meta.xml", meta)
    return path
