"""A plan, which combines cells of tables by an operation or a formula: its arithmetic, in decimals
and without a model, and the sentence that tells it."""

import ast
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, InvalidOperation
from functools import cached_property
from itertools import islice
from typing import TypeVar

from assistant.answering.tables.grid import Operand, TableGrid
from assistant.i18n.translation import DEFAULT_LANGUAGE, _, number, speaking
from ingest.language.quantities import head_scale

LOOKUP = "lookup"
SUM = "sum"
DIFFERENCE = "difference"
GROWTH = "growth"
RATIO = "ratio"
HIGHEST = "highest"
LOWEST = "lowest"
AVERAGE = "average"
COUNT = "count"
DEFINED = "defined"  # by the plan's formula
OPERATIONS = (LOOKUP, SUM, DIFFERENCE, GROWTH, RATIO, HIGHEST, LOWEST, AVERAGE, COUNT)

T = TypeVar("T")
_EXACT = Context(prec=28, rounding=ROUND_HALF_UP)

# -- Formulas over items of statements: numbers, + - * /, and `mean` of an item's value and the one
# before

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
        case ast.Constant(value=int(whole)):
            return Decimal(whole)
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


# -- A plan, and its result


@dataclass(frozen=True)
class Plan:
    """A computation. The answer names the first operands."""

    grid: TableGrid  # of its first operand
    operation: str
    operands: tuple[Operand, ...]
    score: float = 0.0  # probability that it is right; of a figure, how near names and labels are
    figure: bool = False  # asked for by its name
    formula: Formula | None = None  # of a figure that is defined; an item has one operand or two

    @property
    def grids(self) -> tuple[TableGrid, ...]:
        """The tables of its operands, in their order."""
        found: list[TableGrid] = []
        for operand in self.operands:
            if operand.grid not in found:
                found.append(operand.grid)
        return tuple(found)


def result(plan: Plan) -> Decimal | None:
    """The result; None when nothing can be computed: a text value, or a division by zero."""
    if plan.operation == LOOKUP:
        first = plan.operands[0]
        return first.value if first.cell.kind == "number" else None
    if plan.operation == COUNT:
        return Decimal(len(plan.operands))
    if plan.formula is not None:
        return _defined(plan, plan.formula)
    values = [operand.value for operand in plan.operands]
    if plan.operation in (GROWTH, RATIO) and not values[-1]:
        return None
    if plan.operation == GROWTH and values[-1] < 0 < values[0]:
        return None  # from a loss to a profit there is no percentage
    return _result(plan.operation, values)


def _defined(plan: Plan, formula: Formula) -> Decimal | None:
    try:
        return formula.value(_by_item(formula, [_scaled(one, plan) for one in plan.operands]))
    except (DivisionByZero, InvalidOperation):
        return None


def _by_item(formula: Formula, given: Iterable[T]) -> dict[str, list[T]]:
    """What is given for each operand, by the items of the formula."""
    each = iter(given)
    return {item: list(islice(each, 1 + (item in formula.means))) for item in formula.items}


def _scaled(operand: Operand, plan: Plan) -> Decimal:
    """A value in the scale of the first operand's table: a note may be in millions."""
    powers = [
        found[1] if (found := head_scale(f"({one.grid.scale})")) else 0
        for one in (operand, plan.operands[0])
    ]
    return operand.value.scaleb(powers[0] - powers[1])


def best(plan: Plan) -> list[Operand]:
    """The operands that an answer names: all, or the extreme values."""
    if plan.operation not in (HIGHEST, LOWEST):
        return list(plan.operands)
    wanted = result(plan)
    return [operand for operand in plan.operands if operand.value == wanted]


def _result(operation: str, values: list[Decimal]) -> Decimal:
    first, last = values[0], values[-1]
    if operation == SUM:
        return sum(values, Decimal(0))
    if operation == AVERAGE:
        return _EXACT.divide(sum(values, Decimal(0)), Decimal(len(values)))
    if operation == DIFFERENCE:
        return first - last
    if operation == GROWTH:
        return _EXACT.divide((first - last) * 100, last)
    if operation == RATIO:
        return _EXACT.divide(first, last)
    if operation in (HIGHEST, LOWEST):
        return max(values) if operation == HIGHEST else min(values)
    raise ValueError(f"There is no operation {operation!r}.")


