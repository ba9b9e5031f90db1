"""Answers are taken along with their citations: Word, Markdown and a workbook."""

import io
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from lxml import etree
from openpyxl import load_workbook
from pypdf import PdfReader

from assistant.errors import AssistantError
from assistant.export import documents
from assistant.export.documents import Account, account, markdown, pdf, save, spreadsheet, word
from ingest.pdf import pdfium
from tests.assistant.ui.fakes import HOSTILE
from tests.commands import Pincite, refused

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
ANSWER: dict[str, Any] = {
    "question": "How many days\x01 of *leave*?", "answer": "Thirty. Paid by Mars. Nobody knows.",
    "refused": False, "stopped": False, "notices": ["A page was not read."],
    "citations": [
        {"mark": 1, "document": "Handbook.pdf", "page": 2, "quote": "Thirty days\nof leave <b>."},
        {"mark": 2, "document": "Talk.wav", "page": 1, "quote": "Paid.", "seconds": 75.0},
    ],
    "sentences": [
        {"text": "Thirty.", "supported": True, "marks": [1, 2]},
        {"text": "Paid by Mars.", "supported": False, "marks": [2], "unstated": ["Mars"]},
        {"text": "Nobody knows.", "supported": False, "marks": [], "unstated": ["Nobody knows."]},
    ],
    "cells": [{"mark": 1, "row": "Leave", "column": "Days", "text": "30"}],
}  # fmt: skip


def told() -> Account:
    return account(ANSWER)


def part(package: bytes, name: str) -> etree._Element:
    with zipfile.ZipFile(io.BytesIO(package)) as opened:
        return etree.fromstring(opened.read(name))


def text(element: etree._Element) -> str:
    return "".join(found.text or "" for found in element.iter(f"{W}t"))


def test_a_word_document_has_a_footnote_for_each_mark() -> None:
    package = word([told()])

    marks = [
        m.get(f"{W}id") for m in part(package, "word/document.xml").iter(f"{W}footnoteReference")
    ]
    notes = {n.get(f"{W}id"): text(n) for n in part(package, "word/footnotes.xml")}
    assert marks == ["1", "2", "3"]
    assert notes["1"] == " Handbook.pdf, page 2: “Thirty days of leave <b>.”"
    assert notes["2"] == notes["3"] == " Talk.wav, 01:15: “Paid.”"
    read = Document(io.BytesIO(package))
    assert [p.text for p in read.paragraphs] == [
        "How many days of *leave*?",
        "Thirty., Paid by Mars. (no line states the marked words)"
        " Nobody knows. (not found in the documents) ",
        "A page was not read.",
    ]
    assert [p.style.name for p in read.paragraphs if p.style] == ["Heading 1", "Normal", "Notice"]


def test_markdown_has_footnotes_and_no_markup_of_documents() -> None:
    made = markdown([told()])

    assert made.startswith("## How many days\x01 of \\*leave\\*?")
    assert "Thirty.[^1][^2]" in made
    assert "Paid by *Mars*.[^2] (no line states the marked words)" in made
    assert "[^1]: Handbook.pdf, page 2: “Thirty days of leave \\<b\\>.”\n" in made
    assert made.count("\n[^") == 2


def test_a_workbook_has_a_row_for_each_source_and_the_cells() -> None:
    book = load_workbook(io.BytesIO(spreadsheet([told()])))

    rows = [[cell.value for cell in row] for row in book["Answers"].iter_rows(2)]
    assert [row[3] for row in rows] == ["Handbook.pdf", "Talk.wav", "Talk.wav", None]
    assert [cell.value for cell in book["Cells"][2]][1:] == ["Leave", "Days", "30"]


def test_a_refusal_is_told_without_doubt() -> None:
    refusal = {"text": "I could not find it.", "supported": False, "marks": []}
    answer = {**ANSWER, "refused": True, "citations": [], "sentences": [refusal]}

    assert account(answer).said[0].remark == ""


def test_the_form_is_that_of_the_ending(tmp_path: Path) -> None:
    save(tmp_path / "a.MD", [account(ANSWER)])

    assert (tmp_path / "a.MD").read_text("utf-8").startswith("## How many")
    with pytest.raises(AssistantError, match="must end with"):
        save(tmp_path / "a.odt", [account(ANSWER)])
    with pytest.raises(AssistantError, match="cannot be written"):
        save(tmp_path / "no" / "a.md", [account(ANSWER)])


