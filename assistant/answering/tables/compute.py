"""Arithmetic over the cells of a plan, in decimals, without a model."""

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, InvalidOperation
from itertools import islice
from typing import TypeVar

from assistant.answering.tables.formula import Formula
from assistant.answering.tables.grid import Operand, Plan
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


def result(plan: Plan) -> Decimal | None:
    """The result; None when nothing can be computed: a text value, or a division by zero."""
    if plan.operation == LOOKUP:
        first = plan.operands[0]
        return first.value if first.cell.kind == "number" else None
    if plan.operation == COUNT:
        return Decimal(len(best(plan)))
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
    """The operands that an answer names: the extreme values, or those that are counted."""
    if plan.operation == COUNT and plan.than:
        return [operand for operand in plan.operands if _counts(*plan.than, operand.value)]
    if plan.operation not in (HIGHEST, LOWEST):
        return list(plan.operands)
    wanted = result(plan)
    return [operand for operand in plan.operands if operand.value == wanted]


def _counts(how: str, limit: Decimal, value: Decimal) -> bool:
    if how in ("at least", "at most"):
        return value >= limit if how == "at least" else value <= limit
    return value > limit if how == "more than" else value < limit


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

_LISTED = 12  # operands that are named one by one
_SYMBOL = re.compile(r"\W+")  # a unit that stands in front of its number: "$", "€"


def computed_sentence(plan: Plan) -> str:
    """One sentence; numbers of documents appear as the documents write them."""
    caption = plan.grid.table.caption if len(plan.grids) == 1 else ""
    return f"{_told_plan(plan)}, from “{_text(caption)}”." if caption else f"{_told_plan(plan)}."


def _told_plan(plan: Plan) -> str:
    if plan.operation == LOOKUP:
        first = plan.operands[0]
        return f"{_name(first)}: {_shown(first)}{_scale(plan)}"
    if plan.operation in (HIGHEST, LOWEST):
        return _extreme(plan)
    if plan.operation == COUNT:
        return _count(plan)
    if plan.formula is not None:
        return _figure(plan, plan.formula)
    return _computed(plan, result(plan) or Decimal(0))


def _count(plan: Plan) -> str:
    found = best(plan)
    how, limit = plan.than or ("at least", Decimal(0))
    rows = len({operand.row.index for operand in plan.operands}) > 1
    first = plan.operands[0]
    over = _text(first.column.label if rows else first.row.label)
    called = [_row(operand) if rows else _text(operand.column.label) for operand in found]
    names = ", ".join(f"{n} ({_shown(o)})" for n, o in zip(called, found, strict=True))
    told = f"{len(found)} of {len(plan.operands)} values of “{over}” are {how} {limit:,f}"
    return f"{told}: {names}{_scale(plan)}" if names else told


def _figure(plan: Plan, formula: Formula) -> str:
    names = _by_item(formula, [f"{_row(one)} ({_shown(one)})" for one in plan.operands])
    value, column = result(plan), _text(plan.operands[0].column.label)
    assert value is not None  # `choose` gives no other plan
    shown = f"{_plain(value, 2)} %" if formula.percent else _significant(value)
    shown = shown if formula.divides else f"{_amount(plan, value)}{_scale(plan)}"
    name = formula.name[0].upper() + formula.name[1:]
    return f"{name}, {column}: {formula.told(names)} = {shown}"


def _computed(plan: Plan, value: Decimal) -> str:
    operands = plan.operands
    first, last = operands[0], operands[-1]
    if plan.operation == SUM:
        return f"{_listed(plan, ' plus ')} = {_amount(plan, value)}{_scale(plan)}"
    if plan.operation == AVERAGE:
        return f"The average of {_listed(plan, ', ')} = {_amount(plan, value, 2)}{_scale(plan)}"
    if plan.operation == DIFFERENCE:
        amount = f"{_amount(plan, value, points=True)}{_scale(plan)}{_relative(plan, value)}"
        return f"{_named(first)} minus {_named(last)} = {amount}"
    if plan.operation == GROWTH:
        change = f"({_bare(first)} - {_bare(last)}) / {_bare(last)} = {_plain(value, 2)} %"
        if first.row.index != last.row.index:
            return f"From {_named(last)} to {_named(first)}{_scale(plan)}: {change}"
        return (
            f"{_row(first)}: from {_shown(last)} ({last.column.label}) to"
            f" {_shown(first)} ({first.column.label}){_scale(plan)}: {change}"
        )
    share = f"{_significant(value)} ({_plain(value * 100, 2)} %)"
    return f"{_named(first)} divided by {_named(last)} = {share}"


def _extreme(plan: Plan) -> str:
    found = best(plan)
    rows = len({operand.row.index for operand in plan.operands}) > 1
    names = [_row(o) if rows else _text(o.column.label) for o in found]
    over = plan.operands[0].column.label if rows else plan.operands[0].row.label
    verb = "has" if len(found) == 1 else "have"
    many = f"the {plan.operation} of {len(plan.operands)} values of “{_text(over)}”"
    return f"{' and '.join(names)} {verb} {many}: {_shown(found[0])}{_scale(plan)}"


def _listed(plan: Plan, between: str) -> str:
    named = [_named(operand) for operand in plan.operands]
    if len(named) > _LISTED:
        return f"{len(named)} values, {named[0]} to {named[-1]}"
    return between.join(named)


def _name(operand: Operand) -> str:
    return ", ".join(filter(None, [_row(operand), _text(operand.column.label)]))


def _row(operand: Operand) -> str:
    """A row's label; "0 to 2" needs the head above it."""
    label = _text(operand.row.label)
    return f"{operand.grid.corner} {label}".strip() if label[:1].isdigit() else label


def _named(operand: Operand) -> str:
    return f"{_name(operand)} ({_shown(operand)})"


def _text(label: str) -> str:
    return " ".join(label.split()).rstrip(":")


def _shown(operand: Operand) -> str:
    """The value as written; parentheses become a minus."""
    text = " ".join(operand.cell.text.split())
    if operand.magnitude:
        return re.sub(r"[()\s\u2212-]", "", text)
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
    percent = abs(value * 100 / last.value)
    return f", {_plain(percent, 1)} % {'less' if value < 0 else 'more'}" if value else ""


def _amount(plan: Plan, value: Decimal, more: int = 0, points: bool = False) -> str:
    """An amount with the operands' unit and decimals; an average has more decimals."""
    digits = max(_decimals(operand) for operand in plan.operands)
    shown = _plain(value, digits + more)
    shown = shown.rstrip("0").rstrip(".") if more and "." in shown else shown
    unit = next((o.cell.unit for o in plan.operands if o.cell.unit), "")
    if unit == "%":
        return f"{shown} percentage points" if points else f"{shown} %"
    if unit and _SYMBOL.fullmatch(unit):
        return f"-{unit}{shown[1:]}" if shown.startswith("-") else f"{unit}{shown}"
    return f"{shown} {unit}".strip()


def _decimals(operand: Operand) -> int:
    exponent = operand.value.normalize().as_tuple().exponent
    least = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    shown = re.search(r"\.(\d{1,2})\D*$", operand.cell.text)
    return max(least, len(shown[1]) if shown and "," not in shown[0] else 0)


def _plain(value: Decimal, digits: int) -> str:
    return f"{value:,.{digits}f}"


def _significant(value: Decimal) -> str:
    """Four digits that count."""
    return f"{float(f'{float(value):.4g}'):,}" if abs(value) < 10_000 else _plain(value, 0)
