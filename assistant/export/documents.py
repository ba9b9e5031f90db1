"""Answers as they are exported, with document, page and quote of each citation: as Word documents,
PDF, Markdown and tables. Also writes other tables as workbooks."""

import logging
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Literal

from assistant.contract.asked_in import from_row, in_words
from assistant.contract.facts import full_name, place
from assistant.errors import AssistantError
from assistant.i18n.translation import _
from ingest.document.model import ended
from ingest.document.source import readable
from ingest.platform.process import require, safe_name, usual_rights

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # what XML cannot hold

# -- An answer: its sentences, what no line states of them, and their sources

STOPPED = "Stopped before it was complete."
NOT_FOUND = "not found in the documents"
PARTLY = "no line states the marked words"


@dataclass(frozen=True)
class Source:
    """The lines that a sentence points to."""

    document: str
    where: str  # "page 2"; in a recording "03:12"
    quote: str

    @property
    def words(self) -> str:
        """The source in a note: `Handbook.pdf, page 2: “Thirty days of leave.”`"""
        return f"{self.document}, {self.where}: “{' '.join(self.quote.split())}”"


@dataclass(frozen=True)
class Said:
    """A sentence in pieces, each with whether lines state it, and a remark where not all is."""

    pieces: tuple[tuple[str, bool], ...]
    sources: tuple[Source, ...] = ()
    remark: str = ""


@dataclass(frozen=True)
class Account:
    """A question with its answer, as it is exported."""

    question: str
    said: tuple[Said, ...]
    notices: tuple[str, ...] = ()
    cells: tuple[Mapping[str, Any], ...] = ()  # of tables that it was computed from


def sources_of(accounts: Sequence[Account]) -> list[Source]:
    """Each once, in the order in which they are cited."""
    every = (source for one in accounts for said in one.said for source in said.sources)
    return list(dict.fromkeys(every))


def account(answer: Mapping[str, Any]) -> Account:
    """The account of an answer document. It may leave this machine: it has no file address."""
    sources = {
        row["mark"]: Source(
            readable(full_name(row)), place(row["page"], row.get("seconds")), row["quote"]
        )
        for row in answer["citations"]
    }
    stopped = [STOPPED] if answer.get("stopped") else []
    sentences = answer.get("sentences") or [{"text": answer["answer"], "supported": True}]
    tells = answer["refused"] or not answer.get("grounded", True)
    ends = ({**sentence, "text": ended(sentence["text"])} for sentence in sentences)
    said = tuple(_said_of(sentence, sources, bool(tells)) for sentence in ends)
    within = in_words(from_row(answer.get("filter", {})))
    asked = [_("Asked in: {filter}", filter=within)] if within else []
    notices = (*asked, *answer.get("notices", ()), *stopped)
    return Account(answer["question"], said, notices, tuple(answer.get("cells", ())))


