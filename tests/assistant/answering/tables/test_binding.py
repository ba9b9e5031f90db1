"""Questions over tables, from files to answers: bound by what was fitted, computed and cited."""

from pathlib import Path

import pytest

from assistant.contract.evidence import GivenPassages
from assistant.contract.facts import Outcome
from assistant.contract.request import Request, Turn
from assistant.tools.tabular import Tables
from vectorstore.embedding.embedder import Embedder, load_embedder
from vectorstore.library import Library

FILES = {
    "Travel costs.csv": (
        "Region,Item,2022,2023\nNorth,Flights,100,120\nNorth,Hotels,80,95\n"
        "South,Flights,60,50\nSouth,Hotels,40,70\n"
    ),
    "Products.csv": "Product,Revenue,Margin\nValves,900,12%\nPumps,700,31%\nPipes,1500,9%\n",
    "Depot crews.csv": "Depot,Crews 2041,Crews 2042\nKiel,41,38\nGraz,133,140\n",
    "Barge loads.csv": "Barge,Loads 2041,Loads 2042\nAda,1,9\nEve,5,2\n",
    "Staff.csv": "City,Employees,Founded\nBerlin,42,1999\nMadrid,17,2011\nOslo,9,2020\n",
    "Ducks.csv": "Year,Ducks seen\n2018,2\n2019,5\n2020,6\n2021,7\n",
    "Geese.csv": "Geese seen,Q1 2020,Q2 2020,Q3 2020\nGeese,1,2,3\nSwans,4,5,6\n",
    "Claims.csv": "Insurance,2022,2023\nClaims,200,300\nCost of claims,100,180\nRest,100,120\n",
    "Abroad.csv": "Non-U.S. stores,Number\nFactory stores,618\nKiosks,46\nTOTAL,664\n",
    "At home.csv": "U.S. stores,Number\nFactory stores,204\nKiosks,30\nTOTAL,234\n",
    "Overheads.csv": "Item,2031\nAdvertising expense,40\nTurnover,400\nCost of turnover,90\n",
    "Lines.csv": "Product line,2033,Change\nSensors,500,1%\nMeters,100,9%\n",
    "Shares.md": (
        "# Results as a percentage of all\n\n| Item | 2032 |\n|---|---|\n| Gross profit | 53.6 |\n"
    ),
    "Amounts.md": "# Results\n\n| Item | 2032 |\n|---|---|\n| Gross profit | 3,177 |\n",
    "Flows.md": "| Item | Nine Months Ended October 30, 2034 |\n|---|---|\n| Stocks | (1,848) |\n",
    "Balances.md": "| Item | October 30, 2034 |\n|---|---|\n| Stocks | 4,454 |\n",
    "Receivables.html": (
        "<p>Receivables (in thousands)</p><table>"
        "<tr><td></td><td></td><td>At the end of</td><td></td></tr>"
        "<tr><td></td><td>2051</td><td>2050</td><td>2049</td></tr>"
        "<tr><td>Trade receivables</td><td>$1,310</td><td>$1,250</td><td>$1,100</td></tr>"
        "<tr><td>Bad debts</td><td>(16)</td><td>(12)</td><td>(14)</td></tr></table>"
    ),
    "Results.md": (
        "# Results of the regions\n\nRevenue by region (in millions)\n\n"
        "| Region | 2022 | 2023 |\n|---|---|---|\n| North | $1,000 | $1,200 |\n"
        "| South | $300 | $270 |\n| Islands | $(50) | $30 |\n| Total | $1,250 | $1,500 |\n"
    ),
}


@pytest.fixture(scope="module")
def embedder(minilm: Path) -> Embedder:
    return load_embedder(minilm, 1)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Library:
    folder = tmp_path_factory.mktemp("tables")
    for name, text in FILES.items():
        (folder / "files" / name).parent.mkdir(exist_ok=True)
        (folder / "files" / name).write_text(text, "utf-8")
    library = Library(folder / "library", "main", lambda: embedder)
    library.add([folder / "files"])
    return library


def answer(library: Library, question: str) -> Outcome | None:
    reply = Tables().offer(Request(question, library))
    return reply.finish() if reply else None


def told(library: Library, question: str) -> str:
    done = answer(library, question)
    return done.text if done else ""


