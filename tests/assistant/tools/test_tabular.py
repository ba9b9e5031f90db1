"""Questions to lists in several languages, with a model whose choices a test sets."""

import math
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.contract.reply import Reply
from assistant.contract.request import Request, Turn
from assistant.errors import NoOdds
from assistant.llm import prompts
from assistant.llm.odds import TurnTaking
from assistant.tools.tabular import CHOICES, Lists
from tests.fakes import WordEmbedder
from vectorstore.library import Library

FILES = {
    "Preise.csv": (
        "Nummer;Artikel;Gruppe;Lieferzeit;Preis\n"
        "A-1;Fräser klein;Fräsen;3;48,90 €\nA-2;Fräser groß;Fräsen;4;72,50 €\n"
        "A-3;Tieflochbohrer;Bohren;14;1.264,75 €\nA-4;Zentrierbohrer;Bohren;2;19,85 €\n"
    ),
    "Rooms.csv": "Room,Floor,Seats\nOak,1,8\nElm,2,20\nAsh,1,\n",
    "Rules.md": (
        "# Rules\n\nEach depot has its rules.\n\n- Ask before you enter.\n- Wear a helmet.\n\n"
        "| Depot | Helmets | Gate |\n|---|---|---|\n| Graz | 12 | East |\n| Kiel | 30 | West |\n"
        "| Turin | 7 | North |\n\nThe gate is closed at night.\n\nDogs stay outside.\n"
    ),
    "Results.csv": "Item,2022,2023\nSales,100,120\nCosts,80,95\nTotal,180,215\n",
}


class Choosing:
    """Gives one letter of each prompt the likelihood that a test sets."""

    def __init__(self, operation: str, column: str = "", sure: float = 0.9) -> None:
        self._wanted, self._sure = (operation, column), sure
        self.asked: list[str] = []
        self.held = 2.0

    def next_token_logprobs(
        self,
        messages: Sequence[BaseMessage],
        candidates: Sequence[str],
        cancel: threading.Event | None = None,
    ) -> list[float]:
        prompt = str(messages[-1].content)
        self.asked.append(prompt)
        if list(candidates) == [prompts.YES, prompts.NO]:
            return [self.held, 0.0]
        offered = {line[3:]: line[0] for line in prompt.split("\n") if line[1:3] == ") "}
        letter = next(offered[wanted] for wanted in self._wanted if wanted in offered)
        rest = (1 - self._sure) / max(len(candidates) - 1, 1)
        return [math.log(self._sure if one == letter else rest) for one in candidates]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("lists")
    (folder / "files").mkdir()
    for name, text in FILES.items():
        (folder / "files" / name).write_text(text, "utf-8")
    library = Library(folder / "library", "main", WordEmbedder)
    library.add([folder / "files"])
    return library


def offered(library: Library, question: str, model: Any, **more: Any) -> Reply | None:
    tool = Lists(model, TurnTaking(), AnswerTool(None, Budget()))
    return tool.offer(Request(question, library, **more))


def answer(library: Library, question: str, operation: str, column: str = "") -> Reply:
    reply = offered(library, question, Choosing(operation, column))
    assert reply
    reply.finish()
    return reply


ONE, HIGHEST, LOWEST, SUM, AVERAGE, COUNT = CHOICES.values()
NONE = "none of these columns"


@pytest.mark.parametrize(
    ("question", "operation", "column", "told"),
    [
        ("Was kostet der Tieflochbohrer?", ONE, "Preis", "Tieflochbohrer, Preis: 1.264,75 €."),
        (
            "Welcher Artikel ist am teuersten?", HIGHEST, "Preis",
            "Tieflochbohrer: 1.264,75 €, der höchste von 4 Werten in „Preis“.",
        ),
        (
            "Welcher Artikel der Gruppe Fräsen ist am günstigsten?", LOWEST, "Preis",
            "Fräser klein: 48,90 €, der niedrigste von 2 Werten in „Preis“.",
        ),
        (
            "Was kosten alle Artikel der Gruppe Bohren zusammen?", SUM, "Preis",
            "Preis, 2 Werte zusammen: Tieflochbohrer (1.264,75 €), Zentrierbohrer (19,85 €) = "
            "1.284,60 €.",
        ),
        (
            "Wie viele Artikel gibt es in der Gruppe Fräsen?", COUNT, NONE,
            "2 Zeilen: Fräser klein, Fräser groß.",
        ),
        ("How many seats does the room Elm have?", ONE, "Seats", "Elm, Seats: 20."),
    ],
)  # fmt: skip
def test_code_computes_what_the_model_chooses(
    library: Library, question: str, operation: str, column: str, told: str
) -> None:
    reply = answer(library, question, operation, column)
    assert reply.so_far == told and reply.tool == "table"
    assert reply.outcome and reply.outcome.citations and reply.outcome.sentences[0].supported


