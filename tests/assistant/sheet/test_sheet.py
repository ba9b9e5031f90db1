"""`pincite sheet` on papers that are quoted: cells, what is asked again, and the files."""

import csv
import io
import json
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import load_workbook

from assistant.contract.facts import Passage
from assistant.conversation.assistant import Assistant
from assistant.sheet.cell import Column
from assistant.sheet.extraction import Reader
from assistant.wiring import composition
from tests.commands import Pincite, refused
from tests.pdfs import write_pdf

COLUMNS = ("--question", "letters", "--question", "leave period")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What the assistant was asked: (document, question)."""
    seen: list[tuple[str, str]] = []
    ask = Assistant.ask

    def counting(self: Assistant, question: str, **how: object) -> object:
        [document] = how["documents"]  # type: ignore[misc, attr-defined]
        seen.append((document, question))
        return ask(self, question, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(Assistant, "ask", counting)
    return seen


class Copying:
    """A model that reads documents: it writes the same words of each for every column."""

    def __init__(self, words: str) -> None:
        self.words = words
        self.read: list[str] = []  # documents, each time one is read
        self.interrupts = False

    def __call__(
        self, columns: Sequence[Column], passages: Sequence[Passage], cancel: threading.Event
    ) -> dict[str, str]:
        if self.interrupts:
            raise KeyboardInterrupt
        self.read.append(passages[0].document)
        return {column.head: self.words for column in columns}


@pytest.fixture
def copying(monkeypatch: pytest.MonkeyPatch) -> Copying:
    model = Copying("fourteen letters")
    monkeypatch.setattr(composition, "_reader", lambda *_: Reader(model, 1000))
    return model


def test_what_the_model_reads_fills_a_cell_that_would_stay_empty(
    full: Pincite, copying: Copying
) -> None:
    [cell] = full("sheet", "--question", "guarantor", "--documents", "Policy.pdf", "--json").json[
        "cells"
    ]

    assert (cell["value"], cell["state"]) == ("fourteen letters", "doubtful")
    assert (cell["page"], cell["line"]) == (1, 1)
    assert cell["quote"] == "A password has fourteen letters." and cell["why"]


def test_a_document_is_read_once_for_all_that_is_empty(full: Pincite, copying: Copying) -> None:
    asked = ("guarantor", "surety", "confidential?")
    heads = [part for head in asked for part in ("--question", head)]

    cells = full("sheet", *heads, "--documents", "Policy.pdf", "--json").json["cells"]
    again = full("sheet", *heads, "--documents", "Policy.pdf", "--json").json["cells"]

    assert copying.read == ["Policy.pdf"] and again == cells
    assert [cell["head"] for cell in cells] == [*asked]
    # One line cannot answer two columns by the same words, and yes is no word to copy.
    assert [cell["state"] for cell in cells] == ["empty"] * 3


def test_a_reading_that_was_interrupted_is_done_again(full: Pincite, copying: Copying) -> None:
    copying.interrupts = True
    assert full("sheet", "--question", "guarantor").status == 130
    copying.interrupts = False

    cells = full("sheet", "--question", "guarantor", "--json").json["cells"]

    assert copying.read == ["Handbook.pdf", "Policy.pdf"]
    assert cells[1]["value"] == "fourteen letters"


def test_each_cell_is_of_its_document_alone_and_cited(full: Pincite) -> None:
    ran = full("sheet", *COLUMNS, "--json")
    sheet = ran.json

    assert "4/4 Policy.pdf" in ran.err and "5/4" not in ran.err
    assert sheet["documents"] == ["Handbook.pdf", "Policy.pdf"]
    assert [column["kind"] for column in sheet["columns"]] == ["text", "time"]
    cells = {(cell["document"], cell["head"]): cell for cell in sheet["cells"]}
    leave = cells["Handbook.pdf", "leave period"]
    assert (leave["value"], leave["page"], leave["state"]) == ("Thirty days", 1, "found")
    assert leave["quote"] == "Thirty days of leave."
    assert leave["line"] == 2
    lacking = cells["Policy.pdf", "leave period"]
    assert (lacking["state"], lacking["value"], lacking["page"]) == ("empty", "", 0)
    for cell in sheet["cells"]:
        assert cell["state"] in ("found", "doubtful", "empty")


def test_its_rows_are_chosen_by_tag_and_date(full: Pincite) -> None:
    full("tag", "Policy.pdf", "--add", "security")
    tagged = full("sheet", *COLUMNS, "--tag", "security", "--json").json
    assert tagged["documents"] == ["Policy.pdf"]
    left = refused(full("sheet", *COLUMNS, "--tag", "security", "--documents", "Handbook.pdf"))
    assert left.startswith("No document of main fits the filter (tag security). Choose other")


def test_nothing_is_asked_twice(full: Pincite, asked: list[tuple[str, str]]) -> None:
    first = full("sheet", *COLUMNS, "--json").json
    count = len(asked)
    again = full("sheet", *COLUMNS, "--json").json

    assert count and len(asked) == count
    assert first == again


def test_a_new_question_and_a_changed_document_ask_their_cells_alone(
    full: Pincite, papers: Path, asked: list[tuple[str, str]]
) -> None:
    full("sheet", *COLUMNS)
    asked.clear()
    full("sheet", *COLUMNS, "--question", "colour")
    assert {question for _, question in asked} == {"What is the colour?"}
    asked.clear()
    write_pdf(papers / "Policy.pdf", ["A password has sixteen letters."])
    full("add", papers)

    full("sheet", *COLUMNS, "--question", "colour")

    assert {document for document, _ in asked} == {"Policy.pdf"}


def test_what_was_done_before_an_interruption_is_not_asked_again(
    full: Pincite, asked: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Assistant.ask

    def interrupted(self: Assistant, question: str, **how: object) -> object:
        if len(asked) == 1:
            raise KeyboardInterrupt
        return ask(self, question, **how)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Assistant, "ask", interrupted)
        ran = full("sheet", "--question", "letters")
    assert ran.status == 130
    assert "goes on with the others" in ran.err

    full("sheet", "--question", "letters")

    assert [document for document, _ in asked] == ["Handbook.pdf", "Policy.pdf"]


def test_anew_asks_again(full: Pincite, asked: list[tuple[str, str]]) -> None:
    full("sheet", "--question", "letters")
    full("sheet", "--question", "letters", "--anew")

    assert len(asked) == 4


def test_the_workbook_links_to_the_pages(full: Pincite, papers: Path, tmp_path: Path) -> None:
    out = tmp_path / "sheet.xlsx"

    assert full("sheet", *COLUMNS, "--out", out).status == 0

    book = load_workbook(out)
    sheet, sources = book["Sheet"], book["Sources"]
    assert [cell.value for cell in sheet[1]] == ["Document", "letters", "leave period"]
    leave = sheet.cell(2, 3)
    assert leave.value == "Thirty days"
    assert leave.hyperlink is not None
    assert leave.hyperlink.target == f"{(papers / 'Handbook.pdf').as_uri()}#page=1"
    assert leave.comment is not None and "Thirty days of leave." in leave.comment.text
    assert sources.max_row == 5
    assert {row[0].value for row in sources.iter_rows(2)} == {"Handbook.pdf", "Policy.pdf"}


def test_the_table_of_commas_and_the_json_hold_the_cells(full: Pincite, tmp_path: Path) -> None:
    table, document = tmp_path / "sheet.csv", tmp_path / "sheet.json"
    full("sheet", *COLUMNS, "--out", table)
    full("sheet", *COLUMNS, "--out", document)

    rows = list(csv.DictReader(io.StringIO(table.read_text("utf-8-sig"))))
    assert rows[0]["document"] == "Handbook.pdf"
    assert rows[0]["leave period"] == "Thirty days"
    assert rows[0]["leave period (where)"] == "page 1, line 2"
    assert rows[1]["leave period (state)"] == "empty"
    cells = json.loads(document.read_text("utf-8"))["cells"]
    assert len(cells) == 4


def test_wrong_use_is_refused_before_anything_is_asked(
    full: Pincite, tmp_path: Path, asked: list[tuple[str, str]]
) -> None:
    assert full("sheet").status == 2
    assert ".xlsx, .csv or .json" in refused(
        full("sheet", *COLUMNS, "--out", tmp_path / "sheet.odt")
    )
    assert "no folder" in refused(full("sheet", *COLUMNS, "--out", tmp_path / "no" / "s.csv"))
    assert "no document 'None.pdf'" in refused(full("sheet", *COLUMNS, "--documents", "None.pdf"))
    assert "cannot be read" in refused(full("sheet", "--questions", tmp_path / "none.txt"))
    assert asked == []
