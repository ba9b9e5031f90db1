"""Selects, from the plans that rules make of the tables near a question, the certain one."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Protocol, runtime_checkable

from assistant.answering.table_qa.compute import best, result
from assistant.answering.table_qa.grid import TableGrid, grid
from assistant.answering.table_qa.plan import Plan
from assistant.answering.table_qa.planning import date_of, plans
from assistant.answering.table_qa.question.normalise import terms
from assistant.answering.table_qa.question.parse_question import (
    HIGHEST,
    LOOKUP,
    LOWEST,
    TableQuestion,
)
from assistant.contract.evidence import Evidence
from ingest.document.model import Page
from vectorstore.catalog.records import StoredTable

PASSAGES = 60  # passages of the search whose pages' tables are examined
SCORE = 0.8  # score of a plan from which it is an answer
MARGIN = 0.04  # lead over the best plan with another result
_NO_NUMBER = re.compile(r"\W*(?:where|when|who|whom|whose|why)\b", re.IGNORECASE)
MANY = 3  # tables with the same result, which then outweigh fewer


@runtime_checkable
class Tabled(Evidence, Protocol):
    """Evidence that knows the tables of its documents."""

    def tables(self, document: str) -> Sequence[StoredTable]: ...


def certain(ranked: Sequence[Plan]) -> Plan | None:
    """The best plan, when it is good and no other result is as likely."""
    if not ranked or ranked[0].score < SCORE:
        return None
    near = [plan for plan in ranked if ranked[0].score - plan.score < MARGIN]
    tables = {(told(p), p.grid.document, p.grid.page.number, p.grid.table.first) for p in near}
    votes = Counter(result for result, *_ in tables).most_common(2)
    if len(votes) > 1 and votes[0][1] < max(MANY, 2 * votes[1][1]):
        return None
    return next(plan for plan in near if told(plan) == votes[0][0])


def ranking(
    wanted: TableQuestion, evidence: Tabled, documents: Collection[str] | None = None
) -> list[Plan]:
    """All plans that the tables near a question allow, best first."""
    question = wanted.text
    cards: dict[str, frozenset[str]] = {}
    found = []
    for near in grids(question, evidence, documents):
        if near.document not in cards:
            cards[near.document] = card(near.document, evidence.page(near.document, 1))
        found += [
            plan for plan in plans(wanted, near, cards[near.document]) if computes(plan, question)
        ]
    # Of extremes as good, the one of more cells: a table of five years against one of three. Else
    # the one of fewer: a total that a document states.
    sign = -1 if wanted.operation in (HIGHEST, LOWEST) else 1
    found.sort(key=lambda plan: (-round(plan.score, 6), sign * len(plan.operands)))
    return [plan for plan in found if not any(_outdates(other, plan) for other in found)]


def _outdates(later: Plan, plan: Plan) -> bool:
    """Whether an extreme is found alike, for the same rows, in a later column of its table: a
    question that names no period gets the latest value, and "the fewest" is no less certain for
    being true of the year before as well."""
    if plan.operation not in (HIGHEST, LOWEST) or later.score < plan.score:
        return False
    if later.grid is not plan.grid or _rows(later) != _rows(plan):
        return False
    dates = [{date_of(operand.column) for operand in one.operands} for one in (later, plan)]
    if any(len(found) != 1 or () in found for found in dates):
        return False
    return max(dates[0]) > max(dates[1])


def _rows(plan: Plan) -> tuple[frozenset[int], frozenset[int]]:
    """The rows that are compared, and those that have the extreme."""
    compared = frozenset(operand.row.index for operand in plan.operands)
    return compared, frozenset(operand.row.index for operand in best(plan))


def computes(plan: Plan, question: str) -> bool:
    """Whether there is a result of the kind in question: no number answers "where"."""
    if plan.operation != LOOKUP:
        return result(plan) is not None
    return plan.operands[0].cell.kind != "number" or not _NO_NUMBER.match(question)


def told(plan: Plan) -> tuple[object, ...]:
    """The answer of a plan: plans with the same answer do not contradict each other."""
    if plan.operation in (HIGHEST, LOWEST):
        found = best(plan)
        return (found[0].value, *sorted(operand.row.label for operand in found))
    value = result(plan)
    return (value if value is not None else plan.operands[0].cell.text,)


def grids(
    question: str, evidence: Tabled, documents: Collection[str] | None
) -> Iterator[TableGrid]:
    """The tables on the pages of the best passages, and all those of the best document."""
    hits = evidence.passages(question, PASSAGES, documents)
    if not hits:
        return
    places = [(hit.document, hit.page) for hit in hits]
    best = hits[0].document
    places += [(best, table.page) for table in evidence.tables(best)]
    for document, number in dict.fromkeys(places):
        page = evidence.page(document, number)
        for table in page.tables:
            if (found := grid(document, page, table)) is not None:
                yield found


def card(document: str, first: Page) -> frozenset[str]:
    """The words of a document's name and of its first page, without tables."""
    rows = {line for table in first.tables for line in range(table.first, table.last + 1)}
    beside = " ".join(line.text for at, line in enumerate(first.lines) if at not in rows)
    return frozenset(terms(f"{document.replace('_', ' ')} {beside}"))
