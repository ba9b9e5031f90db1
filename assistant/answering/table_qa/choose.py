"""Chooses the plan that answers a question: that of the rules on words, or the one by meaning."""

from collections.abc import Collection

from assistant.answering.table_qa.matching import is_of_kind
from assistant.answering.table_qa.plan import Plan
from assistant.answering.table_qa.program import propose
from assistant.answering.table_qa.question.parse_question import LOOKUP, asked
from assistant.answering.table_qa.select_plan import Tabled, certain, ranking, told


def choose(
    question: str, evidence: Tabled, documents: Collection[str] | None = None
) -> Plan | None:
    """The certain plan; None when there is none. Where the two ways lead to different answers, the
    one by meaning counts: it explains all of the question."""
    wanted = asked(question)
    if wanted is None or not wanted.terms:
        return None
    proposal = propose(wanted, evidence, documents)
    by_words = certain(ranking(wanted, evidence, documents))
    if by_words and by_words.operation == LOOKUP and not is_of_kind(wanted, by_words.operands[0]):
        by_words = None
    if proposal is None or not proposal.certain:
        return by_words
    agreed = by_words is not None and told(by_words) == told(proposal.plan)
    return by_words if agreed else proposal.plan
