"""The company's stationery: fonts, colours, cover, running header and footer of every PDF."""

from datetime import datetime
from pathlib import Path

import matplotlib
from fpdf import FPDF
from fpdf.enums import XPos, YPos

Colour = tuple[int, int, int]

INK: Colour = (33, 37, 41)
MUTED: Colour = (105, 114, 122)
DEEP: Colour = (14, 74, 96)
TEAL: Colour = (0, 128, 140)
RULE: Colour = (198, 206, 212)
ZEBRA: Colour = (244, 247, 249)

BOTTOM = 27

FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
FACES = {
    ("text", ""): "STIXGeneral.ttf",
    ("text", "B"): "STIXGeneralBol.ttf",
    ("text", "I"): "STIXGeneralItalic.ttf",
    ("sans", ""): "DejaVuSans.ttf",
    ("sans", "B"): "DejaVuSans-Bold.ttf",
    ("sans", "I"): "DejaVuSans-Oblique.ttf",
}


class BrandedPdf(FPDF):
    """An A4 document with cover, running header and footer in the company's style."""

    def __init__(self, meta: dict[str, str]) -> None:
        super().__init__()
        self.meta = meta
        for (family, style), file in FACES.items():
            self.add_font(family, style, FONTS / file)
        self.set_margins(27, 30, 27)
        self.set_auto_page_break(True, margin=BOTTOM)
        self._describe()

    def _describe(self) -> None:
        # A fixed date makes the same text give the same bytes.
        self.set_creation_date(datetime.fromisoformat(self.meta["date"] + "T09:00:00+00:00"))
        self.set_title(f"{self.meta['title']}: {self.meta['subtitle']}")
        self.set_author("Tarnmere Instruments")
        self.set_creator("Tarnmere Instruments document office")
        self.set_lang("en-GB")

    def header(self) -> None:
        """The document's title and class above every page but the cover."""
        if self.page == 1:
            return
        self.set_y(15)
        self._small_line(self.meta["title"], self.meta["class"])
        self.set_draw_color(*RULE)
        self.line(self.l_margin, 21.5, self.w - self.r_margin, 21.5)
        self.set_y(self.t_margin)

    def footer(self) -> None:
        """The edition and the page number, counted as a viewer counts them."""
        if self.page == 1:
            return
        self.set_y(-17)
        self._small_line(f"Tarnmere Instruments · {self.meta['edition']}", f"Page {self.page}")

    def _small_line(self, left: str, right: str) -> None:
        self.set_font("sans", "", 7.5)
        self.set_text_color(*MUTED)
        self.cell(self.epw / 2, 4, left)
        self.cell(self.epw / 2, 4, right, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def cover(self) -> None:
        """The first page: mark, title, subtitle and what is known about the edition."""
        self.add_page()
        self.set_fill_color(*DEEP)
        self.rect(0, 0, 9, self.h, style="F")
        self._mark(27, 30)
        self._cover_title()
        self._cover_facts()

    def _mark(self, x: float, y: float) -> None:
        self.set_draw_color(*TEAL)
        for index, width in enumerate((14.0, 10.0, 6.0)):
            self.set_line_width(1.3)
            self.line(x, y + index * 3.4, x + width, y + index * 3.4)
        self.set_line_width(0.2)
        self.set_xy(x + 19, y - 1.5)
        self.set_font("sans", "B", 15)
        self.set_text_color(*DEEP)
        self.cell(0, 6, "Tarnmere", new_x=XPos.LEFT, new_y=YPos.NEXT)
        self.set_font("sans", "", 8.5)
        self.set_text_color(*MUTED)
        self.cell(0, 5, "INSTRUMENTS")

    def _cover_title(self) -> None:
        self.set_xy(self.l_margin, 104)
        self.set_font("sans", "B", 26)
        self.set_text_color(*DEEP)
        self.multi_cell(self.epw, 13, self.meta["title"], align="L", new_x=XPos.LMARGIN)
        self.set_font("text", "", 17)
        self.set_text_color(*INK)
        self.ln(3)
        self.multi_cell(self.epw, 8, self.meta["subtitle"], align="L", new_x=XPos.LMARGIN)

    def _cover_facts(self) -> None:
        self.set_draw_color(*TEAL)
        self.set_line_width(0.6)
        self.line(self.l_margin, 222, self.l_margin + 28, 222)
        self.set_line_width(0.2)
        self.set_xy(self.l_margin, 228)
        for fact in self.meta["facts"].split(" / "):
            self.set_font("sans", "", 9)
            self.set_text_color(*MUTED)
            self.cell(self.epw, 6, fact, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