def test_the_command_saves_an_answer_and_a_conversation(full: Pincite, tmp_path: Path) -> None:
    first = full("ask", "How many days of leave are there?", "--conversation", "c", "--json").json
    full("ask", "How many letters has a password?", "--conversation", "c", "--json")

    assert full("export", first["id"], "-o", tmp_path / "one.docx").status == 0
    assert full("export", "--conversation", "c", "-o", tmp_path / "all.md").status == 0

    notes = text(part((tmp_path / "one.docx").read_bytes(), "word/footnotes.xml"))
    assert "Handbook.pdf, page 1: “Thirty days of leave.”" in notes
    assert (tmp_path / "all.md").read_text("utf-8").count("## ") == 2
    assert "no conversation 'x'" in refused(
        full("export", "--conversation", "x", "-o", tmp_path / "x.md")
    )
    assert full("export", "-o", tmp_path / "x.md").status == 2
    assert full("export", "--conversation", "c", "-o", tmp_path / "x.html").status == 2
    other = full("export", first["id"], "-o", tmp_path / "x.txt")
    assert other.status == 2 and not (tmp_path / "x.txt").exists()
    assert "must end with one of .docx, .pdf, .md, .xlsx, .html, not 'x.txt'" in other.err
    saved = full("export", first["id"], "-o", tmp_path / "x.html", "--json").json
    assert saved == {"file": str(tmp_path / "x.html"), "answers": 1}


def test_a_pdf_has_its_quotes_at_the_end_and_links_to_them(tmp_path: Path) -> None:
    asian = {**ANSWER, "question": "有薪假期\x01 <b>?"}
    (tmp_path / "a.pdf").write_bytes(pdf([told(), account(asian)]))

    [page] = pdfium.pages(tmp_path / "a.pdf")
    read = " ".join(page.text.split())
    assert read.startswith("How many days of *leave*? Thirty. [1] [2] Paid by Mars. [2]")
    assert "(no line states the marked words)" in read
    assert "[1] Handbook.pdf, page 2 “Thirty days of leave <b>.”" in read
    assert read.count("Talk.wav, 01:15") == 1
    without = documents.fonts("有薪假期")[1]
    assert ("boxes replace them:" if without else "有薪假期 <b>?") in read
    links = PdfReader(tmp_path / "a.pdf").pages[0].annotations or []
    assert sum("/Dest" in link for link in links) == 6


@pytest.mark.slow
def test_libreoffice_reads_the_footnotes_and_the_workbook(tmp_path: Path) -> None:
    soffice = shutil.which("soffice")
    if soffice is None:
        pytest.skip("LibreOffice is not installed: apt-get install libreoffice-writer-nogui")
    save(tmp_path / "a.docx", [told()])
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    convert = [soffice, profile, "--headless", "--convert-to"]
    save(tmp_path / "b.xlsx", [told()])
    files = [tmp_path / "a.docx", tmp_path / "b.xlsx"]
    for form, file in zip(("odt", "ods"), files, strict=True):
        done = subprocess.run(
            [*convert, form, "--outdir", tmp_path, file], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr

    with zipfile.ZipFile(tmp_path / "a.odt") as opened:
        read = opened.read("content.xml").decode()
    assert read.count("<text:note ") == 3
    assert "Thirty days of leave &lt;b&gt;." in read
    with zipfile.ZipFile(tmp_path / "b.ods") as opened:
        table = opened.read("content.xml").decode()
    assert "of leave &lt;b&gt;." in table


def test_hostile_text_is_text_in_every_file(tmp_path: Path) -> None:
    hostile = {
        "question": HOSTILE, "answer": HOSTILE, "refused": False, "stopped": False,
        "notices": [HOSTILE], "cells": [],
        "citations": [{"mark": 1, "document": HOSTILE, "page": 1, "quote": HOSTILE}],
        "sentences": [{"text": HOSTILE, "supported": True, "marks": [1]}],
    }  # fmt: skip
    written = account(hostile)
    commonmark = pytest.importorskip("markdown_it", reason="markdown-it-py is not installed.")
    html = commonmark.MarkdownIt("commonmark").render(markdown([written]))
    assert not re.search(r"<(?:img|script|a|b|strong|code)\b", html)
    package = zipfile.ZipFile(io.BytesIO(word([written])))
    targets = "".join(
        package.read(name).decode() for name in package.namelist() if name.endswith(".rels")
    )
    assert "tracker" not in targets and "javascript" not in targets
    pages = PdfReader(io.BytesIO(pdf([written]))).pages
    links = [note.get_object() for page in pages for note in page.get("/Annots", [])]
    assert not [one for one in links if "/URI" in one.get("/A", {})]
