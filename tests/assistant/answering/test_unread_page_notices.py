"""Answers from documents that could not be read completely."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont

from assistant.answering.notices import sentence, unread_pages_noted
from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.contract.facts import Outcome, Passage
from assistant.contract.request import Request
from ingest.chunking import PageLedger
from ingest.document.source import Engines
from tests.assistant.fakes import ScriptedChat
from tests.commands import Pincite
from tests.fakes import WordEmbedder
from tests.pdfs import write_pdf
from vectorstore.library import Library

NOTICE = re.compile(
    r"Page 2 of Report\.pdf could not be read \(Pictures and scans are not read: text recognition "
    r"is switched off, an estimated [\d,]+ characters\), so the answer may be (.+)\."
)


def write_report(folder: Path) -> Path:
    """A PDF with a page of text and a page that was scanned."""
    folder.mkdir(parents=True, exist_ok=True)
    pdf = FPDF(unit="pt")
    pdf.add_page()
    pdf.set_font("Helvetica", size=11)
    pdf.text(60, 60, "The yearly leave is thirty days, and travel is by train.")
    pdf.add_page()
    pdf.image(_scan(), 0, 0, 595, 842)
    pdf.output(str(folder / "Report.pdf"))
    return folder / "Report.pdf"


def _scan() -> Image.Image:
    page = Image.new("RGB", (1240, 1754), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(28)
    for row in range(30):
        pen.text(
            (120, 120 + 48 * row), f"{row} the revenue of the year was lower than", "black", font
        )
    return page


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("gaps")
    write_report(folder / "papers")
    write_pdf(folder / "papers" / "Policy.pdf", ["A password has fourteen letters."])
    engines = Engines(ocr="off")
    with Library(folder / "library", "main", WordEmbedder, lambda: engines) as library:
        library.add([folder / "papers"])
        yield library


def test_an_answer_says_that_a_page_of_its_document_could_not_be_read(library: Library) -> None:
    model = ScriptedChat(replies=["The yearly leave is thirty days."])
    reply = AnswerTool(model, Budget()).run(Request("How long is the yearly leave?", library))

    document = reply.to_json()

    (told,) = document["notices"]
    assert NOTICE.fullmatch(told).group(1) == "incomplete"  # type: ignore[union-attr]
    assert document["citations"][0]["document"] == "Report.pdf"


def test_a_refusal_says_that_the_answer_may_be_on_that_page(library: Library) -> None:
    model = ScriptedChat(replies=["The moon is far."])
    done = (
        AnswerTool(model, Budget())
        .run(Request("What was the revenue in travel?", library))
        .finish()
    )
    assert done.refused
    assert NOTICE.fullmatch(done.notices[0]).group(1) == "on that page"  # type: ignore[union-attr]


def test_an_answer_from_a_document_that_was_read_completely_says_nothing(library: Library) -> None:
    model = ScriptedChat(replies=["A password has fourteen letters."])
    request = Request("How many letters has a password?", library, documents=["Policy.pdf"])
    assert AnswerTool(model, Budget()).run(request).finish().notices == ()


def test_a_document_that_was_asked_alone_is_spoken_of_although_nothing_was_found(
    library: Library,
) -> None:
    nothing = Outcome("No.", refused=True)
    assert NOTICE.fullmatch(unread_pages_noted(nothing, library, ["Report.pdf"]).notices[0])
    assert unread_pages_noted(nothing, library).notices == ()


def test_a_document_that_is_gone_by_now_is_not_spoken_of(library: Library) -> None:
    outcome = Outcome("Yes.", passages=(Passage("Gone.pdf", 1, 0.9, "Yes."),))
    assert unread_pages_noted(outcome, library).notices == ()


def test_people_read_it_below_the_answer(
    pincite: Pincite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINCITE_OCR", "off")
    pincite("add", write_report(tmp_path))

    ran = pincite("ask", "How long is the yearly leave?")

    (note,) = [line for line in ran.out.splitlines() if line.startswith("note: ")]
    assert NOTICE.fullmatch(note.removeprefix("note: "))
    assert pincite("ask", "How long is the yearly leave?", "--json").json["notices"] == [
        note.removeprefix("note: ")
    ]


def row(page: int, read: int = 0, unread: int = 1900, note: str = "unreadable scan") -> PageLedger:
    return PageLedger(page, read, 0, None, read, 0, (), unread, note)


def test_pages_are_told_as_people_tell_them() -> None:
    rows = [row(page) for page in (3, 5, 6, 9, 10, 11)]
    assert sentence("A.pdf", rows, refused=True) == (
        "Pages 3, 5, 6 and 9 to 11 of A.pdf could not be read (unreadable scan, an estimated "
        "11,400 characters), so the answer may be on one of them."
    )
    assert sentence("A.pdf", [row(14, read=200, note="")], refused=False) == (
        "Page 14 of A.pdf could not be fully read (an estimated 1,900 characters), so the answer "
        "may be incomplete."
    )
    assert sentence("A.pdf", [row(page) for page in range(1, 20, 2)], refused=False).startswith(
        "10 pages of A.pdf, among them page 1, could not be read"
    )


class Pages:
    """Evidence of which only the ledger is looked at."""

    def __init__(self, *rows: PageLedger) -> None:
        self._rows = rows

    def ledger(self, document: str) -> tuple[PageLedger, ...]:
        return self._rows


@pytest.mark.parametrize(
    ("page", "told"),
    [
        (row(1, read=4000, unread=70), False),  # a smudge
        (row(1, unread=40), False),  # less than a line
        (row(1, read=100, unread=70), True),
        (row(1, unread=0, note="damaged page"), True),
        (row(1, unread=0, note="a picture without text"), False),
    ],
)
def test_only_what_may_hold_an_answer_is_told(page: PageLedger, told: bool) -> None:
    outcome = Outcome("Yes.", passages=(Passage("A.pdf", 1, 0.9, "Yes."),))
    noticed = unread_pages_noted(outcome, Pages(page)).notices  # type: ignore[arg-type]
    assert bool(noticed) is told
