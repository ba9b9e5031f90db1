"""From hits to what the model reads."""

from dataclasses import replace

from assistant.answering.evidence_units import (
    Window,
    passages_of,
    surroundings,
    widened,
    windows_of,
)
from assistant.contract.evidence import GivenPassages
from ingest.document.model import Line, Page, Table
from tests.assistant.fakes import WordEmbedder, page_of
from vectorstore.catalog.rows import StoredChunk
from vectorstore.errors import UnknownDocument
from vectorstore.retrieval.fusion import Hit

LINES = [f"line {number} says something of about ten words in all" for number in range(60)]
PAGE = page_of(*LINES)


class OnePage(GivenPassages):
    """Evidence with one long page."""

    def __init__(self) -> None:
        super().__init__([], WordEmbedder())

    def page(self, document: str, number: int) -> Page:
        if document != "H.pdf":
            raise UnknownDocument(document)
        return PAGE


def hit(first: int, last: int, score: float = 1.0) -> Hit:
    chunk = StoredChunk(str(first), "H.pdf", 1, first, last, (), "")
    return Hit(chunk, score, score)


def test_a_hit_is_read_with_lines_around_it() -> None:
    [window] = widened([hit(20, 21)], OnePage(), 1000)
    assert window.first < 20
    assert window.last > 21
    assert window.last - 21 > 20 - window.first  # an answer stands below what was found


def test_hits_that_touch_are_read_as_one() -> None:
    [window] = widened([hit(20, 21), hit(25, 26, 0.5)], OnePage(), 1000)
    assert (window.first <= 20, window.last >= 26) == (True, True)


def test_a_hit_between_two_windows_joins_them() -> None:
    apart = [hit(2, 3), hit(40, 41, 0.9)]
    assert len(widened(apart, OnePage(), 2000)) == 2
    [window] = widened([*apart, hit(15, 30, 0.5)], OnePage(), 2000)
    assert (window.first, window.last >= 41) == (0, True)


def test_lines_that_a_reader_does_not_see_are_not_read_around_a_hit() -> None:
    unseen = {18, 23, 33}
    lines = tuple(
        replace(line, hidden="white on white" if number in unseen else "")
        for number, line in enumerate(PAGE.lines)
    )
    page = replace(PAGE, lines=lines, tables=(Table(28, 36, ()),))

    class Hiding(OnePage):
        def page(self, document: str, number: int) -> Page:
            return page

    found = widened([hit(20, 21), hit(24, 25, 0.9), hit(30, 31, 0.8)], Hiding(), 2000)
    read = {number for window in found for number in range(window.first, window.last + 1)}
    assert read == set(range(19, 33)) - unseen
    whole = replace(found[0].passage, text="\n".join(line.text for line in lines[17:20]))
    assert not windows_of(whole, Hiding())  # as versions before have read it


def test_what_was_found_and_is_gone_by_now_is_no_error() -> None:
    gone = Hit(StoredChunk("9", "Gone.pdf", 1, 0, 0, (), ""), 1.0, 1.0)
    [window] = surroundings([gone, hit(20, 21)], OnePage())
    assert window.document == "H.pdf"


def with_a_table(first: int, last: int) -> GivenPassages:
    class TablePage(OnePage):
        def page(self, document: str, number: int) -> Page:
            return replace(PAGE, tables=(Table(first, last, ()),))

    return TablePage()


def test_a_table_is_read_whole() -> None:
    [window] = widened([hit(20, 21)], with_a_table(4, 34), 1000)
    assert (window.first, window.last) == (4, 34)


def test_a_table_that_does_not_fit_is_read_in_part() -> None:
    [window] = widened([hit(20, 21)], with_a_table(4, 34), 330)
    assert window.first > 4
    assert window.last < 34


def test_no_more_is_read_than_the_budget() -> None:
    hits = [hit(first, first) for first in range(0, 60, 12)]
    read = widened(hits, OnePage(), 300, count=lambda text: len(text.split()))
    assert sum(len(window.text.split()) + 24 for window in read) <= 300
    assert read


def test_an_earlier_passage_is_found_again_on_its_page() -> None:
    apart = widened([hit(2, 3), hit(40, 41, 0.9)], OnePage(), 2000)
    [passage] = passages_of(apart)
    again = windows_of(passage, OnePage())
    assert [(one.first, one.last) for one in again] == [(one.first, one.last) for one in apart]


def test_a_passage_of_a_removed_document_is_left_out() -> None:
    [window] = widened([hit(20, 21)], OnePage(), 1000)
    passage = type(window.passage)("Gone.pdf", 1, 1.0, window.text)
    assert windows_of(passage, OnePage()) == ()


def test_a_heading_is_no_part_of_the_sentence_below_it() -> None:
    lines = (
        Line("Hall", heading=1, begins=True),
        Line("Seats", heading=2, begins=True),
        Line("The hall has", begins=True),
        Line("420 seats."),
        Line("It is heated.", begins=True),
    )
    window = Window("Hall.md", Page(1, 0, 0, lines), 0, 4, 1.0)

    assert [unit.text for unit in window.units] == [
        "Hall", "Seats", "The hall has 420 seats.", "It is heated.",
    ]  # fmt: skip
