import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import WordEmbedder
from tests.pdfs import write_pdf
from tests.vectorstore.conftest import LEAVE, PASSWORD, write_papers
from vectorstore.errors import UnknownDocument
from vectorstore.library import Library
from vectorstore.retrieval.fusion import Hit, Named
from vectorstore.retrieval.search_query import Pointing


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


def test_other_pages_are_found_behind_one_with_many_passages(
    library: Library, tmp_path: Path
) -> None:
    leave = [f"Leave number {n} is granted by the office, as leave {n} was." for n in range(120)]
    library.add(
        [write_pdf(tmp_path / "all.pdf", leave), write_pdf(tmp_path / "one.pdf", ["Leave."])]
    )
    of_one_page = [hit.document for hit in library.passages("leave of the office", 9)]
    assert of_one_page == ["all.pdf"] * 9
    found = library.search("leave of the office", 2)
    assert [hit.document for hit in found] == ["all.pdf", "one.pdf"]


def test_a_hit_of_a_page_tells_its_ranks_among_all_candidates(
    library: Library, tmp_path: Path
) -> None:
    rows = [
        [f"Leave {n}, rule {m}, is granted by office {n} of it." for m in range(12)]
        for n in range(260)
    ]
    (tmp_path / "all.txt").write_text("\n\n".join("\n".join(row) for row in rows))
    library.add([tmp_path / "all.txt"])
    [hit] = library.search("leave of office 7", 1)
    assert hit.legs and hit.legs.candidates > 200  # more than are looked at for pages
    assert hit.legs == library.passages("leave of office 7", 1)[0].legs


def test_only_the_chosen_documents_are_searched(shelf: Library) -> None:
    assert {hit.document for hit in shelf.search("leave", documents=["Policy.pdf"])} == {
        "Policy.pdf"
    }
    assert shelf.search("leave", documents=[]) == []
    assert shelf.search("leave", documents=["Nothing.pdf"]) == []


@pytest.mark.parametrize("query", ["leave", "What is on page 1?", "the balance sheet"])
def test_any_number_of_documents_can_be_chosen(shelf: Library, query: str) -> None:
    with shelf._catalog.database.read() as connection:  # Debian's SQLite has a limit of its own
        limit = connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 32_766)
    many = [f'Report {number} of “the” year\'s "end".pdf' for number in range(40_000)]
    some = shelf.search(query, documents=["Policy.pdf"])
    found = shelf.search(query, documents=["Policy.pdf", *many])
    assert [hit.chunk for hit in found] == [hit.chunk for hit in some] != []
    connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, limit)


def test_a_page_is_looked_up_in_few_chosen_documents_alone(shelf: Library) -> None:
    """Page 1 of many says nothing: their first pages would take the place of what is near."""
    (few, *_), (many, *_) = (
        shelf.search("What is on page 1?", documents=["Policy.pdf", *names])
        for names in ([], [f"{number}.pdf" for number in range(9)])
    )
    assert few.legs and many.legs
    assert few.legs.shares.pointed > 0 == many.legs.shares.pointed


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


def test_the_policy_is_found_by_its_first_page(shelf: Library) -> None:
    assert shelf.search("the policy", k=1)[0].text.endswith(PASSWORD[-1])


# -- what a question points at

NIKE = (
    ["Nike Annual Report 2021", "Shoes and sports"],
    ["NIKE, INC.", "CONSOLIDATED BALANCE SHEETS", "Total current assets 26,291"],
    ["Our quick decisions keep the ratio of sales to stores."],
)
PUMA = (
    ["Puma Annual Report 2021", "Shoes and cats"],
    ["PUMA SE", "CONSOLIDATED BALANCE SHEETS", "Total current assets 3,000"],
    ["Sales to stores are quick, the ratio is good."],
)


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("reports")
    write_pdf(folder / "papers" / "NIKE_2021.pdf", *NIKE)
    write_pdf(folder / "papers" / "PUMA_2021.pdf", *PUMA)
    with Library(folder / "main", "main", WordEmbedder) as library:
        library.add([folder / "papers"])
        yield library


def places(hits: list[Hit]) -> list[tuple[str, int]]:
    return [(hit.document, hit.page) for hit in hits]


def test_a_ratio_is_looked_up_in_the_statement_of_the_company_that_is_meant(
    reports: Library,
) -> None:
    hits = places(reports.search("What is the quick ratio of Nike?"))
    assert hits.index(("NIKE_2021.pdf", 2)) < hits.index(("PUMA_2021.pdf", 2))
    assert ("NIKE_2021.pdf", 2) in hits[:2]


