"""The tools that compute and chart cells of tables: in code, each cell cited."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from assistant.answering.notices import unread_pages_noted
from assistant.answering.tables.binding import SURE, choose
from assistant.answering.tables.compute import (
    AVERAGE,
    COUNT,
    HIGHEST,
    LOOKUP,
    LOWEST,
    SUM,
    Plan,
    best,
    computed_sentence,
)
from assistant.answering.tables.definitions import CLOSE
from assistant.answering.tables.grid import Operand, TableGrid, is_year, terms
from assistant.answering.tables.records import (
    AskedList,
    asked_list,
    computed,
    knows_exceptions,
    sentence,
)
from assistant.contract.facts import (
    Citation,
    Computed,
    Outcome,
    Passage,
    Sentence,
    UsedCell,
    UsedOperand,
)
from assistant.contract.intents import Chart
from assistant.contract.reply import Event, Reply
from assistant.contract.request import IntentTool, Request, Tool
from assistant.errors import ContextOverflow, NoOdds
from assistant.i18n.translation import _, ngettext, told
from assistant.images.charts import CannotChart, ChartNumbers, draw, find, kind_of, unit
from assistant.llm import prompts
from assistant.llm.odds import TokenOdds, TurnTaking, likeliest
from assistant.security.untrusted_text import AddressFilter
from assistant.storage.files import Made
from ingest.errors import Stopped
from vectorstore.federation import AnyLibrary
from vectorstore.retrieval.search_query import SearchQuery

_TOLD = 40  # operands that are stored as facts
_LONGEST = 40  # lines of a table that are stored as what was read


class Tables:
    """Answers from tables, only when one plan is certain: other questions are for other tools."""

    name = "table"

    def offer(self, request: Request) -> Reply | None:
        """The reply; None for a follow-up, and when no table answers with certainty."""
        evidence = request.evidence
        if request.given or not isinstance(evidence, AnyLibrary):
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
    text = computed_sentence(plan)
    # What was looked at before the plan was believed, its value and the least one.
    believed = ("figure", plan.score, CLOSE) if plan.figure else ("sure", plan.score, SURE)
    reply.trace.facts.computed = computation(plan, [believed])
    yield text
    reply.outcome = unread_pages_noted(outcome(plan, text), request.evidence, request.alone)


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


# -- Answers questions to lists in any language: the chat model chooses what to compute, code does


class Lists:
    """Takes a question that mentions a value or a head of a list. Where the model is not sure what
    it asks for, the tool for all questions answers it."""

    name = Tables.name

    def __init__(self, model: TokenOdds, turns: TurnTaking, otherwise: Tool) -> None:
        self._model = model
        self._turns = turns
        self._otherwise = otherwise

    def offer(self, request: Request) -> Reply | None:
        """The reply; None for a follow-up, and for a question about no list nearby."""
        evidence = request.evidence
        if request.given or request.query.follows_up or not isinstance(evidence, AnyLibrary):
            return None
        asked = asked_list(request.question, evidence, request.documents)
        if asked is None:
            return None
        return Reply(request.question, lambda reply: self._work(asked, request, reply), self.name)

    def _work(self, asked: AskedList, request: Request, reply: Reply) -> Iterator[Event]:
        reply.activity.stage = _("Looking for a table")
        try:
            with self._turns.turn(reply):
                chooser = Chooser(self._model, reply.cancel)
                program = chooser.chosen(asked)
        except Stopped:
            reply.outcome = Outcome("", stopped=True)
            return
        except (NoOdds, ContextOverflow):
            program = None
        plan = computed(asked, *program) if program else None
        if program is None or plan is None or not seen(plan):
            other = self._otherwise.run(request)
            reply.tool, reply.model = other.tool, other.model
            yield from other.work(reply)
            return
        reply.trace.program = program
        reply.trace.facts.computed = computation(plan, chooser.checks)
        yield from _write(plan, request, reply)


def _write(plan: Plan, request: Request, reply: Reply) -> Iterator[str]:
    cells = (operand.cell.text for operand in plan.operands)
    # A cell may be markup that a viewer of the answer would follow.
    text = AddressFilter([*cells, request.question]).clean(sentence(plan, request.question))
    yield text
    reply.outcome = unread_pages_noted(outcome(plan, text), request.evidence, request.alone)


def again(request: Request, program: tuple[str, str]) -> Reply | None:
    """The reply of a program that was chosen before; None where the list does not give it."""
    evidence = request.evidence
    if not isinstance(evidence, AnyLibrary):
        return None
    asked = asked_list(request.question, evidence, request.documents)
    plan = computed(asked, *program) if asked else None
    if plan is None:
        return None
    return Reply(request.question, lambda reply: _write(plan, request, reply), Lists.name)


# The chat model chooses the computation and the column, each as one letter of a list of choices, by
# its probabilities; no rule knows the words of a language. Code does the rest: which records are
# meant, arithmetic, and citations. Programs over tables that a model writes are of Cheng et al.,
# Binding Language Models in Symbolic Languages, 2023; here the model may only choose.

CHOICES = {
    LOOKUP: "a value of one row",
    HIGHEST: "the highest or most",
    LOWEST: "the lowest, least or fewest",
    SUM: "the sum of values",
    AVERAGE: "the average of values",
    COUNT: "how many rows match",
}
_NO_COLUMN = "none of these columns"
# A choice counts from this probability on (benchmarks/results/lists.md).
_SURE_OF_OPERATION, _SURE_OF_COLUMN = 0.5, 0.6
# Log-odds of the model that the list holds the answer: a condition that no column tells ("who speak
# English") is no value, and is seen by nothing else.
_HELD = 1.9
_JUDGED = 20  # records, for that judgement


@dataclass(frozen=True)
class Chooser:
    """Lets the chat model choose a program, by the likeliest letters."""

    model: TokenOdds
    cancel: threading.Event
    checks: list[tuple[str, float, float]] = field(default_factory=list)  # see `Computed`

    def chosen(self, asked: AskedList) -> tuple[str, str] | None:
        """The operation and the head of its column, empty for a count; None where the model is not
        sure. Raises Stopped."""
        operation, sure = self.operation(asked)
        if sure < _SURE_OF_OPERATION or operation == LOOKUP:
            operation = ""
        if len(asked.records) == 1:
            simple = asked.near.alone and operation in ("", SUM, COUNT)
            operation = LOOKUP if simple else ""
        if not operation:
            return None
        heads = asked.offered(operation)
        head, sure = self._column(asked, heads) if heads else (_NO_COLUMN, 1.0)
        known = head != _NO_COLUMN and sure >= _SURE_OF_COLUMN
        if known == (operation == COUNT):  # what is counted are rows, not values of a column
            return None
        if operation != LOOKUP and not self._holds(asked):
            return None
        return operation, "" if operation == COUNT else head

    def operation(self, asked: AskedList) -> tuple[str, float]:
        """One of CHOICES, and its probability. Raises Stopped."""
        at, sure = self._choose(asked, prompts.WHICH_VALUE, list(CHOICES.values()))
        self.checks.append(("operation", sure, _SURE_OF_OPERATION))
        return list(CHOICES)[at], sure

    def _column(self, asked: AskedList, heads: Sequence[str]) -> tuple[str, float]:
        """One of the heads or _NO_COLUMN, and its probability."""
        choices = [*heads, _NO_COLUMN]
        at, sure = self._choose(asked, prompts.WHICH_COLUMN, choices)
        self.checks.append(("column", sure, _SURE_OF_COLUMN))
        return choices[at], sure

    def _holds(self, asked: AskedList) -> bool:
        """Whether the list holds what a question over several records is about."""
        if not knows_exceptions(asked.question):
            return False
        text = "\n".join(asked.shown(_JUDGED))
        passage = Passage(asked.near.grid.document, 1, 1.0, text)
        messages = prompts.conversation((), [passage], SearchQuery(asked.question), prompts.CHECK)
        yes, no = self.model.next_token_logprobs(messages, (prompts.YES, prompts.NO), self.cancel)
        self.checks.append(("held", yes - no, _HELD))
        return yes - no >= _HELD

    def _choose(self, asked: AskedList, which: str, choices: Sequence[str]) -> tuple[int, float]:
        messages = prompts.on_choices(asked.question, asked.shown(), which, choices)
        return likeliest(self.model, messages, len(choices), self.cancel)


# -- Draws numbers of a table in the documents as a chart, and cites each cell

_LISTED = 12  # numbers that are written in the answer, too


class Charting(IntentTool[Chart]):
    """The tool of the intent Chart: draws cells of tables."""

    name, kind = "chart", Chart

    def __init__(self, made: Made) -> None:
        self._made = made

    def _work(self, request: Request, intent: Chart, reply: Reply) -> Iterator[str]:
        reply.model = self.name
        reply.activity.stage = _("Looking for a table")
        evidence = request.evidence
        try:
            if not isinstance(evidence, AnyLibrary):
                raise CannotChart("The given passages contain no tables.")
            numbers = find(intent.what, evidence, request.documents)
        except CannotChart as error:
            why = told(str(error))
            yield why
            reply.outcome = Outcome(why, (Sentence(why, supported=False),), refused=True)
            return
        if reply.cancel.is_set():
            reply.outcome = Outcome("", stopped=True)
            return
        reply.activity.stage = _("Drawing")
        kind, notice = kind_of(numbers, intent.kind)
        if kind == "pie":
            numbers = replace(numbers, series=numbers.series[:1])
        path = self._made.path(".png")
        title = intent.what[:1].upper() + intent.what[1:]
        missing = draw(numbers, kind, title, source(numbers), path)
        reply.images = (path,)
        text = said(numbers)
        yield text
        plan = Plan(numbers.grid, LOOKUP, numbers.cells, score=numbers.score)
        done = unread_pages_noted(outcome(plan, text), request.evidence, request.alone)
        more = (_backwards(numbers, kind), _left_out(numbers), _without_font(missing))
        notices = tuple(filter(None, (notice, *more)))
        reply.outcome = replace(done, notices=(*notices, *done.notices))


def source(numbers: ChartNumbers) -> str:
    """Where numbers are from, in words: document, page and the table's caption."""
    grid = numbers.grid
    table = f", “{grid.table.caption}”" if grid.table.caption else ""
    named = _("{document}, page {page}", document=grid.document, page=grid.page.number)
    return f"{named}{table}"


