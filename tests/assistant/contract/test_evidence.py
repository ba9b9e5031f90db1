"""Passages that come with a question."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.answering.window import widened
from assistant.contract.evidence import Evidence, GivenPassages, Joined
from assistant.testing import TEXTS, EvidenceContract
from tests.assistant.fakes import WordEmbedder
from tests.pdfs import write_pdf
from vectorstore.library import Library


class TestLibrary(EvidenceContract):
    @pytest.fixture
    def evidence(self, tmp_path: Path) -> Iterator[Evidence]:
        for title, text in TEXTS:
            write_pdf(tmp_path / "papers" / f"{title}.pdf", [text])
        with Library(tmp_path / "library", "main", WordEmbedder) as library:
            library.add([tmp_path / "papers"])
            yield library


class TestGivenPassages(EvidenceContract):
    @pytest.fixture
    def evidence(self) -> Evidence:
        return GivenPassages(TEXTS, WordEmbedder())


class TestJoined(EvidenceContract):
    @pytest.fixture
    def evidence(self) -> Evidence:
        library, attached = (GivenPassages(TEXTS[at::2], WordEmbedder()) for at in (0, 1))
        return Joined(library, attached, "")


LONG = " ".join(f"Sentence {n} speaks of nothing in particular at all." for n in range(200))


def test_a_long_passage_is_read_where_the_question_is_answered() -> None:
    given = GivenPassages([("Town", f"{LONG} The zebra lives in the park.")], WordEmbedder())
    hits = given.passages("Where does the zebra live?")
    assert "zebra" in hits[0].text
    assert any("zebra" in window.text for window in widened(hits, given, 300))


def test_titles_that_repeat_are_told_apart() -> None:
    given = GivenPassages([("Town", "One."), ("Town", "Two."), ("", "Three.")], WordEmbedder())
    assert {hit.document for hit in given.passages("?")} == {"Town", "Town (2)", "Passage"}


def test_only_the_named_ones_are_read() -> None:
    given = GivenPassages([("A", "Zebra."), ("B", "Zebra.")], WordEmbedder())
    assert [hit.document for hit in given.passages("Zebra?", documents=["B"])] == ["B"]


def test_no_passages_give_nothing() -> None:
    assert GivenPassages([], WordEmbedder()).passages("?") == []
