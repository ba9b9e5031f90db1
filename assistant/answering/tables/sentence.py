"""Writes a computed program as a sentence in the language of its question.

Values stand as the document writes them; what is computed has the marks of that language.
"""

from decimal import Decimal

from assistant.answering.tables.compute import best, result
from assistant.answering.tables.grid import Operand, Plan
from assistant.answering.tables.question import AVERAGE, COUNT, HIGHEST, LOOKUP, LOWEST, SUM
from assistant.i18n.translation import DEFAULT_LANGUAGE, LANGUAGES, _, number, speaking
from ingest.language.identify import language_of_question

_LISTED = 12  # records that are named one by one
_PRECISE = 2  # digits behind the point that an average has in addition


def sentence(plan: Plan, question: str) -> str:
    """One sentence. In English where the app does not speak the question's language."""
    language = language_of_question(question)
    with speaking(language if language in LANGUAGES else DEFAULT_LANGUAGE):
        return _told(plan)


def _told(plan: Plan) -> str:
    first, count = plan.operands[0], number(len(plan.operands))
    column, value = first.column.label, result(plan) or Decimal(0)
    if plan.operation == LOOKUP:
        return _(
            "{name}, {column}: {value}.", name=_name(first), column=column, value=_shown(first)
        )
    if plan.operation == COUNT:
        return _("{count} rows: {names}.", count=count, names=_names(plan))
    if plan.operation in (HIGHEST, LOWEST):
        return _extreme(plan, column, count)
    values = _listed(plan)
    if plan.operation == SUM:
        return _(
            "{column}, {count} values together: {values} = {total}.",
            column=column, count=count, values=values, total=_amount(plan, value),
        )  # fmt: skip
    assert plan.operation == AVERAGE
    return _(
        "{column}, average of {count} values: {values}: {average}.",
        column=column, count=count, values=values, average=_amount(plan, value, _PRECISE),
    )  # fmt: skip


def _extreme(plan: Plan, column: str, count: str) -> str:
    found = best(plan)
    names = ", ".join(dict.fromkeys(map(_name, found)))
    told = {"names": names, "column": column, "value": _shown(found[0]), "count": count}
    if plan.operation == HIGHEST:
        return _("{names}: {value}, the highest of {count} values of “{column}”.", **told)
    return _("{names}: {value}, the lowest of {count} values of “{column}”.", **told)


def _name(operand: Operand) -> str:
    return " ".join(operand.row.label.split())


def _shown(operand: Operand) -> str:
    return " ".join(operand.cell.text.split())


def _names(plan: Plan) -> str:
    return _few([_name(operand) for operand in plan.operands])


def _listed(plan: Plan) -> str:
    return _few([f"{_name(operand)} ({_shown(operand)})" for operand in plan.operands])


def _few(texts: list[str]) -> str:
    return ", ".join(texts) if len(texts) <= _LISTED else f"{texts[0]} … {texts[-1]}"


def _amount(plan: Plan, value: Decimal, more: int = 0) -> str:
    """With the digits and the unit of the values."""
    least, unit = max(map(_digits, plan.operands)), plan.operands[0].cell.unit
    exact = max(least, _behind_the_point(round(value, least + more)))
    shown = number(float(value), exact)
    before = plan.operands[0].cell.text.strip().startswith(unit) if unit else False
    return f"{unit}{shown}" if before else f"{shown} {unit}".strip()


def _digits(operand: Operand) -> int:
    """Behind the point: those of the value, and no fewer than its text has of money."""
    tail = _shown(operand).rstrip(f" {operand.cell.unit}")[-3:-2]
    return max(_behind_the_point(operand.value), 2 if tail in (",", ".") else 0)


def _behind_the_point(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0
