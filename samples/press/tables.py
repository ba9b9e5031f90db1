"""Draws tables that never break across pages: header row, zebra rows, thin rules."""

from typing import cast

from fpdf.enums import MethodReturnValue, XPos, YPos

from press.blocks import Table
from press.brand import DEEP, INK, MUTED, RULE, ZEBRA, BrandedPdf

ROW_LINE = 4.5
PADDING = 1.15
SIZE = 8.5
GAP = 5


def draw(pdf: BrandedPdf, table: Table, number: int) -> None:
    """The caption and the rows, on a new page if they do not fit on this one."""
    if pdf.y + height(pdf, table) > pdf.page_break_trigger:
        pdf.add_page()
    pdf.ln(1)
    pdf.set_font("sans", "B", 8)
    pdf.set_text_color(*MUTED)
    caption = f"Table {number}: {table.caption}"
    pdf.cell(pdf.epw, 6, caption, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    for index, row in enumerate(table.rows):
        _row(pdf, table, row, index)
    _rule(pdf, DEEP)
    pdf.ln(5)


def height(pdf: BrandedPdf, table: Table) -> float:
    """The room that a table takes, its caption included."""
    return 12 + sum(_row_height(pdf, table, row) for row in table.rows)


def count_lines(pdf: BrandedPdf, text: str, width: float) -> int:
    """How many lines a text takes in the current font."""
    lines = pdf.multi_cell(
        width, 5, text, align="L", markdown=True, dry_run=True, output=MethodReturnValue.LINES
    )
    return max(1, len(cast(list[str], lines)))


def _widths(pdf: BrandedPdf, table: Table) -> list[float]:
    total = sum(table.widths)
    return [(pdf.epw + GAP) * width / total for width in table.widths]


def _row_height(pdf: BrandedPdf, table: Table, row: tuple[str, ...]) -> float:
    pdf.set_font("sans", "B" if row is table.rows[0] else "", SIZE)
    cells = zip(row, _widths(pdf, table), strict=True)
    lines = max(count_lines(pdf, cell, width - GAP) for cell, width in cells)
    return lines * ROW_LINE + 2 * PADDING


def _row(pdf: BrandedPdf, table: Table, row: tuple[str, ...], index: int) -> None:
    tall = _row_height(pdf, table, row)
    _background(pdf, tall, index)
    pdf.set_font("sans", "" if index else "B", SIZE)
    pdf.set_text_color(*(INK if index else DEEP))
    top, left = pdf.y, pdf.l_margin
    for cell, width, align in zip(row, _widths(pdf, table), table.aligns, strict=True):
        pdf.set_xy(left, top + PADDING)
        pdf.multi_cell(width - GAP, ROW_LINE, cell, align=align, markdown=True)
        left += width
    pdf.set_xy(pdf.l_margin, top + tall)


def _background(pdf: BrandedPdf, tall: float, index: int) -> None:
    if index and index % 2 == 0:
        pdf.set_fill_color(*ZEBRA)
        pdf.rect(pdf.l_margin, pdf.y, pdf.epw, tall, style="F")
    if index < 2:
        _rule(pdf, DEEP)
    else:
        _rule(pdf, RULE)


def _rule(pdf: BrandedPdf, colour: tuple[int, int, int]) -> None:
    pdf.set_draw_color(*colour)
    pdf.line(pdf.l_margin, pdf.y, pdf.l_margin + pdf.epw, pdf.y)
