"""Times every regular expression of the code on text made to be hard for it.

The text follows from the expression's own structure: what leads to a repetition, what is repeated
until the text is full, and something behind it that does not fit. That is how an attacker finds an
expression whose time grows with the square or faster (https://github.com/doyensec/regexploit).
Seconds differ by machine, growth does not: a quarter of the text takes a quarter of the time of an
expression that is linear, and a sixteenth of one that grows with the square.
Usage: python -m benchmarks.safety.regular_expressions [--size BYTES] [--limit SECONDS]
"""

import argparse
import ast
import itertools
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from re import _constants as code  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

ROOT = Path(__file__).parents[2]
SIZE = 50_000  # characters
LIMIT = 0.1  # seconds
GROWTH = 8.0  # times as long for four times the text: more is no longer linear
_ENDS = ("", "\x00", "!", "\n", "a", "0", " ")
_REPEATS = (code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT)
_WAYS = 6  # examples of a part
_TEXTS = 400  # of an expression
# Their text has a bound, or is our own.
ACCEPTED = {
    "<script>(.*?)</script>": "the pages of Streamlit and of the door",
    "(?:!?\\[[^\\]\\n]*(?:\\](?:\\([^)\\n]*\\)?)?)?\\S*|<(?=[a-z/])[^>\\n]*>?\\S*|\\S+)\\Z":
        "500 letters of an answer",
}  # fmt: skip
_ALPHABET = "a0 .-_,:;/\\\"'()[]<>{}=+*#@&%$|~^`\t\n\r\x00éß×–1AZz"


@dataclass(frozen=True)
class Expression:
    """An expression of the code, and how it is used: at the start of a text, or anywhere in it."""

    place: str
    pattern: str
    flags: int
    anywhere: bool

    def compiled(self) -> "re.Pattern[str]":
        return re.compile(self.pattern, self.flags)


@dataclass(frozen=True)
class Slow:
    """How long an expression takes for the hardest text that was found."""

    expression: Expression
    seconds: float
    text: str
    growth: float = 1.0  # times as long as for a quarter of the text

    def above(self, limit: float) -> bool:
        """Whether it takes longer than the limit because it is not linear.

        A linear one may take ten times the limit on a slow machine.
        """
        return self.seconds > limit and (self.growth > GROWTH or self.seconds > 10 * limit)


# -- the expressions of the code


def expressions(folders: Sequence[Path]) -> Iterator[Expression]:
    """Those whose pattern is written out; bytes are left out where they are not ASCII."""
    files = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    trees = {path: ast.parse(path.read_text("utf-8")) for path in files}
    used = _uses(trees.values())
    for path, tree in trees.items():
        names, here = _names(tree), _uses([tree])
        constants = _constants(tree)
        for node in ast.walk(tree):
            if (found := _call(node, constants)) and found[1] not in ACCEPTED:
                method, pattern, flags = found
                name = names.get(id(node), "")
                ways = (here if name.startswith("_") else used).get(name, set())
                ways = ways if method == "compile" else {method}
                anywhere = not ways or bool(ways - {"match", "fullmatch"})
                line = getattr(node, "lineno", 0)
                yield Expression(f"{path.relative_to(ROOT)}:{line}", pattern, flags, anywhere)


def _uses(trees: Any) -> dict[str, set[str]]:
    """The methods that are called on a name."""
    found: dict[str, set[str]] = {}
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Attribute):
            of = node.value.value if isinstance(node.value, ast.Subscript) else node.value
            if isinstance(of, ast.Name):
                found.setdefault(of.id, set()).add(node.attr)
    return found


