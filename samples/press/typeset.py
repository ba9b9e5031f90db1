"""Sets the blocks of a text on branded pages: numbered headings, paragraphs, lists, figures."""

import io
from pathlib import Path

from fpdf.enums import XPos, YPos

from press import blocks, charts, tables
from press.brand import BOTTOM, DEEP, INK, MUTED, TEAL, BrandedPdf
from press.contents import write_contents

LINE = 5.9
TEXT_SIZE = 11.8


class Typesetter:
    """Writes one document; counts its headings, tables and figures."""

    def __init__(self, source: blocks.Source) -> None:
        self.source = source
        self.pdf = BrandedPdf(source.meta)
        self.chapter = self.section = self.tables = self.figures = 0

    def document(self) -> BrandedPdf:
        """The finished document."""
        self.pdf.cover()
        self._contents()
        queue = self.source.blocks
        for index, block in enumerate(queue):
            if self._needs_new_page(queue[index : index + 4]):
                self.pdf.add_page()
            self._set(block)
        return self.pdf

    def _contents(self) -> None:
        self.pdf.add_page()
        if pages := int(self.source.meta.get("contents_pages", "0")):
            self.pdf.insert_toc_placeholder(write_contents, pages, reset_page_indices=False)

    def _needs_new_page(self, queue: tuple[blocks.Block, ...]) -> bool:
        """Whether a heading would stand at the foot of a page, away from what it announces."""
        heading = isinstance(queue[0], blocks.Heading)
        return heading and self.pdf.y + self._room(queue) > self.pdf.page_break_trigger

    def _set(self, block: blocks.Block) -> None:
        match block:
            case blocks.Heading():
                self._heading(block)
            case blocks.Paragraph():
                self._paragraph(block.text)
            case blocks.Bullets():
                self._bullets(block.items)
            case blocks.Note():
                self._note(block.text)
            case blocks.Table():
                self.tables += 1
                tables.draw(self.pdf, block, self.tables)
            case blocks.Figure():
                self._figure(block)
            case blocks.PageBreak():
                self.pdf.add_page()

    def _heading(self, block: blocks.Heading) -> None:
        top = block.level == 1
        at_top = self.pdf.y <= self.pdf.t_margin + 1
        self.pdf.ln(0 if at_top else (8 if top else 3.5))
        self.pdf.set_font("sans", "B", 17 if top else 11)
        self.pdf.set_text_color(*(DEEP if top else TEAL))
        title = self._numbered(block)
        self.pdf.start_section(title, level=block.level - 1)
        self.pdf.multi_cell(
            self.pdf.epw, 8 if top else 6, title, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )
        self.pdf.ln(2.5 if top else 1)

    def _numbered(self, block: blocks.Heading) -> str:
        if block.level == 1:
            self.chapter, self.section = self.chapter + 1, 0
            return f"{self.chapter} {block.text}"
        self.section += 1
        return f"{self.chapter}.{self.section} {block.text}"

    def _room(self, queue: tuple[blocks.Block, ...]) -> float:
        """The room that a heading takes together with what must stay below it."""
        match queue:
            case (blocks.Heading(level=level), *rest):
                return (19 if level == 1 else 11) + self._room(tuple(rest))
            case (blocks.Paragraph(text), blocks.Table() as table, *_):
                self._body()
                lines = self._lines(text, self.pdf.epw)
                return lines * LINE + 2 + tables.height(self.pdf, table)
            case (blocks.Table() as table, *_):
                return tables.height(self.pdf, table)
        return 3 * LINE

    def _body(self) -> None:
        self.pdf.set_font("text", "", TEXT_SIZE)
        self.pdf.set_text_color(*INK)

    def _paragraph(self, text: str) -> None:
        self._body()
        lines = self._lines(text, self.pdf.epw)
        fitting = int((self.pdf.page_break_trigger - self.pdf.y) / LINE)
        if fitting < 2 or fitting < lines <= 3:
            self.pdf.add_page()
            self._body()
        elif fitting == lines - 1:
            # Takes one more line to the next page, so that no line stands there alone.
            self.pdf.set_auto_page_break(True, margin=BOTTOM + LINE)
        self._flow(text, self.pdf.epw)
        self.pdf.set_auto_page_break(True, margin=BOTTOM)
        self.pdf.ln(2.2)

    def _flow(self, text: str, width: float) -> None:
        self.pdf.multi_cell(
            width, LINE, text, align="L", markdown=True, new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )

    def _lines(self, text: str, width: float) -> int:
        return tables.count_lines(self.pdf, text, width)

    def _bullets(self, items: tuple[str, ...]) -> None:
        for item in items:
            self._body()
            height = self._lines(item, self.pdf.epw - 7) * LINE
            if self.pdf.y + height > self.pdf.page_break_trigger:
                self.pdf.add_page()
                self._body()
            self.pdf.set_x(self.pdf.l_margin + 1.5)
            self.pdf.cell(5.5, LINE, "•")
            self._flow(item, self.pdf.epw - 7)
            self.pdf.ln(0.8)
        self.pdf.ln(1.6)

    def _note(self, text: str) -> None:
        self._body()
        height = self._lines(text, self.pdf.epw - 12) * LINE + 5
        if self.pdf.y + height > self.pdf.page_break_trigger:
            self.pdf.add_page()
        top = self.pdf.y + 0.5
        self.pdf.set_fill_color(237, 245, 246)
        self.pdf.rect(self.pdf.l_margin, top, self.pdf.epw, height, style="F")
        self.pdf.set_fill_color(*TEAL)
        self.pdf.rect(self.pdf.l_margin, top, 1.2, height, style="F")
        self._body()
        self.pdf.set_xy(self.pdf.l_margin + 6, top + 2.5)
        self._flow(text, self.pdf.epw - 12)
        self.pdf.set_y(top + height + 4)

    def _figure(self, block: blocks.Figure) -> None:
        self.figures += 1
        picture, ratio = charts.draw(block.name)
        height = self.pdf.epw * ratio
        if self.pdf.y + height + 10 > self.pdf.page_break_trigger:
            self.pdf.add_page()
        self.pdf.image(io.BytesIO(picture), w=self.pdf.epw, alt_text=block.caption)
        self.pdf.set_font("sans", "", 8)
        self.pdf.set_text_color(*MUTED)
        self.pdf.cell(
            self.pdf.epw,
            6,
            f"Figure {self.figures}: {block.caption}",
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
        )
        self.pdf.ln(4)


def typeset(content: Path, target: Path) -> None:
    """Writes the PDF of one content file."""
    pdf = Typesetter(blocks.read(content)).document()
    target.write_bytes(bytes(pdf.output()))