def pieces(sentence: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """The text of a sentence in pieces, and whether lines state them."""
    text = sentence["text"]
    for word in sentence.get("unstated", ()):
        before, found, text = text.partition(word)
        yield before, True
        yield found, False
    yield text, True


def _said_of(sentence: Mapping[str, Any], sources: Mapping[int, Source], tells: bool) -> Said:
    """`tells`: it is a refusal, or words of a tool, which no line is to state."""
    marks: Sequence[int] = sentence.get("marks", ())
    found = tuple(sources[mark] for mark in marks if mark in sources)
    if sentence["supported"] or tells:
        return Said(((sentence["text"], True),), found)
    if not found:
        return Said(((sentence["text"], False),), (), NOT_FOUND)
    return Said(tuple(piece for piece in pieces(sentence) if piece[0]), found, PARTLY)


# -- Fonts of this machine that have the letters of a text. matplotlib finds them, and brings one.

FAMILY = "DejaVu Sans"  # comes with matplotlib, so that drawings are alike everywhere
_PLACEHOLDERS = ("Last Resort", "LastResort")  # fonts that have a box for each letter


def fonts(text: str) -> tuple[list[str], str]:
    """Families that have its letters, and the letters that no font of this machine has."""
    from matplotlib.font_manager import findfont, fontManager

    families = [FAMILY]
    missing = {ord(letter) for letter in text if letter.isprintable()} - letters(findfont(FAMILY))
    for font in fontManager.ttflist if missing else ():
        if not font.name.startswith(_PLACEHOLDERS) and (found := missing & letters(font.fname)):
            families.append(font.name)
            missing -= found
    return families, "".join(map(chr, sorted(missing)))


@cache
def letters(path: str) -> frozenset[int]:
    """The letters of a font file; none of a damaged one."""
    from matplotlib.font_manager import get_font

    try:
        return frozenset(get_font(path).get_charmap())
    except (OSError, RuntimeError):
        return frozenset()


# -- Answers as PDF: each sentence has the numbers of its sources, which lead to their quotes at the
# end. The only module that imports fpdf.

log = logging.getLogger(__name__)

_INK, _QUIET = (32, 38, 42), (92, 98, 102)
_ACCENT, _PDF_DOUBT = (23, 99, 93), (160, 82, 20)  # on white 6.9:1 and 5.6:1
_TEXT, _SMALL, _HEAD = 10.5, 9.0, 15.0  # points
_LINE = 1.45  # of the size of the letters
_NO_FONT = "No font of this machine has these letters, and boxes replace them:"
_MARGIN = 22.0  # millimetres
_POINT = 0.3528  # millimetres
_STYLES = {"": "", "B": ":bold", "I": ":oblique"}  # of fpdf, and as matplotlib names them


def pdf(accounts: Sequence[Account]) -> bytes:
    """A PDF file, on A4. Raises AssistantError without the extra that writes it."""
    require("pdf", "fpdf", "matplotlib", to="save answers as PDF", error=AssistantError)
    return _Paper(accounts).written()


class _Paper:
    """A PDF that is being written."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        from fpdf import FPDF
        from matplotlib.font_manager import findfont

        # They tell each step of a subset, and what _NO_FONT says.
        logging.getLogger("fontTools").setLevel(logging.ERROR)
        logging.getLogger("fpdf").setLevel(logging.ERROR)
        self._accounts = accounts
        self._sources = sources_of(accounts)
        self._pdf: FPDF = FPDF(format="A4")
        self._pdf.set_margins(_MARGIN, _MARGIN)
        self._pdf.set_auto_page_break(True, _MARGIN)
        self._pdf.set_title(accounts[0].question if accounts else "")
        self._pdf.set_creator("Pincite")
        for style, named in _STYLES.items():
            self._pdf.add_font(FAMILY, style, findfont(FAMILY + named))
        words = "".join(f"{one.question}{one.notices}{one.said}{one.cells}" for one in accounts)
        (_, *others), self._missing = fonts(words)
        usable = [family for family in others if self._added(family)]
        self._pdf.set_fallback_fonts(usable, exact_match=False)
        self._pdf.add_page()
        self._notes = {source: self._pdf.add_link() for source in self._sources}

    def written(self) -> bytes:
        """The bytes of the file, with sources, and a note on letters without a font."""
        for one in self._accounts:
            self._answer(one)
        if self._sources:
            self._heading("Sources", _TEXT + 1)
            for number, source in enumerate(self._sources, start=1):
                self._note(number, source)
        if self._missing:
            self._write(f"{_NO_FONT} {self._missing}", _SMALL, _QUIET, "I")
        return bytes(self._pdf.output())

    def _added(self, family: str) -> bool:
        """Whether the PDF can hold it: some kinds of fonts it cannot."""
        from matplotlib.font_manager import FontProperties, findfont

        try:
            self._pdf.add_font(family, "", findfont(FontProperties(family=family)))
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
            self._write(text, _TEXT, _INK if stated else _PDF_DOUBT, "" if stated else "I")
        for source in said.sources:
            number = self._sources.index(source) + 1
            self._write(f" [{number}]", _SMALL, _ACCENT, link=self._notes[source])
        if said.remark:
            self._write(f" ({said.remark})", _SMALL, _PDF_DOUBT)
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


# -- Answers as a Word document (ECMA-376). python-docx 1.2 writes no footnotes, so the few parts of
# the package are templates in `word/`.

_PARTS = {
    "[Content_Types].xml": "content_types.xml",
    "_rels/.rels": "package.rels",
    "word/document.xml": "document.xml",
    "word/_rels/document.xml.rels": "document.rels",
    "word/footnotes.xml": "footnotes.xml",
    "word/styles.xml": "styles.xml",
}


def word(accounts: Sequence[Account]) -> bytes:
    """The bytes of a DOCX file: answers one after the other, their footnotes numbered through."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("word")), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["lines"] = lambda text: _ILLEGAL.sub("", text).split("\n")
    sources = [source for one in accounts for said in one.said for source in said.sources]
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, template in _PARTS.items():
            made = environment.get_template(template).render(accounts=accounts, sources=sources)
            package.writestr(name, made)
    return buffer.getvalue()


# -- Answers as Markdown: each citation is a footnote with document, page and quote

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~])")
_BLOCK = re.compile(r"^([ \t]*+)([-+=]|\d++[.)])(?=\s|$)", re.MULTILINE)


