"""Answers as PDF: each sentence has the numbers of its sources, which lead to their quotes at the
end. The only module that imports fpdf."""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from assistant.errors import AssistantError
from assistant.export.account import Account, Said, Source
from assistant.export.fonts import FAMILY, Style, Weight, file_of, fonts
from ingest.platform.extras import require

if TYPE_CHECKING:
    pass

log = logging.getLogger(__name__)

_INK, _QUIET = (32, 38, 42), (92, 98, 102)
_ACCENT, _DOUBT = (23, 99, 93), (160, 82, 20)  # on white 6.9:1 and 5.6:1
_TEXT, _SMALL, _HEAD = 10.5, 9.0, 15.0  # points
_LINE = 1.45  # of the size of the letters
_NO_FONT = "No font of this machine has these letters, and boxes replace them:"
_MARGIN = 22.0  # millimetres
_POINT = 0.3528  # millimetres
_STYLES: Mapping[str, tuple[Style, Weight]] = {
    "": ("normal", "normal"),
    "B": ("normal", "bold"),
    "I": ("oblique", "normal"),
}


def pdf(accounts: Sequence[Account]) -> bytes:
    """A PDF file, on A4. Raises AssistantError without the extra that writes it."""
    require("pdf", "fpdf", "matplotlib", to="save answers as PDF", error=AssistantError)
    return _Paper(accounts).written()


class _Paper:
    """A PDF that is being written."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        from fpdf import FPDF

        # They tell each step of a subset, and what _NO_FONT says.
        logging.getLogger("fontTools").setLevel(logging.ERROR)
        logging.getLogger("fpdf").setLevel(logging.ERROR)
        self._accounts = accounts
        self._sources = list(
            dict.fromkeys(
                source for one in accounts for said in one.said for source in said.sources
            )
        )
        self._pdf: FPDF = FPDF(format="A4")
        self._pdf.set_margins(_MARGIN, _MARGIN)
        self._pdf.set_auto_page_break(True, _MARGIN)
        self._pdf.set_title(accounts[0].question if accounts else "")
        self._pdf.set_creator("Pincite")
        self._add_fonts()
        self._pdf.add_page()
        self._notes = {source: self._pdf.add_link() for source in self._sources}

    def written(self) -> bytes:
        """All of it."""
        for one in self._accounts:
            self._answer(one)
        if self._sources:
            self._heading("Sources", _TEXT + 1)
            for number, source in enumerate(self._sources, start=1):
                self._note(number, source)
        if self._missing:
            self._write(f"{_NO_FONT} {self._missing}", _SMALL, _QUIET, "I")
        return bytes(self._pdf.output())

    def _add_fonts(self) -> None:
        """And those of other scripts, where the texts have letters of them."""
        for style, (slope, weight) in _STYLES.items():
            self._pdf.add_font(FAMILY, style, file_of(FAMILY, slope, weight))
        words = "".join(
            f"{one.question}{one.notices}{one.said}{one.cells}" for one in self._accounts
        )
        (_, *others), self._missing = fonts(words)
        usable = [family for family in others if self._added(family)]
        self._pdf.set_fallback_fonts(usable, exact_match=False)

    def _added(self, family: str) -> bool:
        """Whether the PDF can hold it: some kinds of fonts it cannot."""
        try:
            self._pdf.add_font(family, "", file_of(family))
        except Exception as error:  # damaged and unusual fonts fail in many ways
            log.info("%s is not used: %s", family, error)
            return False
        return True

    def _answer(self, one: Account) -> None:
        self._heading(one.question, _HEAD)
        for said in one.said:
            self._said(said)
        self._break()
        for notice in one.notices:
            self._write(notice, _SMALL, _QUIET, "I")
            self._break()
        for cell in one.cells:
            self._write(f"{cell['row']}, {cell['column']}: {cell['text']}", _SMALL, _QUIET)
            self._break()

    def _said(self, said: Said) -> None:
        for text, stated in said.pieces:
            self._write(text, _TEXT, _INK if stated else _DOUBT, "" if stated else "I")
        for source in said.sources:
            number = self._sources.index(source) + 1
            self._write(f" [{number}]", _SMALL, _ACCENT, link=self._notes[source])
        if said.remark:
            self._write(f" ({said.remark})", _SMALL, _DOUBT)
        self._write(" ", _TEXT, _INK)

    def _heading(self, text: str, size: float) -> None:
        if self._pdf.y > _MARGIN + 1:
            self._pdf.ln(6)
        self._write(text, size, _ACCENT, "B")
        self._pdf.ln(size * _POINT * _LINE + 2)

    def _note(self, number: int, source: Source) -> None:
        if self._pdf.will_page_break(4 * _SMALL * _POINT * _LINE):
            self._pdf.add_page()
        self._pdf.set_link(self._notes[source], y=self._pdf.y, page=self._pdf.page)
        self._write(f"[{number}] ", _SMALL, _ACCENT, "B")
        where = f"{source.document}, {source.where}"
        self._write(where, _SMALL, _INK, "B")
        self._break(0)
        self._write(f"“{' '.join(source.quote.split())}”", _SMALL, _QUIET)
        self._break()

    def _write(
        self, text: str, size: float, colour: tuple[int, int, int], style: str = "",
        link: "str | int" = "",
    ) -> None:  # fmt: skip
        printable = "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")
        self._pdf.set_font(FAMILY, style, size)
        self._pdf.set_text_color(*colour)
        self._pdf.write(size * _POINT * _LINE, printable, link)

    def _break(self, space: float = 1.5) -> None:
        self._pdf.ln(_TEXT * _POINT * _LINE)
        self._pdf.ln(space)
