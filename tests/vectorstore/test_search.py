from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import WordEmbedder
from tests.vectorstore.conftest import LEAVE, PASSWORD, write_papers
from vectorstore.errors import UnknownDocument
from vectorstore.library import Library


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library with the papers in it that no test changes."""
    folder: Path = tmp_path_factory.mktemp("shelf")
    with Library(folder / "main", "main", WordEmbedder) as library:
        library.add([write_papers(folder)])
        yield library


def test_the_best_page_comes_first_once_with_its_cosine(shelf: Library) -> None:
    hits = shelf.search("How much leave is paid?")
    assert (hits[0].document, hits[0].page) == ("Handbook.pdf", 1)
    assert hits[0].text == "Leave\nThirty days of leave are paid in a year."
    assert hits[0].cosine == pytest.approx(1)
    assert len({(hit.document, hit.page) for hit in hits}) == len(hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_a_passage_knows_its_headings_and_its_lines(shelf: Library) -> None:
    chunk = shelf.search("leave")[0].chunk
    assert (chunk.headings, chunk.first, chunk.last) == (("Leave",), 0, 1)
    lines = shelf.page("Handbook.pdf", 1).lines[chunk.first : chunk.last + 1]
    assert [line.text for line in lines] == ["Leave", LEAVE[-1]]


def test_words_alone_find_what_the_vectors_do_not(shelf: Library) -> None:
    assert shelf.search("fourteen", k=1)[0].document == "Policy.pdf"


@pytest.mark.parametrize("k", [-1, 0, 1, 2, 50])
def test_at_most_k_pages_come_back(shelf: Library, k: int) -> None:
    assert len(shelf.search("leave", k)) == min(max(k, 0), 3)


def test_only_the_chosen_documents_are_searched(shelf: Library) -> None:
    assert {hit.document for hit in shelf.search("leave", documents=["Policy.pdf"])} == {
        "Policy.pdf"
    }
    assert shelf.search("leave", documents=[]) == []
    assert shelf.search("leave", documents=["Nothing.pdf"]) == []


@pytest.mark.parametrize(
    "query", ["\"' AND * NEAR(", "a:b^2", "\x00", "NOT", "日本", "'; DROP", "🙂"]
)
def test_odd_queries_are_only_words(shelf: Library, query: str) -> None:
    assert isinstance(shelf.search(query), list)


def test_an_empty_query_and_an_empty_library_find_nothing(shelf: Library, library: Library) -> None:
    assert shelf.search(" ") == []
    assert library.search("leave") == []


def test_an_unknown_document_or_page_is_named(shelf: Library) -> None:
    with pytest.raises(UnknownDocument, match=r"Handbook\.pdf has no page 9"):
        shelf.page("Handbook.pdf", 9)
    for call in (shelf.pages, shelf.file, lambda name: shelf.page(name, 1)):
        with pytest.raises(UnknownDocument, match=r"no document 'x\.pdf'"):
            call("x.pdf")


def test_headings_come_in_the_order_of_the_document(shelf: Library) -> None:
    assert shelf.headings("Handbook.pdf") == ["Leave", "Travel"]


def test_the_policy_is_found_by_its_first_page(shelf: Library) -> None:
    assert shelf.search("the policy", k=1)[0].text.endswith(PASSWORD[-1])
