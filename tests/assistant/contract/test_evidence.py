"""Passages that come with a question."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.answering.evidence_units import widened
from assistant.contract.evidence import Evidence, GivenPassages, Joined
from tests.assistant.fakes import WordEmbedder
from tests.contracts import TEXTS
from tests.pdfs import write_pdf
from vectorstore.library import Library


class EvidenceContract:
    """Fixture: `evidence`, which holds a document for each of TEXTS."""

    def test_the_best_passage_is_one_of_the_first(self, evidence: Evidence) -> None:
        for _, text in TEXTS:  # the second, where several sources take turns
            assert any(text in hit.text for hit in evidence.passages(text, 2))

    def test_at_most_k_come_back(self, evidence: Evidence) -> None:
        for k in (0, 1, len(TEXTS)):
            assert len(evidence.passages("days of leave", k)) == k

    def test_a_document_that_is_named_is_searched(self, evidence: Evidence) -> None:
        other = evidence.passages(TEXTS[1][1], 1)[0].document
        assert other in {hit.document for hit in evidence.passages("days of leave", 9, {other})}

    def test_a_passage_is_lines_of_its_page(self, evidence: Evidence) -> None:
        for hit in evidence.passages("days of leave", 9):
            page = evidence.page(hit.document, hit.page)
            lines = page.lines[hit.chunk.first : hit.chunk.last + 1]
            assert lines and all(line.text in hit.text for line in lines)

    def test_its_embedder_compares_questions_with_passages(self, evidence: Evidence) -> None:
        embedder = evidence.embedder()
        assert embedder.query("leave") @ embedder.passages(["leave"])[0] == pytest.approx(1, 1e-3)

    def test_the_ledger_adds_up(self, evidence: Evidence) -> None:
        document = evidence.passages("days of leave", 1)[0].document
        assert all(row.balanced for row in evidence.ledger(document))


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
