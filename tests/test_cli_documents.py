"""The commands documents and show."""

from pathlib import Path

from tests.commands import Pincite


def test_documents_are_listed_with_the_promised_fields(full: Pincite, papers: Path) -> None:
    handbook, policy = full("documents", "--json").json
    assert list(handbook) == [
        "document", "path", "library", "pages", "chunks", "status", "coverage", "sha256",
        "superseded_by",
    ]  # fmt: skip
    assert (handbook["document"], policy["document"]) == ("Handbook.pdf", "Policy.pdf")
    assert (handbook["path"], handbook["library"]) == (str(papers / "Handbook.pdf"), "main")
    coverage = handbook["coverage"]
    assert list(coverage) == [
        "extracted", "ocr", "empty", "dropped", "indexed", "hidden", "unread",
    ]  # fmt: skip
    assert coverage["extracted"] + coverage["ocr"] == coverage["indexed"] + coverage["dropped"] > 0
    assert "Handbook.pdf  (2 pages, 2 passages, 100% indexed): ready" in full("documents").out


def test_an_empty_library_says_how_to_fill_it(pincite: Pincite) -> None:
    ran = pincite("documents")
    assert ran.status == 0
    assert ran.out == "The library 'main' is empty. `pincite add PATH` adds documents.\n"
    assert pincite("documents", "--json").json == []


def test_show_gives_pages_with_lines_and_boxes(full: Pincite) -> None:
    first, second = full("show", "Handbook.pdf", "--json").json
    assert list(first) == [
        "page", "text", "ocr", "lines", "title", "characters", "indexed", "hidden", "dropped",
        "unread", "note", "confidence",
    ]  # fmt: skip
    assert (first["characters"], first["indexed"], first["dropped"]) == (23, 23, {})
    assert (first["page"], first["text"], first["ocr"]) == (
        1,
        "Leave\nThirty days of leave.",
        False,
    )
    assert [line["text"] for line in first["lines"]] == ["Leave", "Thirty days of leave."]
    assert all(len(line["box"]) == 4 for line in first["lines"])
    assert full("show", "Handbook.pdf", "--page", 2, "--json").json == [second]
    assert full("show", "Handbook.pdf", "--page", 2).out == "--- page 2 ---\nGo.\n\n"
