"""What is read for a question, and in which order the model sees it."""

from collections.abc import Sequence

from assistant.answering.retrieve import Budget, Context, Retriever, reranked, reread
from assistant.contract.evidence import GivenPassages
from assistant.contract.facts import Passage
from assistant.contract.request import Request, Turn
from ingest.text.reflow import about_tokens
from tests.assistant.answering.test_pipeline import FULL_TIME, PART_TIME, Shelf
from tests.assistant.fakes import WordEmbedder
from vectorstore.catalog.rows import StoredChunk
from vectorstore.retrieval.fusion import Hit
from vectorstore.retrieval.rerank import LOOKED_AT

CORE_HOURS = "Part-time employees have no core hours on days when they do not work."
CONTENTS = "Annual leave … 10 Sick leave … 11 Parental leave … 12 Unpaid leave … 13"


def read(request: Request) -> Context:
    return Retriever(Budget(), about_tokens, None, None).retrieve(request)


def last_message(reading: Context) -> str:
    return str(reading.messages()[-1].content)


LEAVE = Turn(
    "How many days of annual leave do employees get?", "25 days.",
    (Passage("H.pdf", 1, 1.0, FULL_TIME), Passage("H.pdf", 2, 1.0, PART_TIME)),
)  # fmt: skip


def test_what_fits_a_follow_up_best_stands_nearest_to_it_though_it_was_read_before() -> None:
    shelf = Shelf(FULL_TIME, PART_TIME, CORE_HOURS)
    reading = read(Request("and for part-time employees?", shelf, (LEAVE,)))
    asked = last_message(reading)
    assert asked.index(CORE_HOURS) < asked.index(PART_TIME) < asked.index("Question:")
    assert FULL_TIME not in asked
    assert FULL_TIME in str(reading.messages()[1].content)


def test_a_table_of_contents_is_read_where_nothing_else_is_found() -> None:
    question = "annual leave sick leave parental leave"
    windows = read(Request(question, Shelf(CONTENTS, FULL_TIME))).windows
    assert [window.page.number for window in windows] == [2]
    assert read(Request(question, Shelf(CONTENTS))).windows


def test_given_passages_that_fit_better_with_the_question_before_are_read_behind_it() -> None:
    texts = [("Leave", FULL_TIME), ("Hours", CORE_HOURS)]
    turn = Turn("How many days of annual leave do full-time employees get?", "25 days.")
    question = "What happens at the sites in Portugal?"
    evidence = GivenPassages(texts, WordEmbedder())
    behind = read(Request(question, evidence, (turn,), given=True))
    assert behind.question.text == f"{turn.question} {question}"
    assert behind.before == (turn,)
    alone = "Do part-time employees have core hours on days when they do not work?"
    reading = read(Request(alone, evidence, (turn,), given=True))
    assert reading.question.text == alone


def test_a_library_is_not_searched_with_a_question_before_that_always_fits() -> None:
    shelf = Shelf(FULL_TIME, CORE_HOURS)
    turn = Turn("How many days of annual leave do full-time employees get?", "25 days.")
    question = "What happens at the sites in Portugal?"
    assert read(Request(question, shelf, (turn,))).question.text == question


def hit(text: str, score: float) -> Hit:
    return Hit(StoredChunk(text, "Handbook.pdf", 1, 0, 0, (), text), score, score)


class ByLength:
    """The shorter, the better."""

    def scores(self, question: str, hits: Sequence[Hit]) -> list[float]:
        return [-len(hit.text) for hit in hits]


def test_without_a_reranker_hits_stay_as_they_are() -> None:
    hits = [hit("a", 0.9), hit("b", 0.8)]
    assert reranked(None, "?", hits) == hits


def test_the_first_hits_come_in_the_new_order_and_scores_still_fall() -> None:
    hits = [hit("long" * (LOOKED_AT - n), 1 - n / 20) for n in range(LOOKED_AT)]
    rest = [hit("x", 0.1), hit("", 0.05)]  # short, but not looked at
    again = reranked(ByLength(), "?", [*hits, *rest])
    assert [h.text for h in again] == [h.text for h in reversed(hits)] + ["x", ""]
    assert [h.score for h in again] == [h.score for h in [*hits, *rest]]
    assert reranked(ByLength(), "?", []) == []


def test_hits_are_ordered_by_search_and_reader_together() -> None:
    hits = [hit("a", 0.9), hit("b", 0.8), hit("c", 0.1)]
    assert [h.text for h in reread(hits, [-3.0, 3.0, 2.0])] == ["b", "a", "c"]
    assert [h.score for h in reread(hits, [-3.0, 3.0, 2.0])] == [0.9, 0.8, 0.1]  # of their ranks
    assert reread(hits[:1], [1.0]) == hits[:1]
    assert reread(hits, [1.0, 1.0, 1.0]) == hits
    equal = [hit("a", 0.5), hit("b", 0.5 - 1e-6)]  # search has no say
    assert [h.text for h in reread(equal, [-1.0, 1.0])] == ["b", "a"]
