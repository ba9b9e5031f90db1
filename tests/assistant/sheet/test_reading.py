"""What a chat model reads in a document counts where a line has it."""

import json
import threading
from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from assistant.contract.evidence import GivenPassages
from assistant.contract.facts import Passage
from assistant.errors import ContextOverflow
from assistant.llm.odds import TurnTaking
from assistant.sheet.cell import Cell, Column, column, columns
from assistant.sheet.extraction import Extractor, Labelled, Places, Reader
from assistant.sheet.fill import Row
from ingest.document.model import Line, Page
from ingest.text.reflow import about_tokens
from tests.assistant.fakes import ScriptedChat, WordEmbedder, page_of

NEVER = threading.Event()
PAGE = page_of(
    "Alder Ltd · Harbour Street 14, Bristol", "Invoice RE-2026-3727", "Billed to Brook",
    "Metalworks plc", "payable without deduction within 45 days",
)  # fmt: skip


def read(said: dict[str, str], *pages: Page, room: int = 1000) -> Places:
    """What is taken of what a model wrote."""

    def copy(asked: Sequence[Column], passages: Sequence[Passage], _: object) -> dict[str, str]:
        assert passages
        return said

    library = GivenPassages.of({"a.pdf": pages[:1]}, WordEmbedder())
    return Reader(copy, room).read("a.pdf", pages, columns([*said]), library, NEVER)  # type: ignore[arg-type]


def taken(places: Places) -> dict[str, tuple[str, int, int]]:
    """The first place of each: its words, its line and how many lines it takes."""
    firsts: dict[str, Labelled] = {head: found[0] for head, found in places.items()}
    return {head: (one.value.text, one.at, one.rows) for head, one in firsts.items()}


def test_words_of_a_line_are_taken_with_their_line() -> None:
    found = read({"supplier": "Alder Ltd", "reference number": "RE-2026-3727"}, PAGE)

    assert taken(found) == {
        "supplier": ("Alder Ltd", 0, 1), "reference number": ("RE-2026-3727", 1, 1),
    }  # fmt: skip


def test_words_that_are_wrapped_stand_on_two_lines() -> None:
    assert taken(read({"customer": "Brook Metalworks plc"}, PAGE)) == {
        "customer": ("Brook Metalworks plc", 2, 2)
    }


def test_a_value_of_a_kind_is_taken_from_among_other_words() -> None:
    assert taken(read({"payment term": "without deduction within 45 days"}, PAGE)) == {
        "payment term": ("45 days", 4, 1)
    }


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("supplier", "Corvin Ltd"),  # on no line
        ("total", "RE-2026-3727"),  # of another kind
        ("invoice", "Invoice"),  # the head itself
        ("supplier", "______"),
        ("payment term", "within 45 days or 10 days"),
        ("customer", ""),
        ("revision", "2"),  # a part of 2026
        ("currency", "lac"),  # a part of "place"
        ("number", "3727-1"),  # more than the line has
    ],
)
def test_nothing_else_is_taken(head: str, said: str) -> None:
    lines = (
        *PAGE.lines,
        Line("A quiet place"),
        Line("Corvin Ltd", hidden="white on white"),
        Line("Signed ______"),
    )

    assert read({head: said}, Page(1, 595, 842, lines)) == {}


def test_two_columns_share_words_where_enough_lines_have_them() -> None:
    said = {"payment term": "45 days", "notice period": "45 days"}

    assert read(said, PAGE) == {}
    assert set(read(said, PAGE, page_of("It ends with 45 days' notice.", number=2))) == {*said}


class OneDocument:
    """A library of one document."""

    def __init__(self, *pages: Page) -> None:
        self._pages = list(pages)

    def pages(self, document: str) -> list[Page]:
        return self._pages


