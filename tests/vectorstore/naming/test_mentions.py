import pytest

from vectorstore.naming.mentions import Named, NameIndex, clipped, misspelt

APPLE = ("2022 Q3 AAPL.pdf", "2023 Q1 AAPL.pdf")
SHELF = [
    Named(
        APPLE[0], {"aapl": (1, 9), "apple": (0.8, 90), "inc": (0.3, 30)}, frozenset({"2022", "q3"})
    ),
    Named(
        APPLE[1], {"aapl": (1, 9), "apple": (0.8, 90), "iphone": (0.1, 9)}, frozenset({"2023"})
    ),
    Named("NIKE_2021_10K.pdf", {"nike": (1, 80), "converse": (0.1, 10), "inc": (0.3, 30)}),
    Named("amex.pdf", {"american express": (0.5, 50), "apple": (0.01, 2)}),
    Named("Northwind_Health_Plus.pdf", {"northwind": (1, 90), "northwind health plus": (1, 80),
                                        "health plus": (0.9, 80), "plus": (1, 80)}),
    Named("Northwind_Standard.pdf", {"northwind": (1, 90), "northwind standard": (1, 80)}),
    Named("Leave.pdf", {}),
    Named("Report.pdf", {}),
    Named("Report 2023.pdf", {}),
    Named("379f44022bb27.pdf", {}),
    Named("Rules v1.md", {"rules": (1, 3)}, newer="Rules v2.md"),
    Named("Rules v2.md", {}),
]  # fmt: skip
STATED = {
    "apple": 200,
    "converse": 40,
    "plus": 500,
    "nike": 85,
    "aapl": 18,
    "iphone": 10,
    "sold": 9,
}
INDEX = NameIndex(SHELF, lambda word: STATED.get(word, 0))
NIKE, AMEX = "NIKE_2021_10K.pdf", "amex.pdf"
PLUS, STANDARD = "Northwind_Health_Plus.pdf", "Northwind_Standard.pdf"


@pytest.mark.parametrize(
    ("question", "groups"),
    [
        ("What did Apple's stores sell?", [APPLE]),
        ("what did apple sell?", [APPLE]),
        ("AAPL or aapl?", [APPLE]),
        ("What do NIKE and Apple sell?", [[NIKE], APPLE]),
        ("What does Nike, Inc. sell?", [[NIKE]]),  # Inc. is a name of both
        ("iPhone sales", [[APPLE[1]]]),
        ("What does Converse sell?", [[NIKE]]),
        ("How do I converse with a doctor?", []),  # 10 of 40 passages mean the name
        ("What is northwindhealthplus?", [[PLUS]]),
        ("Is Northwind Health Plus better than Northwind Standard?", [[PLUS], [STANDARD]]),
        ("northwind plans", [[PLUS, STANDARD]]),
        ("salary plus bonus", []),
        ("Which cards has AMEX?", [[AMEX]]),
        ("Which cards has AmEx?", [[AMEX]]),
        ("Which cards has American Express?", [[AMEX]]),
        ("what does nikee sell?", []),  # too short to be misspelt
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
    assert set(INDEX.naming(question).groups) == {frozenset(group) for group in groups}


def test_a_name_of_all_documents_says_nothing() -> None:
    index = NameIndex([Named("a", {"acme": (1, 9)}), Named("b", {"acme": (1, 9)})], lambda _: 9)
    assert index.naming("What does Acme say?").groups == ()


def test_a_period_picks_among_documents() -> None:
    assert INDEX.of_period("Apple's first quarter of 2023", APPLE) == {APPLE[1]}
    assert INDEX.of_period("Apple's sales", APPLE) == frozenset()
    assert INDEX.of_period("Apple's sales of 1999", APPLE) == frozenset()


@pytest.mark.parametrize(
    ("word", "name", "same"),
    [
        ("neflix", "netflix", True),
        ("netfilx", "netflix", True),
        ("netflixs", "netflix", True),
        ("natflix", "netflix", True),
        ("metflix", "netflix", False),
        ("nefilx", "netflix", False),
        ("apple", "apply", True),
        ("netflix", "net flix", False),
    ],
)
def test_one_wrong_letter_is_a_misspelling(word: str, name: str, same: bool) -> None:
    assert misspelt(word, name) == same


@pytest.mark.parametrize(
    ("word", "name", "same"),
    [
        ("amex", "american express", True),
        ("natwest", "national westminster", True),
        ("amer", "american express", False),
        ("exam", "american express", False),
    ],
)
def test_the_beginnings_of_all_words_are_an_abbreviation(word: str, name: str, same: bool) -> None:
    assert clipped(word, name) == same
