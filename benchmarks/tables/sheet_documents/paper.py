"""Paper to set a document on: a PDF by fpdf2, or a Word file by python-docx."""

from pathlib import Path

from docx import Document
from fpdf import FPDF, XPos, YPos

_WIDE = 480.0  # points of the text


class Paper:
    """A PDF of A4 pages."""

    def __init__(self) -> None:
        self._pdf = FPDF(unit="pt", format="A4")
        self._pdf.set_margin(57)
        self.new_page()

    def new_page(self) -> None:
        self._pdf.add_page()

    def line(self, text: str, bold: bool = False, size: int = 11) -> None:
        self._pdf.set_font("Helvetica", "B" if bold else "", size)
        self._pdf.cell(0, size * 1.5, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def gap(self) -> None:
        self._pdf.ln(14)

    def text(self, text: str) -> None:
        self._pdf.set_font("Helvetica", "", 11)
        self._pdf.multi_cell(_WIDE, 15, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._pdf.ln(7)

    def clause(self, heading: str, text: str) -> None:
        self.line(heading, bold=True, size=12)
        self.text(text)

    def pairs(self, *rows: tuple[str, str]) -> None:
        """Labels on the left, what belongs to them at a distance."""
        for label, entry in rows:
            self._pdf.set_font("Helvetica", "", 10)
            self._pdf.cell(130, 15, label)
            self._pdf.cell(0, 15, entry, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def blocks(self, *columns: tuple[str, ...]) -> None:
        """Blocks of lines beside each other."""
        top = self._pdf.get_y()
        for number, lines in enumerate(columns):
            for row, text in enumerate(lines):
                self._pdf.set_xy(57 + 250 * number, top + 14 * row)
                self._pdf.set_font("Helvetica", "B" if row == 0 else "", 10)
                self._pdf.cell(240, 14, text)
        self._pdf.set_xy(57, top + 14 * max(map(len, columns)))

    def table(self, *rows: tuple[str, ...]) -> None:
        """Ruled; the first row is the head."""
        self._pdf.set_font("Helvetica", "", 10)
        with self._pdf.table(rows, line_height=17):
            pass

    def save(self, path: Path) -> None:
        self._pdf.output(str(path))


class WordPaper:
    """A Word file."""

    def __init__(self) -> None:
        self._word = Document()

    def heading(self, text: str) -> None:
        self._word.add_heading(text, 1)

    def text(self, text: str) -> None:
        self._word.add_paragraph(text)

    def pairs(self, *rows: tuple[str, str]) -> None:
        self._rows(rows)

    def rows(self, *rows: tuple[str, ...]) -> None:
        self._rows(rows)

    def _rows(self, rows: tuple[tuple[str, ...], ...]) -> None:
        table = self._word.add_table(0, len(rows[0]))
        table.style = "Table Grid"
        for row in rows:
            for cell, text in zip(table.add_row().cells, row, strict=True):
                cell.text = text

    def save(self, path: Path) -> None:
        self._word.save(str(path))
