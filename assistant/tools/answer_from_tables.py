"""Answers questions from cells of tables: computed in code, each cell cited."""

from collections.abc import Iterator, Sequence

from assistant.answering.table_qa.choose import choose
from assistant.answering.table_qa.compute import best
from assistant.answering.table_qa.grid import TableGrid
from assistant.answering.table_qa.plan import Operand, Plan
from assistant.answering.table_qa.select_plan import Tabled
from assistant.answering.table_qa.verbalise import sentence
from assistant.answering.verification import unread_page_notices
from assistant.contract.facts import Computed, UsedOperand
from assistant.contract.outcome import Citation, Outcome, Passage, Sentence, UsedCell
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.i18n.translation import _

_TOLD = 40  # operands that are kept as facts
_LONGEST = 40  # lines of a table that are kept as what was read


class Tables:
    """Offers an answer only when one plan is certain: any other question is not its kind."""

    name = "table"

    def offer(self, request: Request) -> Reply | None:
        """The reply; None for a follow-up, and when no table answers with certainty."""
        evidence = request.evidence
        if request.given or not isinstance(evidence, Tabled):
            return None
        if request.query.follows_up:
            return None
        plan = choose(request.question, evidence, request.documents)
        if plan is None or not seen(plan):
            return None
        return Reply(
            request.question, lambda reply: _work(plan, request, reply), self.name, self.name
        )


def seen(plan: Plan) -> bool:
    """Whether readers of the document see all cells that it is computed from."""
    return not any(
        operand.grid.page.lines[n].hidden for operand in plan.operands for n in _lines(operand)
    )


def _work(plan: Plan, request: Request, reply: Reply) -> Iterator[str]:
    reply.activity.stage = _("Computing")
    text = sentence(plan)
    reply.trace.facts.computed = computation(plan, [("explained", plan.score, 0.0)])
    yield text
    reply.outcome = unread_page_notices.noted(outcome(plan, text), request.evidence, request.alone)


def computation(plan: Plan, checks: Sequence[tuple[str, float, float]]) -> Computed:
    """The plan as a fact, with what was looked at before it was believed."""
    used = [
        UsedOperand(o.grid.document, o.grid.page.number, o.row.label, o.column.label, o.cell.text)
        for o in plan.operands[:_TOLD]
    ]
    return Computed(plan.operation, tuple(used), len(plan.operands), tuple(checks))


def outcome(plan: Plan, text: str) -> Outcome:
    """The answer, with a citation for each run of lines with its cells and their heads."""
    places = [(grid, run) for grid in plan.grids for run in _named_first(plan, grid)]
    citations = tuple(_citation(mark, *place) for mark, place in enumerate(places, start=1))
    cells = tuple(
        UsedCell(
            next(
                mark
                for mark, (grid, run) in enumerate(places, start=1)
                if grid == operand.grid and operand.cell.line in run
            ),
            operand.row.label, operand.column.label, operand.cell.text,
        )
        for operand in plan.operands
    )  # fmt: skip
    marks = tuple(citation.mark for citation in citations)
    said = Sentence(text, supported=True, marks=marks)
    read = tuple(
        _passage(plan, grid, [run for of, run in places if of == grid]) for grid in plan.grids
    )
    return Outcome(text, (said,), citations, read, cells=cells)


def _named_first(plan: Plan, grid: TableGrid) -> list[range]:
    """The runs of lines of a table: those that the answer names, then the others and the heads."""
    named = {line for o in best(plan) if o.grid == grid for line in _lines(o)}
    rest = {line for o in plan.operands if o.grid == grid for line in _lines(o)}
    return [*_runs(named), *_runs(rest.union(grid.head_lines) - named)]


def _lines(operand: Operand) -> range:
    """From the label of a row to its cell, which may stand on different lines."""
    lines = operand.row.line, operand.cell.line
    return range(min(lines), max(lines) + 1)


def _runs(lines: set[int]) -> list[range]:
    """Lines that follow each other, as one."""
    runs: list[range] = []
    for line in sorted(lines):
        if runs and runs[-1].stop == line:
            runs[-1] = range(runs[-1].start, line + 1)
        else:
            runs.append(range(line, line + 1))
    return runs


def _citation(mark: int, grid: TableGrid, run: range) -> Citation:
    lines = grid.page.lines[run.start : run.stop]
    quote, boxes = "\n".join(line.text for line in lines), tuple(line.box for line in lines)
    return Citation(mark, grid.document, grid.page.number, quote, boxes, 1.0)


def _passage(plan: Plan, grid: TableGrid, runs: Sequence[range]) -> Passage:
    """The table, or of a long one the lines from the first cell to the last."""
    first, last = grid.table.first, grid.table.last
    if last - first >= _LONGEST:
        first = min(run.start for run in runs)
        last = min(max(run.stop for run in runs) - 1, first + _LONGEST)
    text = "\n".join(line.text for line in grid.page.lines[first : last + 1])
    return Passage(grid.document, grid.page.number, round(plan.score, 4), text)