def test_the_line_of_another_cell_is_not_taken_again() -> None:
    asked = columns(["payment term", "notice period"])
    read_as = Reader(lambda *_: {"notice period": "45 days"}, 1000)
    terms = page_of("Payment term: 45 days", "Alder Ltd may be told so in writing.")
    ending = page_of("It ends 45 days after a letter to Alder Ltd.", number=2)
    info = SimpleNamespace(document="a.pdf")

    alone = Row(info, asked, OneDocument(terms))  # type: ignore[arg-type]
    stated = Row(info, asked, OneDocument(terms, ending))  # type: ignore[arg-type]

    assert alone.read(asked[1], read_as, NEVER) is None
    cell = stated.read(asked[1], read_as, NEVER)
    assert cell and (cell.value, cell.page, cell.line, cell.state) == ("45 days", 2, 1, "doubtful")


def test_what_the_question_of_a_later_column_takes_is_not_read_either() -> None:
    asked = columns(["notice period", "payment term"])
    row = Row(SimpleNamespace(document="a.pdf"), asked, OneDocument(PAGE))  # type: ignore[arg-type]
    stated = Cell(
        "a.pdf", "payment term", "", "time", "found", "45 days", page=1, line=5
    )  # fmt: skip
    row.with_cell(stated)

    assert row.read(asked[0], Reader(lambda *_: {"notice period": "45 days"}, 1000), NEVER) is None


def test_a_document_that_does_not_fit_fills_nothing_and_is_tried_once() -> None:
    tried: list[object] = []

    def overflow(*given: object) -> dict[str, str]:
        tried.append(given)
        raise ContextOverflow("The prompt is longer than the window.")

    asked = columns(["supplier", "customer"])
    row = Row(SimpleNamespace(document="a.pdf"), asked, OneDocument(PAGE))  # type: ignore[arg-type]

    assert [row.read(one, Reader(overflow, 1000), NEVER) for one in asked] == [None, None]
    assert len(tried) == 1


def test_words_of_a_script_without_spaces_stand_anywhere_in_a_line() -> None:
    page = page_of("受取人はアルダー株式会社である。")

    assert taken(read({"supplier": "アルダー株式会社"}, page)) == {
        "supplier": ("アルダー株式会社", 0, 1)
    }


def test_of_a_long_document_the_passages_that_fit_are_read() -> None:
    asked: list[Passage] = []

    def copy(_: object, passages: Sequence[Passage], __: object) -> dict[str, str]:
        asked.extend(passages)
        return {}

    filler = [
        f"Paragraph {number} speaks of the weather and of nothing else." for number in range(90)
    ]
    page = page_of(*filler[:60], "The guarantor is Corvin Ltd of Bristol.", *filler[60:])
    library = GivenPassages.of({"a.pdf": [page]}, WordEmbedder())
    asked_for = [column("guarantor")]
    Reader(copy, 300).read("a.pdf", [page], asked_for, library, NEVER)  # type: ignore[arg-type]

    assert any("Corvin Ltd" in passage.text for passage in asked)
    assert 0 < sum(about_tokens(passage.text) for passage in asked) <= 300


def test_a_model_is_asked_for_eight_columns_at_once() -> None:
    first = {f"name {number}": f"Alder {number}" for number in range(8)}
    said = [json.dumps({**first, "name 1": None}), '{"name 8": "Brook"}']
    model = ScriptedChat(replies=said)
    passages = [Passage("a.pdf", 1, 1.0, "Alder and Brook")]

    found = Extractor(model, TurnTaking()).copied(
        columns([f"name {number}" for number in range(9)]), passages, NEVER
    )

    assert len(model.asked) == 2
    assert "Alder and Brook" in str(model.asked[1][-1].content)
    assert found == {head: text for head, text in first.items() if head != "name 1"} | {
        "name 8": "Brook"
    }


def test_words_that_are_no_json_fill_nothing() -> None:
    passages = [Passage("a.pdf", 1, 1.0, "Alder")]
    for said in ("The supplier is Alder.", '{"supplier": "Al', '{"supplier": {"name": "Alder"}}'):
        extractor = Extractor(ScriptedChat(replies=[said]), TurnTaking())
        assert extractor.copied([column("supplier")], passages, NEVER) == {}