# -- Writes a computed plan as a sentence: the operation, its operands as written, and the result
# Values stand as the document writes them; what is computed has the marks of the language.

_LISTED = 12  # operands that are named one by one


def computed_sentence(plan: Plan) -> str:
    """One sentence in English, with the caption of the table."""
    caption = plan.grid.table.caption if len(plan.grids) == 1 else ""
    with speaking(DEFAULT_LANGUAGE):
        told = told_plan(plan)
    return f"{told.removesuffix('.')}, from “{_text(caption)}”." if caption else told


def told_plan(plan: Plan) -> str:
    """One sentence in the language that is spoken, where it is a look-up, an extreme, a sum, an
    average or a count of rows; else in English."""
    if plan.operation == COUNT:
        count = number(len(plan.operands))
        return _("{count} rows: {names}.", count=count, names=_few(map(_row, plan.operands)))
    if plan.operation in (LOOKUP, SUM, AVERAGE, HIGHEST, LOWEST):
        return _in_any_language(plan, result(plan) or Decimal(0))
    if plan.formula is not None:
        return f"{_figure(plan, plan.formula)}."
    return f"{_compared(plan, result(plan) or Decimal(0))}."


def _in_any_language(plan: Plan, value: Decimal) -> str:
    first, found = plan.operands[0], best(plan)
    over, called = _over(plan)
    count, scale = number(len(plan.operands)), _scale(plan)
    if plan.operation == LOOKUP:
        shown = f"{_shown(first)}{scale}"
        if not over:
            return f"{_row(first)}: {shown}."
        return _("{name}, {column}: {value}.", name=_row(first), column=over, value=shown)
    if plan.operation in (HIGHEST, LOWEST):
        names = ", ".join(dict.fromkeys(map(called, found)))
        told = {"names": names, "column": over, "value": f"{_shown(found[0])}{scale}"}
        if plan.operation == HIGHEST:
            return _(
                "{names}: {value}, the highest of {count} values of “{column}”.",
                count=count, **told,
            )  # fmt: skip
        return _(
            "{names}: {value}, the lowest of {count} values of “{column}”.", count=count, **told
        )
    values = _few(f"{called(one)} ({_shown(one)})" for one in plan.operands)
    if plan.operation == SUM:
        return _(
            "{column}, {count} values together: {values} = {total}.",
            column=over, count=count, values=values, total=f"{_amount(plan, value)}{scale}",
        )  # fmt: skip
    return _(
        "{column}, average of {count} values: {values}: {average}.",
        column=over, count=count, values=values, average=f"{_amount(plan, value, 2)}{scale}",
    )  # fmt: skip


def _over(plan: Plan) -> tuple[str, Callable[[Operand], str]]:
    """What all values of a plan have in common, and what tells them apart: columns and rows, or the
    reverse."""
    first = plan.operands[0]
    rows = {(one.grid.page.number, one.row.index) for one in plan.operands}
    if len(plan.operands) == 1 or len(rows) > 1:
        return _text(first.column.label), _row
    return _row(first), lambda one: _text(one.column.label)


def _few(texts: Iterable[str]) -> str:
    told = list(texts)
    return ", ".join(told) if len(told) <= _LISTED else f"{told[0]} … {told[-1]}"


def _figure(plan: Plan, formula: Formula) -> str:
    names = _by_item(formula, [f"{_row(one)} ({_shown(one)})" for one in plan.operands])
    value, column = result(plan), _text(plan.operands[0].column.label)
    assert value is not None  # `choose` gives no other plan
    shown = f"{number(value, 2)} %" if formula.percent else _significant(value)
    shown = shown if formula.divides else f"{_amount(plan, value)}{_scale(plan)}"
    name = formula.name[0].upper() + formula.name[1:]
    return f"{name}, {column}: {formula.told(names)} = {shown}"


