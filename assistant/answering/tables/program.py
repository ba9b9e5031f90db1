"""Plans by meaning: rows of one table or two whose labels are what a question asks for, in the
columns of the period that it names.

Rules on words (`planning`) need a question that is worded like the table. Here labels are compared
by their embeddings, and a plan counts only where all of the question is explained by it.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from assistant.answering.tables.compute import best, result
from assistant.answering.tables.grid import Operand, Plan, terms
from assistant.answering.tables.matching import (
    Aligned,
    Alignment,
    is_of_kind,
    spelt_out,
    states_amounts,
)
from assistant.answering.tables.planning import (
    Candidate,
    Dated,
    candidates,
    card,
    certain,
    documents_of,
    plain,
    ranking,
    told,
)
from assistant.answering.tables.question import (
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
    Asked,
    TableQuestion,
    asked,
    asked_periods,
    names_of,
    spans_of,
    starts_of_whole,
)
from assistant.i18n.translation import DEFAULT_LANGUAGE, LANGUAGES, _, number, speaking
from ingest.language.identify import language_of_question
from vectorstore.federation import AnyLibrary

# -- The cells of rows in the period that a question names: one value a name, or two over time

_TABLE_LEAD = 0.05  # of a table over others that state another value, as a cosine


class Cells:
    """The rows of a document, by the names that they have."""

    def __init__(
        self, asked: TableQuestion, rows: Mapping[str, Sequence[Candidate]], alignment: Alignment
    ) -> None:
        self._asked, self._rows, self._alignment = asked, rows, alignment

    def now(self, name: str, spans: frozenset[int]) -> tuple[Operand, ...]:
        """The cells of a name in the one period that the question names, all with one value."""
        found = self._cells(self._rows[name], spans)
        if agreed := self._agreed(found):
            return agreed
        label = plain(self._rows[name][0].row.label)
        alike = [c for rows in self._rows.values() for c in rows if plain(c.row.label) == label]
        return self._agreed(self._cells(alike, spans), tables=True) if found else ()

    def _cells(self, rows: Sequence[Candidate], spans: frozenset[int]) -> list[Operand]:
        found = [
            (candidate, dated)
            for candidate in rows
            for dated in candidate.columns
            if not _earlier(candidate, dated)
        ]
        if not spans:  # a day, where no span is named
            found = [pair for pair in found if pair[1].period.months is None] or found
        else:
            found = [pair for pair in found if pair[1].period.months in spans] or found
        if len({dated.period.months for _, dated in found} - {None}) > 1:
            return []
        if not self._asked.rate or self._asked.operation != LOOKUP:
            found = [p for p in found if states_amounts(p[0].grid, p[0].row, p[1].column)] or found
        return [operand_of(candidate, dated) for candidate, dated in found]

    def _agreed(self, operands: Sequence[Operand], tables: bool = False) -> tuple[Operand, ...]:
        """Those with the value that most tables state. Where tables contradict each other, with
        `tables`, those of the table that the question is closer to; else none."""
        votes = Counter(abs(operand.value) for operand in operands).most_common()
        if not votes or (len(votes) > 1 and votes[0][1] < 2 * votes[1][1]):
            return self._closest(operands) if votes and tables else ()
        return tuple(operand for operand in operands if abs(operand.value) == votes[0][0])

    def _closest(self, operands: Sequence[Operand]) -> tuple[Operand, ...]:
        near = self._alignment.context([_told_of(operand) for operand in operands])
        ranked = sorted(zip(near, range(len(operands)), strict=True), reverse=True)
        best = operands[ranked[0][1]]
        others = [cosine for cosine, at in ranked if operands[at].value != best.value]
        return (best,) if ranked[0][0] - max(others) >= _TABLE_LEAD else ()


def _told_of(operand: Operand) -> str:
    """A row with what stands over it."""
    grid = operand.grid
    return f"{plain(operand.row.section)} {plain(operand.row.label)} {grid.near} {grid.prose}"


def _earlier(candidate: Candidate, dated: Dated) -> bool:
    return any(other.period.a_year_earlier(dated.period) for other in candidate.columns)


def then_and_now(periods: Asked, candidate: Candidate) -> tuple[Dated, Dated] | None:
    """The later column and the earlier one, where there is one of each."""
    if len(candidate.columns) != 2:
        return None
    first, last = sorted(candidate.columns, key=lambda dated: dated.period.order)
    if first.period.months != last.period.months or first.period == last.period:
        return None
    apart = last.period.a_year_earlier(first.period) or not periods.earlier
    return (last, first) if apart else None


def operand_of(candidate: Candidate, dated: Dated) -> Operand:
    """The cell of a row in a column."""
    cell = candidate.grid.cell(candidate.row, dated.column)
    assert cell is not None  # a candidate has a number there
    return Operand(candidate.row, dated.column, cell, candidate.grid)


def beside(first: Sequence[Operand], second: Sequence[Operand]) -> tuple[Operand, Operand]:
    """One of each, of the same table where that has both."""
    pairs = [(one, other) for one in first for other in second]
    return next((pair for pair in pairs if pair[0].grid is pair[1].grid), pairs[0])


def without_direction(operand: Operand) -> Operand:
    """Without a sign that tells only that it is paid: its label names no loss."""
    label = f"{operand.row.label} {operand.row.section}"
    paid = operand.value < 0 and "(" not in operand.row.label and "loss" not in label.lower()
    return replace(operand, magnitude=paid)


def comparable(one: Operand, other: Operand) -> bool:
    """Whether they have one unit and one scale."""
    scales = {o.grid.scale_of(o.row, o.cell).lower() for o in (one, other)}
    units = {one.cell.unit, other.cell.unit}
    mixed = "%" in units and len(units) > 1
    return len(scales) == 1 and not mixed and len(units - {""}) < 2


_CONSIDERED = 8  # labels or pairs of labels, the closest ones
_BETTER = 0.1  # closer by this much without a value in the period: these labels are meant
# A plan is certain from these on. Chosen between right plans and near misses of the samples, with
# the development half of benchmarks/results/table_questions.md in view.
_CLOSE = 0.65
_SCORE = 1.3
_UNEXPLAINED = 0.1
_EXPLAINED = 0.7
_LEAD = 0.02
_SECTIONS = 0.08  # the lead that rows of one label need in addition: only their sections differ


@dataclass(frozen=True)
class Proposal:
    """A plan, and how well it fits its question; all but a share are cosines."""

    plan: Plan
    aligned: Aligned
    unexplained: float  # the most that the question comes closer by leaving a word out
    explained: float  # share of the question's words that the labels or their tables say
    lead: float  # of the score over the best plan with another result
    named: bool  # the document or the tables have all names of the question

    @property
    def certain(self) -> bool:
        """Whether it is an answer."""
        close = self.aligned.closeness >= _CLOSE and self.aligned.score >= _SCORE
        told = self.unexplained <= _UNEXPLAINED and self.explained >= _EXPLAINED
        return close and told and self.lead >= _LEAD and self.named


def propose(
    asked: TableQuestion, evidence: AnyLibrary, documents: Collection[str] | None
) -> Proposal | None:
    """The plan that fits best, of the first document whose tables have the period that a question
    names; None without one."""
    periods = asked_periods(asked.text)
    if not periods.any or (asked.operation == LOOKUP and asked.over_time and not periods.earlier):
        return None
    for document in documents_of(asked.text, evidence, documents):
        if found := candidates(periods, document, evidence):
            return _Planning(asked, periods, found, document, evidence).best
    return None


class _Planning:
    """A question and the rows of a document."""

    def __init__(
        self,
        asked: TableQuestion,
        periods: Asked,
        found: Sequence[Candidate],
        document: str,
        evidence: AnyLibrary,
    ) -> None:
        asked = replace(asked, text=spelt_out(asked.text, [candidate.name for candidate in found]))
        self._asked, self._periods = asked, periods
        self._about = card(document, evidence.page(document, 1))
        self._rows: dict[str, list[Candidate]] = {}
        for candidate in found:
            self._rows.setdefault(candidate.name, []).append(candidate)
        self._alignment = Alignment(asked.text, list(self._rows), evidence.embedder())
        self._cells = Cells(asked, self._rows, self._alignment)

    @cached_property
    def best(self) -> Proposal | None:
        """None when labels without a value in the period fit clearly better."""
        tried = sorted(map(self._try, self._aligned()), key=lambda one: -one.score)
        best = next((one for one in tried if one.plan), None)
        if best is None or best.plan is None or tried[0].score - best.score > _BETTER:
            return None
        lead = min(best.lead_over(one) for one in tried) if len(tried) > 1 else best.score
        known = self._about | _words_of(best.plan, prose=False)
        named = names_of(self._alignment.text) <= known and not self._alignment.abbreviated
        plan = replace(best.plan, score=best.explained)
        return Proposal(plan, best.aligned, best.unexplained, best.explained, lead, named)

    def _aligned(self) -> list[Aligned]:
        """Labels that may be meant: one or two, as the operation needs."""
        operation, one = self._asked.operation, self._alignment.singles[:_CONSIDERED]
        if operation in (LOOKUP, GROWTH) or (operation == DIFFERENCE and self._periods.over_time):
            return one
        if operation not in (RATIO, SHARE, DIFFERENCE, SUM):
            return []
        two = self._alignment.pairs[:_CONSIDERED]
        return [*one, *two] if operation == SUM else two

    def _try(self, aligned: Aligned) -> "_Tried":
        plan = next(self._plans(aligned), None)
        if plan and self._called_otherwise(aligned, plan):
            plan = None
        said = _words_of(plan) if plan else frozenset(terms(" ".join(aligned.labels)))
        known = said | self._about
        return _Tried(
            aligned,
            plan,
            self._alignment.unexplained(aligned, known),
            self._alignment.explained(aligned, known),
        )

    # -- plans

    def _plans(self, aligned: Aligned) -> Iterator[Plan]:
        if len(aligned.labels) == 2:
            yield from self._of_two(aligned)
        elif self._asked.operation in (LOOKUP, SUM) and not self._growing:
            operands = self._cells.now(aligned.labels[0], frozenset(self._periods.months))
            if operands and is_of_kind(self._asked, operands[0]):
                yield Plan(operands[0].grid, LOOKUP, operands[:1])
        else:
            yield from self._over_time(aligned.labels[0])

    @property
    def _growing(self) -> bool:
        return self._asked.over_time and self._periods.over_time

    def _over_time(self, label: str) -> Iterator[Plan]:
        operation = DIFFERENCE if self._asked.operation == DIFFERENCE else GROWTH
        for candidate in self._rows[label]:
            if columns := then_and_now(self._periods, candidate):
                operands = tuple(operand_of(candidate, dated) for dated in columns)
                yield Plan(candidate.grid, operation, operands)

    def _of_two(self, aligned: Aligned) -> Iterator[Plan]:
        first, second = (
            self._cells.now(label, self._spans(aligned, at))
            for at, label in enumerate(aligned.labels)
        )
        if not first or not second:
            return
        one, other = beside(first, second)
        operation = self._asked.operation
        if operation in (RATIO, SHARE):
            if self._whole(aligned) == aligned.labels[0]:
                one, other = other, one
            one, other = without_direction(one), without_direction(other)
        if comparable(one, other) and not (operation != SUM and one.value == other.value):
            yield Plan(one.grid, operation, (one, other))

    def _whole(self, aligned: Aligned) -> str | None:
        """The label that is named as what a share is of."""
        starts = starts_of_whole(self._alignment.text)
        found = (self._alignment.closest_at(start, aligned.labels) for start in starts)
        return next(filter(None, found), None)

    def _called_otherwise(self, aligned: Aligned, plan: Plan) -> bool:
        """Whether the question has a word that other rows of the tables are called: "net income" is
        no operating income where a table has both. Apart from the words for the labels, that a
        total has it says nothing."""
        own: set[str] = set()
        others, parts = set[str](), set[str]()
        for operand in plan.operands:
            own |= operand.row.terms | operand.row.above | operand.column.terms
            others = others.union(*(row.terms for row in operand.grid.rows))
            parts = parts.union(*(row.terms for row in operand.grid.rows if not row.total))
        said = frozenset[str]().union(*map(self._alignment.terms, aligned.places)) - own
        return bool(said & others or (self._alignment.content - own) & parts)

    def _spans(self, aligned: Aligned, at: int) -> frozenset[int]:
        """The spans that are named between the words for a label and those for the next one."""
        text = self._asked.text
        places = [text.find(self._alignment.said(place)) for place in aligned.places]
        if min(places) < 0:  # a name or a period stands within
            return self._periods.months
        return frozenset(spans_of(text[places[at] : [*places, len(text)][at + 1]]))


@dataclass(frozen=True)
class _Tried:
    """Labels that may be meant, and their plan, where the period has one."""

    aligned: Aligned
    plan: Plan | None
    unexplained: float
    explained: float

    @property
    def score(self) -> float:
        """Greater is better."""
        return self.aligned.score - self.unexplained

    def lead_over(self, other: "_Tried") -> float:
        """Of the score, over a plan with another result; less where only the section differs."""
        if (
            self.plan is None
            or other.plan is None
            or _told_value(self.plan) == _told_value(other.plan)
        ):
            return self.score
        alike = [plain(o.row.label) for o in self.plan.operands]
        same = alike == [plain(o.row.label) for o in other.plan.operands]
        needed = _SECTIONS if same and set(alike) != set(self.aligned.labels) else 0.0
        return self.score - other.score - needed


def _words_of(plan: Plan, prose: bool = True) -> frozenset[str]:
    """What the labels, their sections and heads say, and what stands over the tables."""
    found: set[str] = set()
    for operand in plan.operands:
        found |= operand.row.terms | operand.row.above | operand.column.terms
        found |= operand.grid.near_terms | (operand.grid.prose_terms if prose else frozenset())
    return frozenset(found)


def _told_value(plan: Plan) -> object:
    value = result(plan)
    return None if value is None else round(abs(value), 6)


# -- Chooses the plan that answers a question: that of the rules on words, or the one by meaning


def choose(
    question: str, evidence: AnyLibrary, documents: Collection[str] | None = None
) -> Plan | None:
    """The certain plan; None when there is none. Where the two ways lead to different answers, the
    one by meaning counts: it explains all of the question."""
    wanted = asked(question)
    if wanted is None or not wanted.terms:
        return None
    proposal = propose(wanted, evidence, documents)
    by_words = certain(ranking(wanted, evidence, documents))
    if by_words and by_words.operation == LOOKUP and not _is_whole(wanted, by_words.operands[0]):
        by_words = None
    if proposal is None or not proposal.certain:
        return by_words
    agreed = by_words is not None and told(by_words) == told(proposal.plan)
    return by_words if agreed else proposal.plan


def _is_whole(asked: TableQuestion, operand: Operand) -> bool:
    """Whether one value is all of the answer: it is of the kind in question, and no values of
    several periods are asked for, "in 2018 and 2019, respectively"."""
    periods = asked_periods(asked.text)
    several = len(periods.years) + len(periods.days) + len(periods.quarters) > 1
    return is_of_kind(asked, operand) and (operand.column.change or not several)


# -- Writes a computed program as a sentence in the language of its question
# Values stand as the document writes them; what is computed has the marks of that language.

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