def test_an_extreme_that_all_years_share_is_told_of_the_latest(library: Library) -> None:
    assert told(library, "Which depot has the fewest crews?").startswith(
        "Kiel has the lowest of 2 values of “Crews 2042”: 38"
    )
    assert "41" in told(library, "Which depot had the fewest crews in 2041?")
    assert told(library, "Which barge has the highest loads?") == "", "the years disagree"


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("What is the total travel cost in 2023?", "= 335"),
        ("What is the sum of North flights and hotels travel costs in 2022?", "= 180"),
        ("What is the difference between 2022 and 2023 revenue in the North region?", "= $200"),
        ("By how much did revenue in the South change from 2022 to 2023?", "= -$30"),
        ("How much more revenue did North have than South in 2023?", "= $930"),
        ("By how much did revenue in the Islands rise between 2022 and 2023?", "= $80"),
        ("By what percentage did North revenue grow from 2022 to 2023?", "= 20.00 %"),
        ("By how much did North revenue rise in 2023 against the year before?", "= $200"),
        ("What share of revenue came from the South in 2023?", "= 18.00 %"),
        ("What is the ratio of North to South revenue in 2022?", "= 3.333"),
        ("Which product has the highest margin?", "Pumps has the highest"),
        ("Which product has the lowest revenue?", "Pumps has the lowest"),
        ("Which city has the fewest employees?", "Oslo"),
        ("How many employees in Berlin?", ": 42"),
        ("What is the average number of employees per city?", "= 22.67"),
        ("What was the total revenue in 2022?", "$1,250"),
        ("margin of valves", "12%"),
        ("How many cities have more than 15 employees?", "2 of 3 values"),
        ("How many cities have at most 9 employees?", "Oslo (9)"),
        ("How many ducks were seen from 2019 to 2021 in total?", "= 18"),
        ("What is the ratio of the cost of claims to claims in 2023?", "= 0.6 ("),
        ("How many claims were there in 2022?", ": 200"),
        ("What is the difference in ducks seen between 2018 and 2021?", "= 5"),
        ("How many factory stores are there in the U.S.?", ": 204"),
        ("How many factory stores are there outside the U.S.?", ": 618"),
        ("What is the ratio of advertising expense to turnover in 2031?", "= 0.1 ("),
        ("Which product line had the largest growth?", "Meters has the highest"),
        ("What was gross profit in 2032?", ": 3,177"),
        ("What were stocks on October 30, 2034?", ": 4,454"),
        ("What were trade receivables in 2050?", ": $1,250 (in thousands)"),
        ("By how much did trade receivables change from 2049 to 2051?", "= $210"),
        ("How many geese were seen in the third quarter of 2020?", ": 3"),
    ],
)
def test_a_table_answers(library: Library, question: str, part: str) -> None:
    assert part in told(library, question)


@pytest.mark.parametrize(
    "question",
    [
        "How many employees in Paris?",
        "What was revenue in the North in 2021?",
        "What is the difference between 2021 and 2023 revenue in the North region?",
        "What was the revenue of the East region in 2023?",
        "Which product has the highest warranty cost?",
        "What is the margin of taps?",
        "Why did revenue in the South fall in 2023?",
        "Is the margin of pumps higher than that of valves?",
        "What was revenue in the North?",  # of which year?
        "What was revenue in the North in 2022 and 2023, respectively?",  # two values
        "How do I book hotels in the North?",
        "What is the mean of escape?",
        "What is the sum of claims and rest in 2021?",
        "What is the total number of tests in Lyon?",
        "How many drivers have more than 15 employees?",
    ],
)
def test_a_neighbour_is_no_answer(library: Library, question: str) -> None:
    assert answer(library, question) is None


def test_each_operand_stands_in_a_cited_line(library: Library) -> None:
    question = "What is the difference between 2022 and 2023 revenue in the North region?"
    done = answer(library, question)
    assert done is not None
    quotes = {citation.mark: citation.quote for citation in done.citations}
    assert [cell.text for cell in done.cells] == ["$1,200", "$1,000"]
    assert all(cell.text in quotes[cell.mark] for cell in done.cells)
    assert done.sentences[0].supported
    assert done.sentences[0].marks == tuple(quotes)


def test_the_sentence_names_operation_operands_and_scale(library: Library) -> None:
    question = "What is the difference between 2022 and 2023 revenue in the North region?"
    assert told(library, question) == (
        "North, 2023 ($1,200) minus North, 2022 ($1,000) = $200 (in millions), 20.0 % more."
    )


def test_parentheses_are_a_minus(library: Library) -> None:
    assert "-$50" in told(library, "What was revenue on the Islands in 2022?")


def test_the_answer_document_names_tool_and_cells(library: Library) -> None:
    reply = Tables().offer(Request("How many employees in Berlin?", library))
    assert reply is not None
    document = reply.to_json()
    assert document["tool"] == "table"
    assert document["cells"] == [{"mark": 1, "row": "Berlin", "column": "Employees", "text": "42"}]
    assert document["citations"][0]["document"] == "Staff.csv"


def test_only_the_documents_that_are_chosen_are_looked_at(library: Library) -> None:
    request = Request("How many employees in Berlin?", library, documents=["Products.csv"])
    assert Tables().offer(request) is None


def test_a_follow_up_is_left_to_the_conversation(library: Library) -> None:
    before = Turn("How many employees in Berlin?", "42")
    assert Tables().offer(Request("And in Madrid?", library, [before])) is None


def test_given_passages_have_no_tables(embedder: Embedder) -> None:
    evidence = GivenPassages([("A", "Berlin has 42 employees.")], embedder)
    assert Tables().offer(Request("How many employees in Berlin?", evidence, given=True)) is None


def test_a_row_that_readers_do_not_see_is_not_computed_from(
    tmp_path: Path, embedder: Embedder
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "Parking.html").write_text(
        "<h1>Parking</h1><table><tr><th>Place</th><th>Price in euros</th></tr>"
        "<tr><td>Garage</td><td>10</td></tr><tr><td>Yard</td><td>4</td></tr>"
        "<tr style='display:none'><td>Roof</td><td>99</td></tr></table>"
    )
    with Library(tmp_path / "library", "main", lambda: embedder) as library:
        library.add([tmp_path / "in"])
        assert told(library, "What is the price in euros of the Yard?").endswith("4.")
        assert told(library, "What is the price in euros of the Roof?") == ""
        assert told(library, "Which place has the highest price in euros?") == ""
