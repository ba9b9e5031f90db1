"""Other readers of office files, as `reading.formats` compares them: path -> Markdown or text.

Each is imported when it is called; one that is not installed shows as an error in its row.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any


def python_docx(path: Path) -> str:
    """Paragraphs and tables in their order, which is what its tutorial shows."""
    import docx
    from docx.table import Table

    blocks = docx.Document(str(path)).iter_inner_content()
    return "\n".join(
        _rows(block) if isinstance(block, Table) else _paragraph(block) for block in blocks
    )


def _paragraph(paragraph: Any) -> str:
    style = paragraph.style.name if paragraph.style is not None else ""
    level = style.removeprefix("Heading ")
    return f"{'#' * int(level)} {paragraph.text}" if level.isdecimal() else str(paragraph.text)


def _rows(table: Any) -> str:
    rows = [" | ".join(cell.text for cell in row.cells) for row in table.rows]
    return _grid([f"| {row} |" for row in rows], len(table.columns))


def _grid(rows: list[str], columns: int) -> str:
    return "\n".join([*rows[:1], "|" + " - |" * columns, *rows[1:]])


def mammoth(path: Path) -> str:
    import mammoth

    with path.open("rb") as file:
        return str(mammoth.convert_to_markdown(file).value)


def docx2txt(path: Path) -> str:
    import docx2txt

    return str(docx2txt.process(str(path)))


def docx2python(path: Path) -> str:
    from docx2python import docx2python

    with docx2python(path) as found:
        return str(found.text)


def markitdown(path: Path) -> str:
    from markitdown import MarkItDown

    return MarkItDown().convert_local(path).text_content


def python_pptx(path: Path) -> str:
    from pptx import Presentation

    slides = Presentation(str(path)).slides
    return "\n".join(text for slide in slides for text in _shapes(slide.shapes))


def _shapes(shapes: Any) -> Iterator[str]:
    for shape in shapes:
        if shape.has_text_frame:
            yield shape.text_frame.text
        elif getattr(shape, "has_table", False):
            rows = [" | ".join(cell.text for cell in row.cells) for row in shape.table.rows]
            yield _grid([f"| {row} |" for row in rows], len(shape.table.columns))
        elif hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes)


def odfpy(path: Path) -> str:
    from odf import teletype
    from odf.opendocument import load

    body = load(path).body
    blocks = [element for element in _odf_blocks(body)]
    return "\n".join(teletype.extractText(block) for block in blocks)


def _odf_blocks(element: Any) -> Iterator[Any]:
    for child in element.childNodes:
        if child.qname[1] in ("h", "p"):
            yield child
        else:
            yield from _odf_blocks(child)


def odfdo(path: Path) -> str:
    from odfdo import Document

    document = Document(path)
    if document.get_type() == "text":
        return str(document.to_markdown())
    return str(document.get_formatted_text())


def striprtf(path: Path) -> str:
    from striprtf.striprtf import rtf_to_text

    return str(rtf_to_text(path.read_bytes().decode("latin-1"), errors="ignore"))


def openpyxl(path: Path) -> str:
    """The cells that hold something, sheet by sheet, as its tutorial shows."""
    from openpyxl import load_workbook

    book = load_workbook(path, data_only=True)
    sheets = ((sheet.title, sheet.iter_rows(values_only=True)) for sheet in book.worksheets)
    return "\n".join(_sheet(title, rows) for title, rows in sheets)


def calamine(path: Path) -> str:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(path)
    return "\n".join(_sheet(n, book.get_sheet_by_name(n).iter_rows()) for n in book.sheet_names)


def _sheet(title: str, rows: Iterable[Any]) -> str:
    lines = [" | ".join(str(v) for v in row if v not in (None, "")) for row in rows]
    return "\n".join([f"## {title}", *(line for line in lines if line)])


def beautifulsoup(path: Path) -> str:
    from bs4 import BeautifulSoup

    return str(BeautifulSoup(path.read_bytes(), "lxml").get_text("\n"))


def inscriptis(path: Path) -> str:
    from inscriptis import get_text

    return str(get_text(path.read_text(encoding="utf-8", errors="replace")))


def trafilatura(path: Path) -> str:
    from trafilatura import extract

    html = path.read_text(encoding="utf-8", errors="replace")
    return extract(html, output_format="markdown", include_comments=True) or ""


def ebooklib(path: Path) -> str:
    from bs4 import BeautifulSoup
    from ebooklib import ITEM_DOCUMENT, epub

    parts = epub.read_epub(str(path)).get_items_of_type(ITEM_DOCUMENT)
    return "\n".join(BeautifulSoup(p.get_content(), "lxml").get_text("\n") for p in parts)


def pandoc(path: Path) -> str:
    import pypandoc

    return str(pypandoc.convert_file(str(path), "gfm", extra_args=["--wrap=none"]))


Reader = Callable[[Path], str]

READERS: dict[str, tuple[set[str], Reader]] = {
    "python-docx": ({"docx"}, python_docx),
    "docx2txt": ({"docx"}, docx2txt),
    "mammoth": ({"docx"}, mammoth),
    "docx2python": ({"docx"}, docx2python),
    "python-pptx": ({"pptx"}, python_pptx),
    "openpyxl": ({"xlsx"}, openpyxl),
    "calamine": ({"xlsx", "xls", "ods"}, calamine),
    "odfpy": ({"odt", "odp"}, odfpy),
    "odfdo": ({"odt", "odp"}, odfdo),
    "striprtf": ({"rtf"}, striprtf),
    "beautifulsoup": ({"html"}, beautifulsoup),
    "inscriptis": ({"html"}, inscriptis),
    "trafilatura": ({"html"}, trafilatura),
    "ebooklib": ({"epub"}, ebooklib),
    "pandoc": ({"docx", "odt", "rtf", "epub"}, pandoc),
    "markitdown": ({"docx", "pptx", "xlsx", "xls", "csv", "html", "msg", "epub"}, markitdown),
}