def said(numbers: ChartNumbers) -> str:
    """A sentence with the numbers as the document writes them."""
    cells = numbers.cells
    named = "; ".join(_named(numbers, at) for at in range(len(numbers.series)))
    scale = f" ({unit(numbers)})" if unit(numbers) else ""
    if len(cells) > _LISTED:
        named = ngettext("{count} number", "{count} numbers", len(cells))
    where = f"{source(numbers)}{scale}"
    return _("Charted from {source}: {numbers}.", source=where, numbers=named)


def _named(numbers: ChartNumbers, at: int) -> str:
    series = numbers.series[at]
    pairs = zip(numbers.labels, series.texts, strict=True)
    points = ", ".join(f"{label} {text}" for label, text in pairs)
    return f"{series.label}: {points}" if series.label else points


def _backwards(numbers: ChartNumbers, kind: str) -> str:
    """Labels stay as they stand in the table: a line over them may run back in time."""
    years = [
        max((int(t) for t in terms(label) if is_year(t)), default=0) for label in numbers.labels
    ]
    newest_first = numbers.timed and years[0] > years[-1]
    return (
        _("The newest value is at the left, as in the table.")
        if newest_first and kind != "pie"
        else ""
    )


def _without_font(letters: str) -> str:
    if not letters:
        return ""
    return _(
        "No font on this machine has these letters; boxes replace them: {letters}",
        letters=letters[:40],
    )


def _left_out(numbers: ChartNumbers) -> str:
    """Totals and changes are not drawn beside their parts."""
    names = ", ".join(f"“{name}”" for name in numbers.left_out[:6])
    more = len(numbers.left_out) - 6
    if more > 0:
        names = ngettext("{names} and {count} more", "{names} and {count} more", more, names=names)
    return _("Not drawn: {names}.", names=names) if names else ""
