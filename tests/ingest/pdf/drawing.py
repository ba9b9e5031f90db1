"""A PDF page drawn piece by piece, for tests that need to know where everything stands."""

from pathlib import Path

from fpdf import FPDF

from ingest.document.model import Page, Table, count
from ingest.pdf import pdfium

STEP = 16  # points from one row to the next


class Drawing:
    """One page; positions are points from the top left."""

    def __init__(self, size: float = 10) -> None:
        self.pdf = FPDF(unit="pt")
        self.pdf.add_page()
        self.pdf.set_font("Helvetica", size=size)

    def text(self, x: float, y: float, text: str, right: bool = False, bold: bool = False) -> None:
        """`right`: x is where the text ends."""
        self.pdf.set_font(style="B" if bold else "")
        self.pdf.text(x - self.pdf.get_string_width(text) if right else x, y, text)

    def row(self, y: float, label: str, *values: str, columns: tuple[float, ...]) -> None:
        """A label at the left, and values that end where the columns do."""
        if label:
            self.text(60, y, label)
        for x, value in zip(columns, values, strict=True):
            if value:
                self.text(x, y, value, right=True)

    def save(self, path: Path) -> Path:
        self.pdf.output(str(path))
        return path

    def read(self, folder: Path) -> Page:
        """The page as it is read; its ledger must be exact."""
        (page,) = pdfium.pages(self.save(folder / "drawn.pdf"))
        assert balanced(page)
        return page


def balanced(page: Page) -> bool:
    kept = sum(count(line.text) for line in page.lines)
    return page.characters == kept + sum(dropped.characters for dropped in page.dropped)


def texts(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]