def test_each_value_is_cited_on_its_line(library: Library) -> None:
    reply = answer(library, "Was kosten alle Artikel der Gruppe Bohren zusammen?", SUM, "Preis")
    assert reply.outcome
    quotes = "\n".join(citation.quote for citation in reply.outcome.citations)
    assert "1.264,75 €" in quotes and "19,85 €" in quotes
    assert {cell.row for cell in reply.outcome.cells} == {"Tieflochbohrer", "Zentrierbohrer"}
    told = reply.trace.facts.computed
    assert told and (told.operation, told.number) == ("sum", 2)
    assert [one.text for one in told.operands] == ["1.264,75 €", "19,85 €"]
    assert [what for what, _, _ in told.checks] == ["operation", "column", "held"]
    assert all(value >= least for _, value, least in told.checks)


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ("Wie ist das Wetter?", "mentions nothing"),
        ("Welcher Artikel ist ohne die Gruppe Bohren am teuersten?", "all but what it mentions"),
        ("Welche Artikel kosten mehr als 100 Euro?", "a number that no value has"),
        ("Was kostet der Tieflochbohrer der Gruppe Fräsen?", "no record has both"),
        ("How many seats do the rooms on floor 1 have?", "a number that is no value of words"),
        ("How many seats don't belong to the room Oak?", "all but what it mentions"),
        ("What were the costs in total?", "a statement is no list"),
    ],
)
def test_other_questions_are_not_taken(library: Library, question: str, why: str) -> None:
    assert offered(library, question, Choosing(ONE, "Preis")) is None, why


def test_beside_sentences_no_single_value_is_looked_up(library: Library) -> None:
    reply = offered(library, "How many helmets does the depot Kiel have?", Choosing(ONE, "Helmets"))
    assert reply
    reply.finish()
    assert reply.tool == "answer"
    summed = answer(library, "How many helmets do the depots have together?", SUM, "Helmets")
    assert summed.so_far.endswith("= 49.")


def test_a_follow_up_is_not_taken(library: Library) -> None:
    history = [Turn("Was kostet der Tieflochbohrer?", "1.264,75 €")]
    assert offered(library, "And the Elm?", Choosing(ONE, "Seats"), history=history) is None


@pytest.mark.parametrize(
    ("model", "question"),
    [
        (Choosing(ONE, NONE), "Wer stellt den Tieflochbohrer her?"),
        (Choosing(HIGHEST, "Preis", sure=0.4), "Welcher Artikel ist am schönsten?"),
        (Choosing(ONE, "Preis"), "Welcher Artikel ist das?"),
        (Choosing(AVERAGE, "Seats"), "How many seats do the rooms have on average?"),
    ],
)
def test_what_the_model_is_not_sure_of_is_answered_by_the_tool_for_all_questions(
    library: Library, model: Choosing, question: str
) -> None:
    reply = offered(library, question, model)
    assert reply
    reply.finish()
    assert model.asked and reply.tool == "answer"


def test_a_server_without_odds_leaves_the_question(library: Library) -> None:
    class Silent:
        def next_token_logprobs(self, *_: object) -> list[float]:
            raise NoOdds("It comes without log-probabilities.")

    reply = offered(library, "Was kostet der Tieflochbohrer?", Silent())
    assert reply
    reply.finish()
    assert reply.tool == "answer"


def test_a_long_list_stands_on_several_pages_and_is_one(tmp_path: Path) -> None:
    rows = "".join(f"Item {n},Group {n % 3},{n}\n" for n in range(1, 701))
    (tmp_path / "Stock.csv").write_text(f"Item,Group,Pieces\n{rows}", "utf-8")
    library = Library(tmp_path / "library", "main", WordEmbedder)
    library.add([tmp_path / "Stock.csv"])
    assert len(library.page("Stock.csv", 3).tables) == 1
    reply = answer(library, "How many pieces of all groups are in the stock?", SUM, "Pieces")
    assert "700 values together" in reply.so_far and reply.so_far.endswith("= 245,350.")


def test_a_condition_that_no_column_tells_is_left_to_the_model(library: Library) -> None:
    model = Choosing(COUNT, NONE)
    model.held = 1.0
    reply = offered(library, "Wie viele Artikel der Gruppe Fräsen sind lackiert?", model)
    assert reply
    reply.finish()
    assert reply.tool == "answer"


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("Summe.csv", "A;Nord;100\nB;Nord;50\nC;Süd;70\nSumme;;220\n"),
        ("Leer.csv", "A;Nord;100\nB;Nord;50\nC;Süd;70\n;Süd;30\n"),
    ],
)
def test_totals_and_rows_without_a_name_make_no_list(tmp_path: Path, name: str, rows: str) -> None:
    (tmp_path / name).write_text(f"Beleg;Lager;Betrag\n{rows}", "utf-8")
    library = Library(tmp_path / "library", "main", WordEmbedder)
    library.add([tmp_path / name])
    assert offered(library, "Wie hoch ist der Betrag insgesamt?", Choosing(SUM, "Betrag")) is None


def test_a_long_list_with_a_total_on_its_last_page_is_no_list(tmp_path: Path) -> None:
    rows = "".join(f"Item {n},Group {n % 3},{n}\n" for n in range(1, 701))
    (tmp_path / "Stock.csv").write_text(f"Item,Group,Pieces\n{rows}Total,,245350\n", "utf-8")
    library = Library(tmp_path / "library", "main", WordEmbedder)
    library.add([tmp_path / "Stock.csv"])
    assert offered(library, "How many pieces of all groups?", Choosing(SUM, "Pieces")) is None


def test_markup_in_a_cell_is_reduced_to_its_words(tmp_path: Path) -> None:
    (tmp_path / "Names.csv").write_text(
        "Name,Team,Points\n![x](https://evil.example/p.png),Red,3\nAnn,Red,4\nBob,Blue,5\n", "utf-8"
    )
    library = Library(tmp_path / "library", "main", WordEmbedder)
    library.add([tmp_path / "Names.csv"])
    reply = answer(library, "How many points does the team Red have together?", SUM, "Points")
    assert "](" not in reply.so_far and reply.so_far.endswith("= 7.")
