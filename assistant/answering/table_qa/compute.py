"""Arithmetic over the cells of a plan, in decimals, without a model."""

from decimal import ROUND_HALF_UP, Context, Decimal

from assistant.answering.table_qa.plan import Operand, Plan
from assistant.answering.table_qa.question.parse_question import (
    AVERAGE,
    COUNT,
    DIFFERENCE,
    GROWTH,
    HIGHEST,
    LOOKUP,
    LOWEST,
    RATIO,
    SHARE,
    SUM,
)  # fmt: skip

_EXACT = Context(prec=28, rounding=ROUND_HALF_UP)


def result(plan: Plan) -> Decimal | None:
    """The result; None when nothing can be computed: a text value, or a division by zero."""
    if plan.operation == LOOKUP:
        first = plan.operands[0]
        return first.value if first.cell.kind == "number" else None
    if plan.operation == COUNT:
        return Decimal(len(best(plan)))
    values = [operand.value for operand in plan.operands]
    if plan.operation in (GROWTH, RATIO, SHARE) and not values[-1]:
        return None
    if plan.operation == GROWTH and values[-1] < 0 < values[0]:
        return None  # from a loss to a profit there is no percentage
    return _result(plan.operation, values)


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
    return value > limit if how in ("more than", "over", "above") else value < limit


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
    if operation == SHARE:
        return _EXACT.divide(first * 100, last)
    if operation in (HIGHEST, LOWEST):
        return max(values) if operation == HIGHEST else min(values)
    raise ValueError(f"There is no operation {operation!r}.")
