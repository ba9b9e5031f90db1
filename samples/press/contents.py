"""The page with the table of contents, written when all page numbers are known."""

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.outline import OutlineSection

from press.brand import DEEP, INK, MUTED


def write_contents(pdf: FPDF, outline: list[OutlineSection]) -> None:
    """One linked line per heading, with leader dots and the page number."""
    pdf.set_font("sans", "B", 17)
    pdf.set_text_color(*DEEP)
    pdf.cell(pdf.epw, 12, "Contents", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    for section in outline:
        _line(pdf, section)


def _line(pdf: FPDF, section: OutlineSection) -> None:
    top = section.level == 0
    if top and pdf.y + 16 > pdf.page_break_trigger:
        pdf.ln(16)
    pdf.ln(1.9 if top else 0)
    pdf.set_font("sans", "B" if top else "", 9 if top else 8.5)
    pdf.set_text_color(*(DEEP if top else INK))
    pdf.set_x(pdf.l_margin + (0 if top else 6))
    link = pdf.add_link(page=section.page_number)
    width = pdf.get_string_width(section.name) + 3
    pdf.cell(width, 5.1, section.name, link=link)
    number = str(section.page_number)
    _leader(pdf, pdf.w - pdf.r_margin - pdf.x - 9)
    pdf.cell(9, 5.1, number, align="R", link=link, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _leader(pdf: FPDF, width: float) -> None:
    pdf.set_text_color(*MUTED)
    dots = " ." * int(width / pdf.get_string_width(" ."))
    pdf.cell(width, 5.1, dots, align="R")
