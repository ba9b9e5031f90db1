"""Names that the question or a document's title gives."""

from dataclasses import replace

from assistant.answering.claims import GivenNames
from assistant.answering.evidence_units import Window
from ingest.document.model import Line, Page
from tests.assistant.fakes import FirstPages, WordEmbedder, ground, window_of

EMBEDDER = WordEmbedder()
LINE = "We record inventories at the lower of cost and net realizable value."
SAID = "Quillmere records inventories at the lower of cost and net realizable value."
QUESTION = "How does Quillmere record inventories?"


def supports(question: str, *read: Window, first: dict[str, Page] | None = None) -> list[str]:
    """The documents whose lines support `SAID`."""
    [sentence], citations = ground(question, SAID, read, EMBEDDER, first)
    return [citation.document for citation in citations] if sentence.supported else []


def test_the_name_of_the_file_gives_it() -> None:
    assert supports("?", window_of(LINE, document="Quillmere 2023.pdf")) == ["Quillmere 2023.pdf"]
    assert supports("?", window_of(LINE, document="Report.pdf")) == []


def test_the_largest_letters_of_the_first_page_give_it() -> None:
    cover = Page(1, 595, 842, (Line("Quarterly report", size=10), Line("Quillmere Inc.", size=24),
                               Line("Reading, Ohio", size=10)))  # fmt: skip
    assert supports("?", window_of(LINE, number=9), first={"Handbook.pdf": cover})
    small = replace(cover, lines=tuple(replace(line, size=10) for line in cover.lines))
    assert not supports("?", window_of(LINE, number=9), first={"Handbook.pdf": small})


def test_the_question_gives_it_where_the_document_has_it() -> None:
    window = window_of("Quillmere makes clocks.", LINE)
    assert supports(QUESTION, window)
    assert not supports(QUESTION, window_of("Orbel makes clocks.", LINE))


def test_a_line_of_another_company_says_nothing_of_it() -> None:
    """Also where that document mentions the name."""
    other = window_of(LINE, "Quillmere is a competitor.", document="Orbel 2023.pdf")
    own = window_of("Sales were strong in all regions.", document="Quillmere 2023.pdf")
    assert supports(QUESTION, other, own) == []
    apart = window_of(LINE, document="Orbel 2023.pdf")
    [sentence], _ = ground(QUESTION, SAID, [apart, own], EMBEDDER)
    assert sentence.support == "none", "not even as the closest line"
    assert sentence.unstated[0].startswith("Quillmere")


def test_a_sentence_that_names_two_documents_may_cite_both() -> None:
    own = window_of("Sales were 21 million dollars in all regions.", document="Quillmere.pdf")
    other = window_of("Sales were 35 million dollars in all regions.", document="Orbel.pdf")
    said = "Sales of Quillmere were 21 million dollars and of Orbel 35 million dollars."
    [sentence], citations = ground("Compare the sales.", said, [own, other], EMBEDDER)
    assert sentence.support != "none"
    assert {citation.document for citation in citations} == {"Quillmere.pdf", "Orbel.pdf"}


def test_the_title_gives_its_years_and_quarters_and_no_other_number() -> None:
    line = "Sales rose in all regions and came to $21 million."
    for said, supported in (
        ("Sales rose in all regions in 2023 and came to $21 million.", True),
        ("Sales rose in all regions in Q1 2023 and came to $21 million.", True),
        ("Sales rose in all regions in Q2 2023 and came to $21 million.", False),
        ("Sales rose in all regions in 2022 and came to $21 million.", False),
        ("Sales rose in all 10 regions and came to $21 million.", False),
    ):
        read = window_of(line, document="Orbel 10-Q 2023 Q1.pdf")
        [sentence], _ = ground("?", said, [read], EMBEDDER)
        assert sentence.supported is supported, said


def test_words_of_a_name_stand_side_by_side_somewhere() -> None:
    read = window_of("The Blue Harbour plan pays for dental care at Green Hill clinic.")
    for name, supported in (("Blue Harbour", True), ("Green Harbour", False)):
        said = f"The {name} plan pays for dental care."
        [sentence], _ = ground("?", said, [read], EMBEDDER)
        assert sentence.supported is supported
        assert sentence.unstated == (() if supported else ("Green Harbour",))


def test_a_document_that_is_gone_has_no_first_page() -> None:
    cover = Page(1, 595, 842, (Line("Quillmere Inc.", heading=1),))
    window = window_of(LINE, document="Notes")
    there = GivenNames([window], FirstPages.of({"Notes": [cover]}, EMBEDDER))
    gone = GivenNames([window], FirstPages.of({}, EMBEDDER))
    assert there.titles["Notes"] - gone.titles["Notes"] == {"quillmere", "inc"}
    assert "note" in gone.titles["Notes"]
