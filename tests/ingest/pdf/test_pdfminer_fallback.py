"""Text in a font of the predefined collections that is not in the file."""

from pathlib import Path

from ingest.loaders import load
from tests.ingest.pdf.drawing import balanced

OBJECTS = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R"
    " /Resources << /Font << /F 5 0 R >> >> >>",
    "",  # the contents
    "<< /Type /Font /Subtype /Type0 /BaseFont /Ryumin-Light-Identity-H /Encoding /Identity-H"
    " /DescendantFonts [6 0 R] >>",
    "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /Ryumin-Light /DW 1000"
    " /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >>"
    " /FontDescriptor 7 0 R >>",
    "<< /Type /FontDescriptor /FontName /Ryumin-Light /Flags 6 /FontBBox [0 -200 1000 900]"
    " /ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>",
]
HIRAGANA = "あいうえお"
CODES = ["034B", "034D", "034F", "0351", "0353"]  # of these in Adobe-Japan1


def write(path: Path, lines: int) -> Path:
    """Each letter is drawn on its own, as printers of gazettes do it."""
    contents = "BT /F 12 Tf "
    for line in range(lines):
        for column, code in enumerate(CODES * 4):
            contents += f"1 0 0 1 {50 + 12 * column} {250 - 20 * line} Tm <{code}> Tj "
    contents += "ET"
    body = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(OBJECTS, start=1):
        places.append(len(body))
        content = content or f"<< /Length {len(contents)} >>\nstream\n{contents}\nendstream"
        body += f"{number} 0 obj\n{content}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(OBJECTS) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n"
    path.write_bytes(body + f"{end}startxref\n{len(body)}\n%%EOF\n".encode())
    return path


def test_letters_that_only_their_collection_names_are_read(tmp_path: Path) -> None:
    (page,) = load(write(tmp_path / "gazette.pdf", lines=3)).pages
    assert [line.text.replace(" ", "") for line in page.lines] == [HIRAGANA * 4] * 3
    assert balanced(page)
    assert page.note == ""
    assert 30 < page.lines[0].box.y0 < page.lines[1].box.y0 < 100
