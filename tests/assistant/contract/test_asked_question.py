"""A question is taken apart once, with the conversation before it."""

from assistant.contract.request import AskedQuestion

LEAVE = "How long is annual leave at Fenwick Lighting?"
PART_TIME = "and for part-time employees?"


def test_a_first_question_follows_nothing_up() -> None:
    query = AskedQuestion(PART_TIME)
    assert not query.follows_up
    assert query.before is None
    assert query.search is query.alone
    assert query.joined.text == query.standalone == PART_TIME


def test_a_follow_up_is_searched_with_the_questions_that_it_builds_on() -> None:
    query = AskedQuestion(
        "and in the first year?", ("What is the revenue of 2025?", LEAVE, PART_TIME)
    )
    assert query.follows_up
    assert query.chain == (LEAVE, PART_TIME, "and in the first year?")
    assert query.search.text == " ".join(query.chain)
    assert query.alone.text == "and in the first year?"


def test_a_question_that_stands_alone_is_joined_only_when_that_is_asked_for() -> None:
    query = AskedQuestion("Which sites does the company have in Portugal?", (LEAVE,))
    assert not query.follows_up
    assert query.standalone == query.text
    assert query.joined.text == f"{LEAVE} {query.text}"


def test_each_part_is_computed_once() -> None:
    query = AskedQuestion("What is on page 5?")
    assert query.search.pages is query.alone.pages
