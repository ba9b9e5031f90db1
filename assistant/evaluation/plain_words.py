"""The figures of a run as sentences for who has to decide whether answers can be relied on."""

from collections.abc import Iterator
from typing import Any

from assistant.i18n.numbers import number
from assistant.i18n.translation import _, ngettext

Figures = dict[str, Any]
_FEW = 20  # questions from which a share says something
# What is worth a word of advice: shares of questions.
_FOUND, _TURNED_DOWN, _RIGHTLY, _WRONG = 0.7, 0.2, 0.7, 0.15


def sentences(found: Figures) -> list[str]:
    """What a `report` says: what was right, what was turned down, where, and how soon."""
    return list(_sentences(found["measures"], found["costs"]))


def _sentences(measures: Figures, costs: Figures) -> Iterator[str]:
    if right := measures.get("correct"):
        yield ngettext(
            "Of {count} question that your documents answer, {right} answered right, {wrong} "
            "wrong, {refused} turned down.",
            "Of {count} questions that your documents answer, {right} answered right, {wrong} "
            "wrong, {refused} turned down.",
            right["n"], right=_of(measures, "correct"), wrong=_of(measures, "wrong"),
            refused=_of(measures, "refused"),
        )  # fmt: skip
    if rightly := measures.get("refusal_recall"):
        yield ngettext(
            "Of {count} question that they do not answer, {refused} turned down, as it should be.",
            "Of {count} questions that they do not answer, {refused} turned down, as they should "
            "be.", rightly["n"], refused=_of(measures, "refusal_recall"),
        )  # fmt: skip
    if pages := measures.get("page_hit@5"):
        yield _("The right page was among the first five for {found} of {count}.",
                found=_of(measures, "page_hit@5"), count=number(pages["n"]))  # fmt: skip
    if cited := measures.get("citation_precision"):
        yield _("Of 10 citations, about {right} point at the right page.",
                right=number(10 * cited["mean"]))  # fmt: skip
    if first := costs.get("first_token_seconds"):
        yield _("Half of the answers began within {seconds} s.",
                seconds=number(first["p50"], 1))  # fmt: skip


def _of(measures: Figures, name: str) -> str:
    figure = measures.get(name, {"mean": 0.0, "n": 0})
    return number(round(figure["mean"] * figure["n"]))


def caution(found: Figures) -> str:
    """How far luck goes; empty where nothing was answered."""
    right = found["measures"].get("correct")
    if not right:
        return ""
    ends = {"low": number(10 * right["low"]), "high": number(10 * right["high"])}
    if right["n"] < _FEW:
        return _("These are few questions: with others, {low} to {high} of 10 might be right. Keep "
                 "20 or more to be surer.", **ends)  # fmt: skip
    return _("With other questions, {low} to {high} of 10 would probably be right.", **ends)


def advice(found: Figures) -> str:
    """The one thing to do next."""
    means = {name: figure["mean"] for name, figure in found["measures"].items()}
    if means.get("page_hit@5", 1) < _FOUND:
        return _("Pages are often not found: look in the Library whether all of them were read.")
    if means.get("refused", 0) > _TURNED_DOWN:
        return _("It turns down much that it could answer: choose “Helpful” under “When unsure”.")
    if means.get("refusal_recall", 1) < _RIGHTLY:
        return _("It answers what your documents do not: choose “Strict” under “When unsure”.")
    if means.get("wrong", 0) > _WRONG:
        return _(
            "It finds the pages and reads them wrongly: a better model may help, see Settings."
        )
    return _("Nothing stands out. Look at the marks all the same before you rely on an answer.")
