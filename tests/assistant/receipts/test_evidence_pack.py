"""A pack shows an answer and its evidence to others."""

import re
from dataclasses import replace
from pathlib import Path

import lxml.html

from assistant.conversation.assistant import Assistant
from assistant.receipts.evidence_pack import evidence_pack
from assistant.receipts.record import Receipts
from ingest.document.source import readable
from tests.assistant.receipts.conftest import LEAVE, answered
from tests.assistant.ui.fakes import HOSTILE
from tests.pdfs import write_pdf
from vectorstore.library import Library


def test_a_pack_shows_the_cited_lines_and_how_the_answer_was_made(
    assistant: Assistant, receipts: Receipts, library: Library
) -> None:
    receipt = answered(assistant, receipts)

    page = evidence_pack(receipt, library)

    assert 'href="#c1">[1]</a>' in page
    assert page.count('src="data:image/png;base64,iVBOR') == 1
    for told in (
        LEAVE,
        receipt.model["sha256"],
        receipt.sources[0]["document_sha256"],
        "window 4096",
    ):
        assert told in page
    assert str(Path(receipt.model["file"]).parent) not in page


def test_a_pack_does_not_show_a_page_of_a_file_that_has_changed(
    assistant: Assistant, receipts: Receipts, library: Library, tmp_path: Path
) -> None:
    receipt = answered(assistant, receipts)
    library.remove(["Handbook.pdf"])
    write_pdf(tmp_path / "papers" / "Handbook.pdf", ["# Leave", "", "There are two days of leave."])
    library.add([tmp_path / "papers"])

    page = evidence_pack(receipt, library)

    assert "<img" not in page
    assert "has changed or is gone" in page


def test_nothing_in_a_pack_is_live(assistant: Assistant, receipts: Receipts) -> None:
    receipt = answered(assistant, receipts)
    answer = receipt.answer
    everywhere = {
        "question": HOSTILE,
        "sentences": [{"text": HOSTILE, "supported": False, "marks": [1]}],
        "citations": [{**answer["citations"][0], "quote": HOSTILE, "document": HOSTILE}],
        "notices": [HOSTILE],
        "refused": True,
        "passages": [{**answer["passages"][0], "text": HOSTILE, "document": HOSTILE}],
    }
    sources = [{**receipt.sources[0], "document": HOSTILE}]
    hostile = replace(
        receipt, answer={**answer, **everywhere}, asked=[["user", HOSTILE]], sources=sources
    )

    page = evidence_pack(hostile, None)

    assert page.count("&lt;script&gt;") >= 8
    assert not re.search(r"<(script|img|iframe|link|object|form|svg|b)\b", page)
    assert not re.search(r"<[^>]+\b(href|src)=[\"'](?!#|data:image/png)", page)
    assert not re.search(r"<[^>]+\bon\w+=", page)


def test_what_looks_like_markup_or_a_template_is_shown_as_it_was_written(
    assistant: Assistant, receipts: Receipts, library: Library, tmp_path: Path
) -> None:
    name = "{{ 7 * 7 }}\" onerror='x' <b>&amp;.pdf"
    write_pdf(tmp_path / "papers" / name, ["{% raw %} Sick leave is <i>ten</i> days."])
    library.add([tmp_path / "papers"])
    receipt = answered(assistant, receipts)
    line = {**receipt.answer["citations"][0], "document": name, "quote": "{{ receipt }} <i>ten</i>"}
    source = {**receipt.sources[0], "document": name, "document_sha256": library.file(name).stem}
    about = replace(receipt, answer={**receipt.answer, "citations": [line]}, sources=[source])

    page = lxml.html.document_fromstring(evidence_pack(about, library))

    [image] = page.iter("img")
    assert image.get("alt") == f"Page 1 of {readable(name)}, the cited lines marked"
    assert set(image.keys()) == {"alt", "src"}
    [quote] = page.iter("blockquote")
    assert quote.text_content() == "{{ receipt }} <i>ten</i>"
