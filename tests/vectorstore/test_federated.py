"""Several libraries are searched and read as one."""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.fakes import WORDS, WordEmbedder
from tests.pdfs import write_pdf
from vectorstore import federation
from vectorstore.errors import UnknownDocument
from vectorstore.federation import Federated, Statistics
from vectorstore.library import Library

LEAVE = ["# Leave", "", "Thirty days of leave are paid in a year."]
TRAVEL = ["# Travel", "", "Travel by train; an expense needs a receipt."]
PASSWORD = ["# Security", "", "A password has fourteen letters."]

Make = Callable[..., Library]


class ManyLanguages(WordEmbedder):
    """As one for several languages, of which it knows the words."""

    multilingual = True

    def __init__(self) -> None:
        super().__init__((*WORDS, "urlaub"), "many")


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes a library of some documents, by their names."""
    made: list[Library] = []

    def library(
        name: str, papers: dict[str, list[list[str]]],
        embedder: Callable[[], WordEmbedder] = WordEmbedder,
    ) -> Library:  # fmt: skip
        for file, pages in papers.items():
            write_pdf(tmp_path / name / file, *pages)
        made.append(Library(tmp_path / "libraries" / name, name, embedder))
        made[-1].add([tmp_path / name])
        return made[-1]

    yield library
    for one in made:
        one.close()


def documents(hits: Sequence[object]) -> list[str]:
    return [getattr(hit, "document") for hit in hits]  # noqa: B009  # of any hit


def test_passages_of_all_libraries_are_found_and_open_in_the_right_one(make: Make) -> None:
    staff = make("staff", {"Handbook.pdf": [LEAVE]})
    office = make("office", {"Handbook.pdf": [TRAVEL]})
    both = Federated([staff, office])
    found = both.search("How much leave, and which expense needs a receipt?")
    assert sorted(documents(found)) == ["office/Handbook.pdf", "staff/Handbook.pdf"]
    assert "train" in both.page("office/Handbook.pdf", 1).text
    assert "Thirty" in both.page("staff/Handbook.pdf", 1).text
    assert both.file("staff/Handbook.pdf") == staff.file("Handbook.pdf")
    assert both.size() == (2, 2)


def test_they_rank_as_one_library_of_all_documents_would(make: Make) -> None:
    first = {"A.pdf": [LEAVE, TRAVEL], "B.pdf": [["The visitor has a badge."]]}
    second = {"C.pdf": [PASSWORD], "D.pdf": [["A laptop travels; revenue grows."]]}
    whole = make("whole", first | second)
    both = Federated([make("first", first), make("second", second)])
    for question in ("How long is a password?", "Who travels by train?", "visitor badge leave"):
        places = [(hit.document.split("/")[1], hit.page) for hit in both.search(question)]
        assert places == [(hit.document, hit.page) for hit in whole.search(question)]


def test_named_documents_alone_are_searched(make: Make) -> None:
    both = Federated(
        [make("staff", {"Leave.pdf": [LEAVE]}), make("office", {"Travel.pdf": [TRAVEL]})]
    )
    found = both.search("leave", documents=["office/Travel.pdf"])
    assert documents(found) == ["office/Travel.pdf"]


def test_a_file_that_is_in_both_is_found_once(make: Make) -> None:
    staff, office = make("staff", {"A.pdf": [LEAVE]}), make("office", {"B.pdf": [LEAVE]})
    assert documents(Federated([staff, office]).search("leave")) == ["staff/A.pdf"]


def test_libraries_with_different_models_are_compared_by_one(make: Make) -> None:
    others = ("leave", "expense")
    small = make("small", {"A.pdf": [TRAVEL]}, lambda: WordEmbedder(others, "other"))
    large = make("large", {"B.pdf": [LEAVE, PASSWORD]})
    both = Federated([small, large])
    assert both.embedder().identity == "words"  # that of most pages
    [best, *_] = both.passages("travel")
    assert (best.document, round(best.cosine, 2)) == ("small/A.pdf", 0.89)
    assert both.passages("travel")[0] == best  # from kept vectors


def test_a_model_for_several_languages_goes_before_others(make: Make) -> None:
    german = make("german", {"Urlaub.pdf": [["Dreißig Tage Urlaub im Jahr."]]}, ManyLanguages)
    english = make("english", {"A.pdf": [LEAVE, TRAVEL]})
    both = Federated([english, german])
    assert both.embedder().identity == "many"
    assert documents(both.search("Wie viel Urlaub?"))[0] == "german/Urlaub.pdf"
    assert documents(both.search("How much leave?"))[0] == "english/A.pdf"


def test_a_library_that_is_not_asked_opens_nothing(make: Make) -> None:
    left = Federated([make("staff", {"A.pdf": [LEAVE]})])
    with pytest.raises(UnknownDocument, match=r"B\.pdf is in the library 'office'"):
        left.page("office/B.pdf", 1)
    assert documents(left.search("leave")) == ["staff/A.pdf"]


def test_what_is_added_later_is_found(make: Make, tmp_path: Path) -> None:
    staff = make("staff", {"A.pdf": [LEAVE]})
    both = Federated([staff, make("office", {"B.pdf": [TRAVEL]})])
    before = both.generation()
    both.search("password")
    write_pdf(tmp_path / "staff" / "C.pdf", PASSWORD)
    staff.add([tmp_path / "staff"])
    assert documents(both.search("password"))[0] == "staff/C.pdf"
    assert both.generation() > before


def test_a_common_word_of_one_library_weighs_less_among_all(make: Make) -> None:
    said = ("comes by train", "wears a badge", "has lunch", "waits below", "leaves early")
    visits = {f"{n}.pdf": [[f"A visitor {does}."]] for n, does in enumerate(said)}
    sums = {f"{n}.pdf": [[f"The revenue of whoever {does}."]] for n, does in enumerate(said)}
    reports = make("reports", sums)
    staff = make("staff", visits | {"Menu.pdf": [["The revenue of the canteen."]]})
    both = {one.name: one for one in (reports, staff)}
    weights = Statistics(both).weights_of_words("revenue")
    assert weights["staff"] == pytest.approx(1e-6 / math.log(5.5 / 1.5))
    assert weights["reports"] == 1.0  # there every passage has it, and most of all have it


def test_names_of_several_libraries_and_their_documents() -> None:
    assert federation.joined(["sales", "hr", "hr"]) == "hr,sales"
    assert federation.joined(["hr"]) == "hr," and federation.is_joined("hr,")
    assert federation.parts("hr, sales") == ["hr", "sales"] and federation.parts("") == []
    assert federation.shown("hr,sales") == "hr, sales"
    assert federation.renamed("hr,sales", "hr", "people") == "people,sales"
    assert federation.renamed("hr", "hr", "people") == "people"
    assert federation.apart(federation.qualified("hr", "2024/Plan.pdf")) == ("hr", "2024/Plan.pdf")
