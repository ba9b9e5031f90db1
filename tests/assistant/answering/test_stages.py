"""What was written becomes sentences with citations, or a refusal."""

from assistant.answering.pipeline import attributed
from assistant.answering.retrieve import Context, rank
from assistant.answering.write import Written
from assistant.contract.evidence import GivenPassages
from assistant.llm import prompts
from tests.assistant.answering.test_pipeline import FULL_TIME
from tests.assistant.fakes import WordEmbedder, window_of
from vectorstore.retrieval.search_query import SearchQuery

QUESTION = SearchQuery("How many days of annual leave do full-time employees get?")
EVIDENCE = GivenPassages([("Leave", FULL_TIME)], WordEmbedder())
WINDOW = window_of(FULL_TIME, document="Leave")
RANKED = rank([QUESTION.text], [WINDOW], WordEmbedder(), None)
CONTEXT = Context(QUESTION, QUESTION, EVIDENCE, (WINDOW,), RANKED)


def test_a_sentence_is_tied_to_the_line_that_says_it() -> None:
    outcome = attributed(Written("Full-time employees get 25 days.", False, 9, 7), CONTEXT)
    assert [(s.supported, s.marks) for s in outcome.sentences] == [(True, (1,))]
    assert outcome.citations[0].quote == FULL_TIME
    assert (outcome.prompt_tokens, outcome.completion_tokens) == (9, 7)


def test_what_is_held_back_is_a_refusal_that_says_where_it_looked() -> None:
    written = Written("Full-time employees get 31 days.", False, 9, 7)
    outcome = attributed(written, CONTEXT, held=True)
    assert (outcome.refused, outcome.text) == (True, prompts.REFUSAL)
    assert outcome.notices[0].startswith("Looked in the closest passage")
    assert [line.quote for line in outcome.closest] == [FULL_TIME]
    assert outcome.completion_tokens == 7