def _names(tree: ast.AST) -> dict[int, str]:
    """The name that a call is assigned to, also as one of several in a dict."""
    return {
        id(inner): node.targets[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        for inner in ast.walk(node.value)
    }


def _constants(tree: ast.AST) -> dict[str, str]:
    return {
        node.targets[0].id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }


def _call(node: ast.AST, constants: dict[str, str]) -> tuple[str, str, int] | None:
    """The method, pattern and flags of a call such as `re.sub(r"x+", …)`."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
        return None
    of = node.func.value
    if not (isinstance(of, ast.Name) and of.id == "re") or node.func.attr == "escape":
        return None
    pattern = _text(node.args[0], constants)
    given = [*node.args[1:], *(word.value for word in node.keywords if word.arg == "flags")]
    flags = sum(value for one in given for value in _flags(one))
    return None if pattern is None else (node.func.attr, pattern, flags)


def _text(node: ast.AST, constants: dict[str, str]) -> str | None:
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.Constant(value=bytes() as data):
            return data.decode("latin-1")
        case ast.Name(id=name):
            return constants.get(name)
        case ast.JoinedStr(values=parts):
            found = [_text(getattr(p, "value", p) if isinstance(p, ast.FormattedValue) else p,
                           constants) for p in parts]  # fmt: skip
            return None if None in found else "".join(map(str, found))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            one, two = _text(left, constants), _text(right, constants)
            return None if one is None or two is None else one + two
    return None


def _flags(node: ast.AST) -> Iterator[int]:
    """Each flag once: they are powers of two."""
    for inner in ast.walk(node):
        match inner:
            case ast.Attribute(value=ast.Name(id="re"), attr=name) if name.isupper():
                yield int(getattr(re, name))


# -- hard texts for one of them


def hard_texts(pattern: str, flags: int, size: int) -> Iterator[str]:
    """What leads to each repetition, its body until the text is full, and what fits nowhere."""
    try:
        tree = parser.parse(pattern, flags)
    except (re.error, OverflowError):
        return
    for before, body in _repeats(tree, [""]):
        for lead, pump in itertools.product(before[:3], body[:_WAYS]):
            if not pump:
                continue
            for end in _ENDS[:4]:
                yield lead + pump * ((size - len(lead)) // len(pump)) + end
            few = lead + pump * 20
            for end in _ENDS[:2]:  # many beginnings
                yield (few + end) * (size // len(few + end))
            if lead:
                yield lead * (size // len(lead))
    for example in itertools.islice(_examples(tree), _WAYS):
        if example:
            yield example * (size // len(example))


def _repeats(tree: Any, before: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """For each repetition without a small bound: texts that lead to it, and texts of its body."""
    for operation, argument in tree:
        for inner in _inner(operation, argument):
            yield from _repeats(inner, before)
        if operation in _REPEATS and argument[1] > 50:
            body = list(itertools.islice(_examples(argument[2]), _WAYS))
            yield before, body
        parts = list(itertools.islice(_example_of(operation, argument), 3))
        joined = [lead + part for lead, part in itertools.product(before, parts)]
        before = list(dict.fromkeys(joined))[:3] or before


def _inner(operation: Any, argument: Any) -> list[Any]:
    match operation:
        case code.SUBPATTERN:
            return [argument[3]]
        case code.BRANCH:
            return list(argument[1])
        case code.ATOMIC_GROUP:
            return [argument]
        case code.ASSERT | code.ASSERT_NOT:
            return [argument[1]]
        case _ if operation in _REPEATS:
            return [argument[2]]
    return []


def _examples(tree: Any) -> Iterator[str]:
    """Texts that a part fits, the first choice of each first."""
    ways = [list(itertools.islice(_example_of(*node), _WAYS)) or [""] for node in tree]
    most = max(map(len, ways), default=1)
    seen = set()
    for turn in range(most):
        text = "".join(choice[turn % len(choice)] for choice in ways)
        if text not in seen:
            seen.add(text)
            yield text


def _example_of(operation: Any, argument: Any) -> Iterator[str]:
    match operation:
        case code.LITERAL:
            yield chr(argument)
        case code.NOT_LITERAL:
            yield from (sign for sign in _ALPHABET if ord(sign) != argument)
        case code.ANY:
            yield from ("a", " ", ".")
        case code.IN:
            yield from _members(argument)
        case code.SUBPATTERN:
            yield from _examples(argument[3])
        case code.ATOMIC_GROUP:
            yield from _examples(argument)
        case code.BRANCH:
            for branch in argument[1]:
                yield from itertools.islice(_examples(branch), 2)
        case _ if operation in _REPEATS:
            least = max(argument[0], 1)
            yield from (text * min(least, 50) for text in _examples(argument[2]))
            if argument[0] == 0:
                yield ""
        case _:  # places, and references to groups
            yield ""


def _members(items: Any) -> Iterator[str]:
    negated = items[0][0] is code.NEGATE
    fitting = re.compile(_class(items))
    signs = dict.fromkeys([*_literals(items), *_ALPHABET] if not negated else _ALPHABET)
    yield from (sign for sign in signs if fitting.fullmatch(sign))


def _literals(items: Any) -> Iterator[str]:
    for kind, value in items:
        if kind is code.LITERAL:
            yield chr(value)
        elif kind is code.RANGE:
            yield chr(value[0])


_CATEGORIES = {
    code.CATEGORY_DIGIT: r"\d", code.CATEGORY_NOT_DIGIT: r"\D", code.CATEGORY_SPACE: r"\s",
    code.CATEGORY_NOT_SPACE: r"\S", code.CATEGORY_WORD: r"\w", code.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip


def _class(items: Any) -> str:
    found = ""
    for kind, value in items:
        match kind:
            case code.NEGATE:
                found += "^"
            case code.LITERAL:
                found += re.escape(chr(value))
            case code.RANGE:
                found += f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
            case code.CATEGORY:
                found += _CATEGORIES[value]
    return f"[{found}]"


# -- measuring


class _TooLong(Exception):
    pass


def slowest(expression: Expression, size: int = SIZE, limit: float = LIMIT) -> Slow:
    """The hardest of its texts; of one that takes ten times the limit, that much.

    One that grows with the square or faster takes a sixteenth or more of the limit for a quarter of
    the text; texts that take less are not measured in full.
    """
    compiled = expression.compiled()
    worst = Slow(expression, 0.0, "")
    of_size = [hard_texts(expression.pattern, expression.flags, n) for n in (size // 4, size)]
    for quarter, text in itertools.islice(dict.fromkeys(zip(*of_size, strict=True)), _TEXTS):
        of_quarter = _seconds(compiled, expression.anywhere, quarter, limit)
        if of_quarter < limit / 16:
            continue
        seconds = _seconds(compiled, expression.anywhere, text, 10 * limit)
        found = Slow(expression, seconds, text, seconds / of_quarter)
        worst = max(worst, found, key=lambda one: (one.above(limit), one.seconds))
        if seconds > 10 * limit:
            break
    return worst


def _seconds(compiled: "re.Pattern[str]", anywhere: bool, text: str, most: float) -> float:
    """Of the processor; what takes longer than `most` is broken off."""
    use: Callable[[], object] = lambda: compiled.match(text)  # noqa: E731
    if anywhere:
        use = lambda: sum(1 for _ in compiled.finditer(text))  # noqa: E731
    signal.signal(signal.SIGVTALRM, _break_off)
    started = time.process_time()
    signal.setitimer(signal.ITIMER_VIRTUAL, most + 0.1)
    try:
        use()
    except _TooLong:
        pass
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return time.process_time() - started


def _break_off(*_: object) -> None:
    raise _TooLong


def main(options: argparse.Namespace) -> int:
    found = list(expressions([ROOT / name for name in ("ingest", "vectorstore", "assistant")]))
    slow = []
    for expression in found:
        measured = slowest(expression, options.size, options.limit)
        if measured.above(options.limit):
            slow.append(measured)
            took = f"{measured.seconds:.2f} s, {measured.growth:.0f} times a quarter's"
            print(f"{expression.place}  {took}  {measured.text[:30]!r}…{measured.text[-12:]!r}")
            print(f"    {expression.pattern[:150]!r}", flush=True)
    above = f"above {options.limit} s for {options.size:,} characters"
    print(f"{len(found)} expressions, {len(slow)} not linear and {above}")
    return bool(slow)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--size", type=int, default=SIZE)
    arguments.add_argument("--limit", type=float, default=LIMIT)
    sys.exit(main(arguments.parse_args()))