def _compared(plan: Plan, value: Decimal) -> str:
    first, last = plan.operands[0], plan.operands[-1]
    if plan.operation == DIFFERENCE:
        amount = f"{_amount(plan, value, points=True)}{_scale(plan)}{_relative(plan, value)}"
        return f"{_named(first)} minus {_named(last)} = {amount}"
    if plan.operation == GROWTH:
        change = f"({_bare(first)} - {_bare(last)}) / {_bare(last)} = {number(value, 2)} %"
        if first.row.index != last.row.index:
            return f"From {_named(last)} to {_named(first)}{_scale(plan)}: {change}"
        return (
            f"{_row(first)}: from {_shown(last)} ({last.column.label}) to"
            f" {_shown(first)} ({first.column.label}){_scale(plan)}: {change}"
        )
    share = f"{_significant(value)} ({number(value * 100, 2)} %)"
    return f"{_named(first)} divided by {_named(last)} = {share}"


def _row(operand: Operand) -> str:
    """What its row is called; "0 to 2" needs the head above it."""
    label = operand.name or _text(operand.row.label)
    headed = not operand.name and label[:1].isdigit()
    return f"{operand.grid.corner} {label}".strip() if headed else label


def _named(operand: Operand) -> str:
    name = ", ".join(filter(None, [_row(operand), _text(operand.column.label)]))
    return f"{name} ({_shown(operand)})"


def _text(label: str) -> str:
    return " ".join(label.split()).rstrip(":")


def _shown(operand: Operand) -> str:
    """The value as written; parentheses become a minus."""
    text = " ".join(operand.cell.text.split())
    if operand.magnitude:
        return "".join(sign for sign in text if sign not in "() -\u2212")
    if operand.cell.kind == "number" and operand.value < 0 and "(" in text:
        return "-" + text.replace("(", "").replace(")", "").replace("$ ", "$")
    return re.sub(r"(?<=[€$£¥]) (?=\d)", "", text)


def _bare(operand: Operand) -> str:
    """The number alone, in parentheses when it is negative."""
    text = _shown(operand).strip("€$£¥% ")
    return f"({text})" if operand.value < 0 else text


def _scale(plan: Plan) -> str:
    """The table's remark on its unit, in its own words."""
    first = plan.operands[0]
    scale = first.grid.scale_of(first.row, first.cell)
    return f" ({scale[0].lower() + scale[1:]})" if scale else ""


def _relative(plan: Plan, value: Decimal) -> str:
    """A difference over time in percent of the earlier value."""
    first, last = plan.operands
    if first.row is not last.row or first.value < 0 or last.value <= 0 or first.cell.unit == "%":
        return ""
    percent = number(abs(value * 100 / last.value), 1)
    return f", {percent} % {'less' if value < 0 else 'more'}" if value else ""


def _amount(plan: Plan, value: Decimal, more: int = 0, points: bool = False) -> str:
    """An amount with the unit and the decimals of the operands, and up to so many more."""
    least = max(map(_decimals, plan.operands))
    digits = max(least, _behind_the_point(round(value, least + more)))
    shown = number(value, digits)
    first = next((one for one in plan.operands if one.cell.unit), plan.operands[0])
    unit = first.cell.unit
    if unit == "%":
        return f"{shown} percentage points" if points else f"{shown} %"
    symbol = not any(map(str.isalnum, unit))  # "$", "€": where it stands in front of its number
    if unit and symbol and not _shown(first).endswith(unit):
        return f"-{unit}{shown[1:]}" if shown.startswith("-") else f"{unit}{shown}"
    return f"{shown} {unit}".strip()


def _decimals(operand: Operand) -> int:
    """Behind the point: those of the value, and no fewer than its text has."""
    shown = re.search(r"[.,](\d{1,2})\D*$", operand.cell.text)
    return max(_behind_the_point(operand.value), len(shown[1]) if shown else 0)


def _behind_the_point(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def _significant(value: Decimal) -> str:
    """Four digits that count."""
    return f"{float(f'{float(value):.4g}'):,}" if abs(value) < 10_000 else number(value)
