"""Formulas over items of statements: numbers, + - * /, and `mean` of an item's value and the one
before."""

import ast
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cached_property

_EXACT = Context(prec=28, rounding=ROUND_HALF_UP)
_SIGNS: dict[type[ast.operator], tuple[str, Callable[[Decimal, Decimal], Decimal]]] = {
    ast.Add: ("+", _EXACT.add),
    ast.Sub: ("-", _EXACT.subtract),
    ast.Mult: ("*", _EXACT.multiply),
    ast.Div: ("/", _EXACT.divide),
}
Values = Mapping[str, Sequence[Decimal]]  # of each item, the latest first


@dataclass(frozen=True)
class Formula:
    """What a figure is computed from, such as `(revenue - cost_of_sales) / revenue`."""

    name: str  # of the figure
    text: str
    percent: bool = False

    @cached_property
    def tree(self) -> ast.expr:
        """Raises SyntaxError."""
        return ast.parse(self.text, mode="eval").body

    @cached_property
    def items(self) -> tuple[str, ...]:
        """Each once, in their order."""
        names = (node for node in ast.walk(self.tree) if isinstance(node, ast.Name))
        ordered = sorted(names, key=lambda node: node.col_offset)
        return tuple(dict.fromkeys(node.id for node in ordered if node.id != "mean"))

    @cached_property
    def means(self) -> frozenset[str]:
        """The items of which two values are needed."""
        calls = (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))
        return frozenset(_item(call) for call in calls)

    @property
    def divides(self) -> bool:
        """Whether the result is a ratio rather than an amount."""
        return any(isinstance(node, ast.Div) for node in ast.walk(self.tree))

    @property
    def of_year(self) -> bool:
        """Whether it counts the days of a year."""
        return "365" in self.text

    def averaged(self, items: Iterable[str]) -> "Formula":
        """With the means of these items."""
        text = self.text
        for item in set(items) - self.means:
            text = re.sub(rf"\b{item}\b", f"mean({item})", text)
        return replace(self, text=text)

    @property
    def at_end(self) -> "Formula":
        """With the last values in the place of means."""
        return replace(self, text=re.sub(r"\bmean\((\w+)\)", r"\1", self.text))

    def value(self, values: Values) -> Decimal:
        """The result; raises decimal.DivisionByZero and InvalidOperation."""
        found = _value(self.tree, values)
        return found * 100 if self.percent else found

    def told(self, names: Mapping[str, Sequence[str]]) -> str:
        """The formula with what its items are called."""
        return _told(self.tree, names)


def _item(call: ast.Call) -> str:
    argument = call.args[0]
    assert isinstance(argument, ast.Name), ast.unparse(call)
    return argument.id


def _value(node: ast.expr, values: Values) -> Decimal:
    match node:
        case ast.Constant(value=int(number)):
            return Decimal(number)
        case ast.Name(id=item):
            return values[item][0]
        case ast.Call():
            last, before = values[_item(node)][:2]
            return (last + before) / 2
        case ast.BinOp(left=left, op=sign, right=right):
            return _SIGNS[type(sign)][1](_value(left, values), _value(right, values))
    raise ValueError(f"{ast.unparse(node)} is no part of a formula.")


def _told(node: ast.expr, names: Mapping[str, Sequence[str]]) -> str:
    match node:
        case ast.Name(id=item):
            return names[item][0]
        case ast.Call():
            return f"the mean of {' and '.join(names[_item(node)][:2])}"
        case ast.BinOp(left=left, op=sign, right=right):
            first, second = _told(left, names), _told(right, names)
            product = isinstance(sign, ast.Mult | ast.Div)
            if product and isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add | ast.Sub):
                first = f"({first})"
            if isinstance(right, ast.BinOp) and not isinstance(sign, ast.Add):
                second = f"({second})"
            return f"{first} {_SIGNS[type(sign)][0]} {second}"
    return ast.unparse(node)
