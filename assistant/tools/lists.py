"""Answers questions to lists in any language: the chat model chooses what to compute, code does."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from assistant.answering.table_qa.plan import Plan
from assistant.answering.table_qa.records.program import (
    CHOICES,
    HELD,
    NO_COLUMN,
    SURE_OF_COLUMN,
    SURE_OF_OPERATION,
    AskedList,
    asked_list,
    chosen,
    computed,
)
from assistant.answering.table_qa.records.verbalise import sentence
from assistant.answering.table_qa.select_plan import Tabled
from assistant.answering.verification import unread_page_notices
from assistant.contract.outcome import Outcome, Passage
from assistant.contract.reply import Reply
from assistant.contract.request import Request, Tool
from assistant.errors import ContextOverflow, NoOdds
from assistant.i18n.translation import _
from assistant.llm import prompts
from assistant.llm.letter_choice import likeliest
from assistant.llm.model_lock import TurnTaking
from assistant.llm.token_odds import TokenOdds
from assistant.security.addresses import AddressFilter
from assistant.tools.answer_from_tables import Tables, computation, outcome, seen
from ingest.errors import Stopped


class Lists:
    """Takes a question that mentions a value or a head of a list. Where the model is not sure what
    it asks for, the tool for all questions answers it."""

    name = Tables.name

    def __init__(self, model: TokenOdds, turns: TurnTaking, otherwise: Tool) -> None:
        self._model = model
        self._turns = turns
        self._otherwise = otherwise

    def offer(self, request: Request) -> Reply | None:
        """None for a follow-up, and for a question that mentions nothing of a list nearby."""
        evidence = request.evidence
        if request.given or request.query.follows_up or not isinstance(evidence, Tabled):
            return None
        asked = asked_list(request.question, evidence, request.documents)
        if asked is None:
            return None
        return Reply(request.question, lambda reply: self._work(asked, request, reply), self.name)

    def _work(self, asked: AskedList, request: Request, reply: Reply) -> Iterator[str]:
        reply.activity.stage = _("Computing")
        try:
            with self._turns.turn(reply):
                chooser = Chooser(self._model, reply.cancel)
                program = chosen(asked, chooser)
        except Stopped:
            reply.outcome = Outcome("", stopped=True)
            return
        except (NoOdds, ContextOverflow):
            program = None
        plan = computed(asked, *program) if program else None
        if program is None or plan is None or not seen(plan):
            yield from self._other(request, reply)
            return
        reply.trace.program = program
        reply.trace.facts.computed = computation(plan, chooser.checks)
        yield from _write(plan, request, reply)

    def _other(self, request: Request, reply: Reply) -> Iterator[str]:
        other = self._otherwise.run(request)
        reply.tool, reply.model = other.tool, other.model
        yield from other.work(reply)


def _write(plan: Plan, request: Request, reply: Reply) -> Iterator[str]:
    cells = (operand.cell.text for operand in plan.operands)
    # A cell may be markup that a viewer of the answer would follow.
    text = AddressFilter([*cells, request.question]).clean(sentence(plan, request.question))
    yield text
    reply.outcome = unread_page_notices.noted(outcome(plan, text), request.evidence, request.alone)


def again(request: Request, program: tuple[str, str]) -> Reply | None:
    """The reply of a program that was chosen before; None where the list does not give it."""
    evidence = request.evidence
    if not isinstance(evidence, Tabled):
        return None
    asked = asked_list(request.question, evidence, request.documents)
    plan = computed(asked, *program) if asked else None
    if plan is None:
        return None
    return Reply(request.question, lambda reply: _write(plan, request, reply), Lists.name)


@dataclass(frozen=True)
class Chooser:
    """See `table_qa.records.program.Chooser`."""

    model: TokenOdds
    cancel: threading.Event
    checks: list[tuple[str, float, float]] = field(default_factory=list)  # see `Computed`

    def operation(self, question: str, shown: Sequence[str]) -> tuple[str, float]:
        at, sure = self._choose(question, shown, prompts.WHICH_VALUE, list(CHOICES.values()))
        self.checks.append(("operation", sure, SURE_OF_OPERATION))
        return list(CHOICES)[at], sure

    def column(
        self, question: str, shown: Sequence[str], heads: Sequence[str]
    ) -> tuple[str, float]:
        choices = [*heads, NO_COLUMN]
        at, sure = self._choose(question, shown, prompts.WHICH_COLUMN, choices)
        self.checks.append(("column", sure, SURE_OF_COLUMN))
        return choices[at], sure

    def held(self, question: str, document: str, shown: Sequence[str]) -> float:
        passage = Passage(document, 1, 1.0, "\n".join(shown))
        messages = prompts.first_turn([passage], question, prompts.CHECK)
        yes, no = self.model.next_token_logprobs(messages, (prompts.YES, prompts.NO), self.cancel)
        self.checks.append(("held", yes - no, HELD))
        return yes - no

    def _choose(
        self, question: str, shown: Sequence[str], asked: str, choices: Sequence[str]
    ) -> tuple[int, float]:
        messages = prompts.on_choices(question, shown, asked, choices)
        return likeliest(self.model, messages, len(choices), self.cancel)
