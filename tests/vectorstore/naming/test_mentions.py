import pytest

from vectorstore.naming.document_names import FIRST_PAGE, TITLE, Name
from vectorstore.naming.mentions import Named, NameIndex

APPLE = ("2022 Q3 AAPL.pdf", "2023 Q1 AAPL.pdf")
NIKE, AMEX = "NIKE_2021_10K.pdf", "amex.pdf"
PLUS, STANDARD = "Northwind_Health_Plus.pdf", "Northwind_Standard.pdf"


def title(passages: int) -> Name:
    return Name(passages, TITLE)


def first_page(passages: int) -> Name:
    return Name(passages, FIRST_PAGE)


SHELF = [
    Named(APPLE[0], {"aapl": title(1), "apple": title(90)}, frozenset({"2022", "q3"})),
    Named(
        APPLE[1],
        {"aapl": title(1), "apple": title(90), "iphone": first_page(9)},
        frozenset({"2023", "q1"}),
    ),
    Named(NIKE, {"nike": title(80), "converse": first_page(30), "netflix": title(9)}),
    Named(AMEX, {"american express": title(50), "card": first_page(2)}),
    Named(PLUS, {"northwind": title(90), "northwind health plus": title(80)}),
    Named(STANDARD, {"northwind": title(90), "northwind standard": title(80)}),
    Named("Leave.pdf", {}),
    Named("Report.pdf", {}),
    Named("Report 2023.pdf", {}),
    Named("379f44022bb27.pdf", {}),
    Named("Rules v1.md", {"rules": title(3)}, newer="Rules v2.md"),
    Named("Rules v2.md", {}),
]
STATED = {"apple": 200, "converse": 33, "nike": 85, "aapl": 2, "iphone": 9, "sold": 9, "rules": 9,
          "card": 90}  # fmt: skip
INDEX = NameIndex(SHELF, lambda word: STATED.get(word, 0))


@pytest.mark.parametrize(
    ("question", "groups"),
    [
        ("What did Apple's stores sell?", [APPLE]),
        ("what did apple sell?", [APPLE]),
        ("AAPL or aapl?", [APPLE]),
        ("What do NIKE and Apple sell?", [[NIKE], APPLE]),
        ("iPhone sales", [[APPLE[1]]]),
        ("What does Converse sell?", [[NIKE]]),
        ("Which card is it?", []),  # most of what is said of cards stands elsewhere
        ("Who is at Nike in March 2021?", [[NIKE]]),
        ("What did Nke sell and NFLKS?", []),
        ("What is northwindhealthplus?", [[PLUS]]),
        ("Is Northwind Health Plus better than Northwind Standard?", [[PLUS], [STANDARD]]),
        ("northwind plans", [[PLUS, STANDARD]]),
        ("salary plus bonus", []),
        ("What does Neflix show?", [[NIKE]]),
        ("Which cards has American Express?", [[AMEX]]),
        ("what does nkie sell?", []),  # too short to be misspelt
        ("What is said of Tesla and by Globex?", []),
        ("How much leave is paid?", []),  # a common word is no name
        ("How much leave is paid by Leave.pdf?", [["Leave.pdf"]]),
        ("What is in 379f44022bb27?", [["379f44022bb27.pdf"]]),
        ("What is new in Report 2023.pdf?", [["Report 2023.pdf"]]),
        ("What is new in Report.pdf?", [["Report.pdf"]]),
        ("WHAT IS SOLD BY NIKE?", [[NIKE]]),
        ("the rules", []),  # of a version that was replaced
        ("the rules of Rules v1", [["Rules v1.md"]]),
        ("", []),
    ],
)
def test_a_text_names_documents(question: str, groups: list[list[str]]) -> None:
    assert set(INDEX.naming(question)) == {frozenset(group) for group in groups}


def test_a_place_of_the_first_page_that_others_tell_of_too_does_not_bind() -> None:
    """The sites that a handbook lists are in the report as well: a question may be of its table."""
    handbook = Named("Handbook.pdf", {"leeds": first_page(13), "handbook": title(9)})
    shelf = [handbook, *(Named(name, {}) for name in ("Report.pdf", "a", "b", "c"))]
    told_elsewhere = NameIndex(shelf, lambda _: 16)
    nowhere_else = NameIndex(shelf, lambda _: 13)
    assert told_elsewhere.naming("How many people work in Leeds?") == []
    assert nowhere_else.naming("How many people work in Leeds?") == [{"Handbook.pdf"}]


def test_a_name_of_all_documents_says_nothing() -> None:
    index = NameIndex([Named(name, {"acme": title(9)}) for name in "ab"], lambda _: 18)
    assert index.naming("What does Acme say?") == []


def test_a_period_picks_among_documents() -> None:
    assert INDEX.of_period("Apple's first quarter of 2023", APPLE) == {APPLE[1]}
    assert INDEX.of_period("Apple's sales", APPLE) == frozenset()
    assert INDEX.of_period("Apple's sales of 1999", APPLE) == frozenset()
