"""Draws numbers of a table in the documents as a chart, and cites each cell."""

from collections.abc import Iterator
from dataclasses import replace

from assistant.answering.table_qa.plan import Plan
from assistant.answering.table_qa.question.normalise import is_year, terms
from assistant.answering.table_qa.question.parse_question import LOOKUP
from assistant.answering.table_qa.select_plan import Tabled
from assistant.answering.verification import unread_page_notices
from assistant.contract.intents import Chart
from assistant.contract.outcome import Outcome, Sentence
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.i18n.told import told
from assistant.i18n.translation import _, ngettext
from assistant.images.charts import CannotChart, ChartNumbers
from assistant.images.charts.find_series import find
from assistant.images.charts.render import draw, kind_of, unit
from assistant.storage.output_files import Made
from assistant.tools.answer_from_tables import outcome

_LISTED = 12  # numbers that are written in the answer, too


class Charting:
    """Handles the intent Chart."""

    name = "chart"

    def __init__(self, made: Made) -> None:
        self._made = made

    def offer(self, request: Request) -> Reply | None:
        """The reply; None for any other intent."""
        intent = request.intent
        if not isinstance(intent, Chart):
            return None
        return Reply(
            request.question, lambda reply: self._work(intent, request, reply), self.name, self.name
        )

    def _work(self, intent: Chart, request: Request, reply: Reply) -> Iterator[str]:
        reply.activity.stage = _("Looking for a table")
        try:
            numbers = _found(intent, request)
        except CannotChart as error:
            why = told(str(error))
            yield why
            reply.outcome = _refusal(why)
            return
        if reply.cancel.is_set():
            reply.outcome = Outcome("", stopped=True)
            return
        reply.activity.stage = _("Drawing")
        kind, notice = kind_of(numbers, intent.kind)
        if kind == "pie":
            numbers = replace(numbers, series=numbers.series[:1])
        path = self._made.path(".png")
        missing = draw(numbers, kind, _title(intent.what), source(numbers), path)
        reply.images = (path,)
        text = said(numbers)
        yield text
        plan = Plan(numbers.grid, LOOKUP, numbers.cells, score=numbers.score)
        done = unread_page_notices.noted(outcome(plan, text), request.evidence, request.alone)
        more = (_backwards(numbers, kind), _left_out(numbers), _without_font(missing))
        notices = tuple(filter(None, (notice, *more)))
        reply.outcome = replace(done, notices=(*notices, *done.notices))


def _found(intent: Chart, request: Request) -> ChartNumbers:
    if not isinstance(request.evidence, Tabled):
        raise CannotChart("The given passages contain no tables.")
    return find(intent.what, request.evidence, request.documents)


def _refusal(text: str) -> Outcome:
    return Outcome(text, (Sentence(text, supported=False),), refused=True)


def _title(what: str) -> str:
    return what[:1].upper() + what[1:]


def source(numbers: ChartNumbers) -> str:
    """Document, page and table."""
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
    points = ", ".join(f"{p.label} {p.cell.cell.text}" for p in series.points)
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
