"""No regular expression of the code takes long for a text that was made to be hard for it."""

import re

import pytest

from benchmarks.safety.regular_expressions import ROOT, Expression, expressions, hard_texts, slowest

FOLDERS = [ROOT / name for name in ("ingest", "vectorstore", "assistant")]
SIZE, LIMIT = 50_000, 0.1


def of(pattern: str, anywhere: bool = True) -> Expression:
    return Expression("here", pattern, 0, anywhere)


@pytest.mark.parametrize(
    "pattern",
    [r"\s+$", r"(a+)+b", r"\[[^\]]*\]", r"(?:x|xx)*y", r"\w+_\w+>", r"a.*b.*c", r"\s*(?:,|;)\s*x"],
)
def test_an_expression_that_takes_long_is_found(pattern: str) -> None:
    assert slowest(of(pattern), 20_000, 0.01).seconds > 0.01


@pytest.mark.parametrize(
    "pattern", [r"\d++(?:\.\d++)?", r"(?<!\s)\s++$", r"\[[^\[\]]*+\]", "ab|cd", r"\w{1,20}+:"]
)
def test_one_that_does_not_is_left_alone(pattern: str) -> None:
    assert min(slowest(of(pattern), 20_000, 0.05).seconds for _ in range(3)) < 0.05


def test_hard_texts_fit_what_leads_to_a_repetition() -> None:
    texts = list(hard_texts(r"key=[a-f]+;", 0, 1000))

    assert any(re.fullmatch("key=a+", text) for text in texts)
    assert max(map(len, texts)) <= 1001


def test_the_expressions_of_the_code_are_found() -> None:
    found = list(expressions(FOLDERS))

    assert len(found) > 300
    assert {one.anywhere for one in found} == {True, False}


@pytest.mark.slow
def test_none_of_the_code_takes_long() -> None:
    all_of_them = {(one.pattern, one.flags, one.anywhere): one for one in expressions(FOLDERS)}
    measured = [slowest(one, SIZE, LIMIT) for one in all_of_them.values()]
    again = [slowest(one.expression, SIZE, LIMIT) for one in measured if one.seconds > LIMIT]

    assert [(one.expression.place, one.seconds) for one in again if one.seconds > LIMIT] == []
