"""PDF files made on the spot, for tests that need to know every word of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from fpdf import FPDF
from PIL import Image

WIDTH, HEIGHT = 595.28, 841.89  # A4 in points
LEFT, TOP, STEP = 60, 60, 16  # where lines stand


def write_pdf(
    path: Path,
    *pages: Sequence[str],
    title: str = "",
    password: str = "",
    outline: Sequence[str] = (),
) -> Path:
    """Each page is a list of lines; `# ` makes one a heading and an empty one a gap."""
    pdf = FPDF(unit="pt")
    pdf.set_creation_date(datetime(2026, 1, 1, tzinfo=UTC))
    if title:
        pdf.set_title(title)
    if password:
        pdf.set_encryption(owner_password="owner", user_password=password)
    for lines in pages:
        pdf.add_page()
        for number, line in enumerate(lines):
            _write_line(pdf, number, line, outline)
    path.parent.mkdir(parents=True, exist_ok=True)
    pdf.output(str(path))
    return path


def _write_line(pdf: FPDF, number: int, line: str, outline: Sequence[str]) -> None:
    text = line.removeprefix("# ")
    heading = text != line
    pdf.set_font("Helvetica", "B" if heading else "", 18 if heading else 11)
    if text in outline:
        pdf.start_section(text)
    pdf.text(LEFT, TOP + number * STEP, text)


def write_picture_pdf(path: Path, pages: int = 1) -> Path:
    """Pages that hold a picture and no text, as a scanner makes them."""
    pdf = FPDF(unit="pt")
    for _ in range(pages):
        pdf.add_page()
        pdf.image(Image.new("RGB", (60, 80), "grey"), 0, 0, WIDTH, HEIGHT)
    path.parent.mkdir(parents=True, exist_ok=True)
    pdf.output(str(path))
    return path