def markdown(accounts: Sequence[Account]) -> str:
    """The text of documents stays text: what could be markup is escaped."""
    notes = sources_of(accounts)
    parts = []
    for one in accounts:
        body = " ".join(_said(said, notes) for said in one.said)
        told = [f"> {_plain(notice)}" for notice in one.notices]
        parts.append("\n\n".join([f"## {_plain(one.question)}", body, *told]))
    listed = [f"[^{number}]: {_plain(note.words)}" for number, note in enumerate(notes, start=1)]
    return "\n\n".join([*parts, *listed]) + "\n"


def _said(said: Said, notes: Sequence[Source]) -> str:
    text = "".join(_plain(t) if stated else _marked(t) for t, stated in said.pieces)
    marks = "".join(f"[^{notes.index(source) + 1}]" for source in said.sources)
    remark = f" ({said.remark})" if said.remark else ""
    return f"{text}{marks}{remark}"


def _marked(text: str) -> str:
    """In italics, without blanks inside of the marks."""
    inner = text.strip()
    return text.replace(inner, f"*{_plain(inner)}*", 1) if inner else text


def _plain(text: str) -> str:
    return _BLOCK.sub(r"\1\\\2", _MARKUP.sub(r"\\\1", text))


# -- Tables as an XLSX workbook: typed cells, links, notes and colours. The home of openpyxl's
# writer. Text is always written as text: a cell of a document that begins with "=" is no formula.

_NO_TITLE = re.compile(r"[\[\]:*?/\\]")
_LONGEST = 32_767  # characters of a cell, by the format
_LONGEST_LINK = 2_079
_TITLE = 31
_WIDTHS = (8, 48)  # characters of a column, at least and at most
_COLOURS = {"doubtful": "FFF2CC", "failed": "F8CBAD"}

Tone = Literal["", "doubtful", "failed"]


@dataclass(frozen=True)
class BookCell:
    """A cell. `form` is a number format of spreadsheets, `note` is shown beside the cell."""

    value: str | float | date | None
    note: str = ""
    link: str = ""  # an address, or "#'Sources'!A2"
    tone: Tone = ""
    form: str = ""