def test_a_document_that_is_named_comes_first_whole(reports: Library) -> None:
    for question in ("sales to stores in PUMA_2021", "sales to stores (Puma 2021)"):
        hits = places(reports.search(question))
        assert [document for document, _ in hits] == ["PUMA_2021.pdf"] * 3 + ["NIKE_2021.pdf"] * 3


def test_two_documents_that_are_named_are_both_found(reports: Library) -> None:
    hits = places(reports.search("Compare the sales of NIKE_2021 and PUMA_2021", k=2))
    assert {document for document, _ in hits} == {"NIKE_2021.pdf", "PUMA_2021.pdf"}


def test_a_page_is_found_by_its_number_when_its_document_is_known(reports: Library) -> None:
    assert places(reports.search("What is on page 3 of NIKE_2021?"))[0] == ("NIKE_2021.pdf", 3)
    scoped = reports.search("What is on the last page?", documents=["PUMA_2021.pdf"])
    assert places(scoped)[0] == ("PUMA_2021.pdf", 3)
    assert reports.search("What is on page 99?", documents=["PUMA_2021.pdf"])


def test_an_old_version_is_found_when_the_question_names_it(
    library: Library, tmp_path: Path
) -> None:
    rules = [f"Rule {number}: a laptop is returned before noon." for number in range(30)]
    write_pdf(tmp_path / "in" / "Laptops v1.pdf", rules)
    write_pdf(tmp_path / "in" / "Laptops v2.pdf", [*rules, "Rule 31: no stickers."])
    library.add([tmp_path / "in"])
    assert {hit.document for hit in library.search("laptop rules")} == {"Laptops v2.pdf"}
    assert {hit.document for hit in library.search("the rules of Laptops v1")} == {"Laptops v1.pdf"}
    both = library.search("What has changed in Laptops v2 against Laptops v1?")
    assert {hit.document for hit in both} == {"Laptops v1.pdf", "Laptops v2.pdf"}


@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("How often is a laptop returned by the laptop policy?", "Laptop Policy v2.txt"),
        ("the rules of laptop policy v2", "Laptop Policy v2.txt"),
        ("the rules of Laptop Policy.txt", "Laptop Policy.txt"),
    ],
)
def test_plain_words_name_the_newest_version_and_the_whole_name_an_old_one(
    library: Library, tmp_path: Path, question: str, document: str
) -> None:
    rules = [f"Rule {number}: a laptop is returned before noon." for number in range(30)]
    old, new = tmp_path / "in" / "Laptop Policy.txt", tmp_path / "in" / "Laptop Policy v2.txt"
    old.parent.mkdir()
    old.write_text("\n\n".join(rules))
    new.write_text("\n\n".join([*rules, "Rule 31: no stickers."]))
    os.utime(old, (10**9, 10**9))
    assert [link.by for link in library.add([tmp_path / "in"]).superseded] == [new.name]
    assert library.search(question)[0].document == document


def test_the_handbook_of_last_year_is_replaced_and_a_report_is_not(
    library: Library, tmp_path: Path
) -> None:
    rules = [f"Rule {number}: a laptop is returned before noon." for number in range(30)]
    for name in ("Staff Handbook 2023", "Staff Handbook 2024", "Report 2023", "Report 2024"):
        write_pdf(tmp_path / "in" / f"{name}.pdf", [*rules, f"This is the {name}."])
    links = library.add([tmp_path / "in"]).superseded

    assert [(link.document, link.by) for link in links] == [
        ("Staff Handbook 2023.pdf", "Staff Handbook 2024.pdf")
    ]
    found = {hit.document for hit in library.search("laptop rules", k=20)}
    assert found == {"Staff Handbook 2024.pdf", "Report 2023.pdf", "Report 2024.pdf"}
    named = library.search("Which laptop rules are in the 2023 handbook?", k=20)
    assert named[0].document == "Staff Handbook 2023.pdf"
    assert "Staff Handbook 2024.pdf" not in {hit.document for hit in named}
    then = {hit.document for hit in library.search("Which laptop rules were there in 2023?", k=20)}
    assert then == found | {"Staff Handbook 2023.pdf"}


def test_a_named_document_that_is_removed_meanwhile_is_no_error(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = [f"Rule {number}: a laptop is returned before noon." for number in range(30)]
    write_pdf(tmp_path / "in" / "Laptops v1.pdf", rules)
    write_pdf(tmp_path / "in" / "Laptops v2.pdf", [*rules, "Rule 31: no stickers."])
    assert library.add([tmp_path / "in"]).superseded
    # What a question named at the moment before the removal.
    gone = Named((frozenset({"Laptops v0.pdf"}),))
    monkeypatch.setattr(Pointing, "named", lambda self, query, scope: gone)
    assert {hit.document for hit in library.search("laptop rules")} == {"Laptops v2.pdf"}
