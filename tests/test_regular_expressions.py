"""No regular expression of the code takes long for a text that was made to be hard for it."""

import functools
import hashlib
import inspect
import re
import sys
from collections.abc import Iterable

import pytest

from assistant.models.fetch import user_cache
from benchmarks.safety import regular_expressions
from benchmarks.safety.regular_expressions import (
    ROOT,
    Expression,
    Slow,
    expressions,
    hard_texts,
    slowest,
)

FOLDERS = [ROOT / name for name in ("ingest", "vectorstore", "assistant")]
SIZE, LIMIT, TRIES = 50_000, 0.1, 3
MEASURED = user_cache() / "expressions.txt"  # those that another clone has found fast
MEASURING = inspect.getsource(regular_expressions)


def of(pattern: str, anywhere: bool = True) -> Expression:
    return Expression("here", pattern, 0, anywhere)


@pytest.mark.parametrize(
    "pattern",
    [r"\s+$", r"(a+)+b", r"\[[^\]]*\]", r"(?:x|xx)*y", r"\w+_\w+>", r"a.*b.*c", r"\s*(?:,|;)\s*x"],
)
def test_an_expression_that_takes_long_is_found(pattern: str) -> None:
    assert slowest(of(pattern), 20_000, 0.01).above(0.01)


@pytest.mark.parametrize(
    "pattern", [r"\d++(?:\.\d++)?", r"(?<!\s)\s++$", r"\[[^\[\]]*+\]", "ab|cd", r"\w{1,20}+:"]
)
def test_one_that_does_not_is_left_alone(pattern: str) -> None:
    assert not all(slowest(of(pattern), 20_000, 0.05).above(0.05) for _ in range(TRIES))


def test_a_linear_one_is_not_slow_because_its_machine_is() -> None:
    one = of("x")

    assert not Slow(one, 0.3, "", growth=4.2).above(LIMIT)
    assert Slow(one, 0.3, "", growth=15.0).above(LIMIT)
    assert Slow(one, 3.0, "", growth=4.2).above(LIMIT)


def test_hard_texts_fit_what_leads_to_a_repetition() -> None:
    texts = list(hard_texts(r"key=[a-f]+;", 0, 1000))

    assert any(re.fullmatch("key=a+", text) for text in texts)
    assert max(map(len, texts)) <= 1001


@functools.cache  # the slow test of them runs long before the other
def of_the_code() -> list[Expression]:
    return list(expressions(FOLDERS))


def test_the_expressions_of_the_code_are_found() -> None:
    found = of_the_code()

    assert len(found) > 300
    assert {one.anywhere for one in found} == {True, False}


@pytest.mark.slow
def test_none_of_the_code_takes_long() -> None:
    all_of_them = {mark(one): one for one in of_the_code()}
    known = MEASURED.read_text().split() if MEASURED.exists() else []
    slow: Iterable[Expression] = [all_of_them[new] for new in all_of_them.keys() - set(known)]
    for _ in range(TRIES):  # other work of the machine makes one seem slow, once
        slow = [one for one in slow if slowest(one, SIZE, LIMIT).above(LIMIT)]

    assert [one.place for one in slow] == []
    MEASURED.parent.mkdir(parents=True, exist_ok=True)
    MEASURED.write_text("\n".join(all_of_them))


def mark(one: Expression) -> str:
    """Of what decides how long it takes, but for the machine."""
    decides = (one.pattern, one.flags, one.anywhere, SIZE, LIMIT, sys.version, MEASURING)
    return hashlib.sha256(repr(decides).encode()).hexdigest()