@dataclass(frozen=True)
class Tab:
    """A sheet of the workbook: the heads of its columns and its rows."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[BookCell]]


def workbook(tabs: Sequence[Tab]) -> bytes:
    """An XLSX file, of which the first row of each sheet stays in sight."""
    from openpyxl import Workbook

    book = Workbook()
    del book[book.sheetnames[0]]
    for tab in tabs:
        _fill(book.create_sheet(title(tab.title)), tab)
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def title(text: str) -> str:
    """A name that a sheet may have."""
    return clean(_NO_TITLE.sub(" ", text)).strip(" '")[:_TITLE] or "Sheet"


def clean(text: str) -> str:
    """The text without characters that no XML holds, and no longer than a cell may be."""
    return _ILLEGAL.sub("", text)[:_LONGEST]


def _fill(sheet: "Worksheet", tab: Tab) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    for at, head in enumerate(tab.heads, start=1):
        made = sheet.cell(1, at)
        _text(made, head)
        made.font = Font(bold=True)
    for number, row in enumerate(tab.rows, start=2):
        for at, cell in enumerate(row, start=1):
            _put(sheet.cell(number, at), cell)
    for at, head in enumerate(tab.heads, start=1):
        longest = max([len(head), *(_width(row[at - 1]) for row in tab.rows)])
        width = min(max(longest + 2, _WIDTHS[0]), _WIDTHS[1])
        sheet.column_dimensions[get_column_letter(at)].width = width
    sheet.freeze_panes = "B2"


def _put(made: "Cell | MergedCell", cell: BookCell) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.worksheet.hyperlink import Hyperlink

    if isinstance(cell.value, str):
        _text(made, cell.value)
    else:
        made.value = cell.value
    made.alignment = Alignment(wrap_text=True, vertical="top")
    if cell.form:
        made.number_format = cell.form
    if cell.link and len(cell.link) <= _LONGEST_LINK:
        inside = cell.link.startswith("#")
        where = {"location": cell.link[1:]} if inside else {"target": cell.link}
        made.hyperlink = Hyperlink(ref=made.coordinate, **where)
        made.font = Font(color="1F5FAF", underline="single")
    if cell.tone:
        made.fill = PatternFill("solid", fgColor=_COLOURS[cell.tone])
    if cell.note:
        made.comment = Comment(clean(cell.note), "Pincite", width=360, height=140)


def _text(made: "Cell | MergedCell", text: str) -> None:
    made.value = clean(text)
    made.data_type = "s"


def _width(cell: BookCell) -> int:
    return max(map(len, str(cell.value if cell.value is not None else "").split("\n")))


# -- Answers as an XLSX workbook: a row for each sentence and source, and the cells of tables

_HEADS = ("Question", "Sentence", "Support", "Document", "Where", "Quote")
_CELLS = ("Question", "Row", "Column", "Cell")


def spreadsheet(accounts: Sequence[Account]) -> bytes:
    """An XLSX file; a sentence with several sources takes a row for each of them."""
    tabs = [Tab("Answers", _HEADS, [row for one in accounts for row in _rows(one)])]
    cells = [
        [BookCell(one.question), *(BookCell(cell[name]) for name in ("row", "column", "text"))]
        for one in accounts
        for cell in one.cells
    ]
    return workbook([*tabs, *([Tab("Cells", _CELLS, cells)] if cells else [])])


def _rows(one: Account) -> Iterator[list[BookCell]]:
    for said in one.said:
        text = "".join(piece for piece, _ in said.pieces)
        tone: Tone = "doubtful" if said.remark else ""
        of_sources: list[tuple[str | None, ...]] = [
            (source.document, source.where, source.quote) for source in said.sources
        ]
        for where in of_sources or [(None, None, None)]:
            yield [
                BookCell(one.question), BookCell(text), BookCell(said.remark, tone=tone),
                *map(BookCell, where),
            ]  # fmt: skip


# -- The files by their endings, and their names

FORMS: Mapping[str, Callable[[Sequence[Account]], bytes]] = {
    ".docx": word,
    ".pdf": pdf,
    ".md": lambda accounts: markdown(accounts).encode(),
    ".xlsx": spreadsheet,
}

_NO_ENDS = ("Pd", "Po", "Zs")  # dashes, commas, stops and blanks, also of Chinese and Arabic
_NAME = 60  # characters of a question that name a file


def named(words: str, otherwise: str, ending: str) -> str:
    """The name of a file after a question or a title, valid on any disk; `otherwise` where these
    have no letter or number."""
    short = shorten(words.replace("/", " ").replace("\\", " "), _NAME, placeholder="")
    while short and unicodedata.category(short[-1]) in _NO_ENDS:
        short = short[:-1]
    return safe_name(f"{short if any(map(str.isalnum, short)) else otherwise}{ending}")


def save(path: Path, accounts: Sequence[Account]) -> None:
    """Raises AssistantError for another ending, and where it cannot be written."""
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise AssistantError(f"{path} must end with {', '.join(FORMS)}.")
    try:
        with usual_rights():
            path.write_bytes(form(accounts))
    except OSError as error:
        raise AssistantError(f"{path} cannot be written: {error.strerror}.") from error
