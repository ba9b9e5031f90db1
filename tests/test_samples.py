"""Checks that the sample company's PDFs and its question set say the same."""

import json
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

SAMPLES = Path(__file__).parent.parent / "samples"
HANDBOOK = "Employee Handbook.pdf"
REPORT = "Quarterly Report Q1 2026.pdf"
OLD_POLICY = "Security Policy v1 (2024).pdf"
NEW_POLICY = "Security Policy v2 (2026).pdf"
LETTER = "Letter from the Landlord.pdf"

PAGES = {HANDBOOK: 21, REPORT: 9, OLD_POLICY: 5, NEW_POLICY: 6, LETTER: 1}
SMALL_WORDS = {"a", "and", "between", "by", "from", "in", "is", "of", "or", "the", "to", "up"}


@cache
def pages(document: str) -> list[str]:
    """The words of each page, separated by single spaces; of the scan, what it was drawn from."""
    if document == LETTER:
        letter = (SAMPLES / "content" / "letter.txt").read_text(encoding="utf-8")
        return [" ".join(letter.lower().split())]
    reader = PdfReader(SAMPLES / document)
    return [" ".join(page.extract_text().lower().split()) for page in reader.pages]


def questions() -> list[dict[str, Any]]:
    """The rows of the question set."""
    lines = (SAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def answerable() -> list[Any]:
    """The rows that have an answer, as test parameters named by their questions."""
    return [pytest.param(row, id=row["id"]) for row in questions() if row["answerable"]]


def key_words(answer: str) -> set[str]:
    """The numbers and the words of an answer that carry its meaning."""
    words = (word.strip(",.") for word in answer.lower().split())
    return {word for word in words if word and word not in SMALL_WORDS}


def contains(text: str, word: str) -> bool:
    """Whether a word or a number stands in a text by itself, not as a part of a longer one."""
    return re.search(rf"(?<![\w.,]){re.escape(word)}(?![\w]|[.,]\d)", text) is not None


def evidence_texts(row: dict[str, Any]) -> list[str]:
    """The text of each page that a row names."""
    return [pages(place["doc"])[place["page"] - 1] for place in row["evidence"]]


@pytest.mark.parametrize(("document", "count"), PAGES.items())
def test_each_document_has_the_expected_number_of_pages(document: str, count: int) -> None:
    assert len(pages(document)) == count


def test_the_letter_is_a_picture_without_text() -> None:
    page = PdfReader(SAMPLES / LETTER).pages[0]
    assert page.extract_text() == ""
    assert len(page.images) == 1


@pytest.mark.parametrize("document", [HANDBOOK, REPORT, OLD_POLICY, NEW_POLICY])
def test_the_outline_leads_to_the_page_of_each_heading(document: str) -> None:
    reader = PdfReader(SAMPLES / document)
    entries = list(flat(reader.outline))
    assert len(entries) > 15
    for entry in entries:
        number = reader.get_destination_page_number(entry)
        assert number is not None
        assert entry.title.lower() in pages(document)[number]


def flat(outline: Any) -> Iterator[Any]:
    """The entries of a nested outline, in order."""
    for entry in outline:
        if isinstance(entry, list):
            yield from flat(entry)
        else:
            yield entry


def test_every_page_but_the_cover_shows_the_number_that_a_viewer_shows() -> None:
    for document in (HANDBOOK, REPORT, OLD_POLICY, NEW_POLICY):
        for number, text in enumerate(pages(document)[1:], start=2):
            assert contains(text, str(number))


def test_letters_beyond_ascii_can_be_read_back() -> None:
    handbook = " ".join(pages(HANDBOOK))
    for word in ("€145", "inês carvalho", "tomasz król", "birgit hänsel", "rui magalhães"):
        assert word in handbook


def test_the_new_policy_says_which_version_it_supersedes() -> None:
    assert "supersedes version 1.0 of 1 march 2024" in pages(NEW_POLICY)[1]


def test_question_ids_are_unique() -> None:
    ids = [row["id"] for row in questions()]
    assert len(ids) == len(set(ids)) >= 48


def test_no_question_is_asked_twice() -> None:
    asked = [row["question"].lower() for row in questions()]
    assert len(asked) == len(set(asked))


def test_rows_have_exactly_the_agreed_fields() -> None:
    for row in questions():
        assert list(row) == ["id", "question", "answers", "answerable", "evidence"]
        assert all(place.keys() == {"doc", "page"} for place in row["evidence"])


def test_at_least_a_quarter_of_the_questions_have_no_answer() -> None:
    rows = questions()
    unanswerable = [row for row in rows if not row["answerable"]]
    assert len(unanswerable) * 4 >= len(rows)
    assert all(row["answers"] == [] and row["evidence"] == [] for row in unanswerable)


@pytest.mark.parametrize("row", answerable())
def test_the_pages_named_as_evidence_contain_the_answer(row: dict[str, Any]) -> None:
    texts = evidence_texts(row)
    assert texts
    missing = {w for w in key_words(row["answers"][0]) if not contains(" ".join(texts), w)}
    assert not missing


@pytest.mark.parametrize("row", answerable())
def test_each_page_named_as_evidence_adds_to_the_answer(row: dict[str, Any]) -> None:
    words = key_words(row["answers"][0])
    assert all(any(contains(text, word) for word in words) for text in evidence_texts(row))


ABSENT = [
    "parental", "maternity", "paternity", "sabbatical", "dress code", "health insurance",
    "parking", "company car ", "per share", "dividend", "france", "penetration", "iso 27001",
    "antivirus", "retirement", "pets", " dog", "commission rate", "2021",
]  # fmt: skip


@pytest.mark.parametrize("topic", ABSENT)
def test_topics_of_unanswerable_questions_are_in_no_document(topic: str) -> None:
    texts = [" ".join(pages(document)) for document in PAGES]
    assert not any(topic in text for text in texts)


def other_tools() -> str:
    """Which tool differs from those that made the committed PDFs; empty if none does."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        return "another platform rounds the pictures differently"
    lines = (SAMPLES / "made-with.txt").read_text(encoding="utf-8").splitlines()
    for name, wanted in (line.split("==") for line in lines if "==" in line):
        try:
            found = version(name)
        except PackageNotFoundError:
            return f"{name} is not installed"
        if found != wanted:
            return f"{name} is {found}, the PDFs were made with {wanted}"
    return ""


@pytest.mark.slow
def test_generating_again_gives_the_same_bytes(tmp_path: Path) -> None:
    if reason := other_tools():
        pytest.skip(reason)
    script = [sys.executable, str(SAMPLES / "generate.py"), "--output", str(tmp_path)]
    subprocess.run(script, check=True, capture_output=True)
    for document in PAGES:
        assert (tmp_path / document).read_bytes() == (SAMPLES / document).read_bytes(), document
