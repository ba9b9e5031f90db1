"""Compares two runs question by question: gains, losses, and the overall difference."""

from collections.abc import Sequence
from typing import Any

from assistant.evaluation.metrics import Interval, paired_difference, paired_ratio_difference
from assistant.evaluation.report import MEASURES, columns, rounded
from assistant.evaluation.scoring import Pair, Row, Scored, scored

# Of two labels of the same question the earlier one is better.
_ORDERS = {
    "answer": ("correct", "not judged", "refused", "wrong"),
    "refuse": ("refused", "answered"),
    "ask back": ("asked back", "refused", "answered"),
}
_HITS = ("page_hit@5", "document_hit@5")  # the first known measure of a search

_LESS_IS_BETTER = ("wrong", "refused")
_FEWEST = 10  # questions: drawn again from fewer, they hardly differ, and every interval is narrow

Both = list[tuple[Scored, Scored]]


def compare(before: Sequence[Row], after: Sequence[Row]) -> dict[str, Any]:
    """{"questions", "left_out", "measures": {name: {"before", "after", "mean", "low", "high",
    "n"}}, "better": [...], "broke": [...], "changed": [...]}; only questions of both runs count.

    `mean` with `low` and `high` is the paired difference. "changed" are answers that are worth the
    same as before, and say something else.
    """
    first = {row["id"]: row for row in before}
    rows = [(first[row["id"]], row) for row in after if row["id"] in first]
    both = [(scored(old), scored(new)) for old, new in rows]
    changes = [_change(*pair) for pair in both]
    return {
        "questions": len(both),
        "left_out": len(before) + len(after) - 2 * len(both),
        "measures": _measures(both),
        "better": [change for change in changes if change["worth"] > 0],
        "broke": [change for change in changes if change["worth"] < 0],
        "changed": [
            change
            for change, (old, new) in zip(changes, rows, strict=True)
            if change["worth"] == 0 and _answer_text(old) != _answer_text(new)
        ],
    }


def lines(found: dict[str, Any]) -> list[str]:
    """For people."""
    rows = [
        (MEASURES[name], f"{f['before']:.3f}", f"{f['after']:.3f}", f"{f['mean']:+.3f}",
         f"[{f['low']:+.3f}, {f['high']:+.3f}]", str(f["n"]))
        for name, f in found["measures"].items()
    ]  # fmt: skip
    told = columns(("", "before", "after", "difference", "95 % interval", "of"), rows)
    for name, title in (("better", "Got better"), ("broke", "Broke")):
        told += ["", f"{title}: {len(found[name])}"]
        told += [f"  {c['id']}: {c['question']} ({c['what']})" for c in found[name]]
    told += ["", f"Different, but equally good: {len(found['changed'])}"]
    if found["left_out"]:
        told.append(f"Questions of only one run, left out: {found['left_out']}")
    return told


def verdict(found: dict[str, Any], role: str) -> str:
    """What another model of a role changed, as a sentence: gains and losses whose interval leaves
    out 0. Whether to choose it is left to a person."""
    told = {"gained": _shown(found, 1), "lost": _shown(found, -1)}
    parts = [f"{word}: {'; '.join(some)}" for word, some in told.items() if some]
    said = ". ".join(parts) or "neither a gain nor a loss is shown"
    return f"The {role} differs; {said} ({found['questions']} questions)."


def _shown(found: dict[str, Any], side: int) -> list[str]:
    return [
        f"{MEASURES[name]} {f['mean']:+.3f} [{f['low']:+.3f}, {f['high']:+.3f}]"
        for name, f in found["measures"].items()
        if _side(name, f) == side
    ]


def _side(name: str, figure: dict[str, Any]) -> int:
    """1 for a gain, -1 for a loss, 0 where the interval holds 0, or is of too few questions."""
    if figure["n"] < _FEWEST or figure["low"] <= 0 <= figure["high"]:
        return 0
    return 1 if (figure["mean"] > 0) != (name in _LESS_IS_BETTER) else -1


def _measures(both: Both) -> dict[str, dict[str, Any]]:
    found = {}
    for name in MEASURES:
        means = [
            (a.means[name], b.means[name]) for a, b in both if name in a.means and name in b.means
        ]
        pairs = [
            (a.pairs.get(name, (0, 0)), b.pairs.get(name, (0, 0)))
            for a, b in both
            if name in a.pairs or name in b.pairs
        ]
        if means:
            old, new = map(list, zip(*means, strict=True))
            found[name] = _figure(_mean(old), _mean(new), paired_difference(new, old), len(means))
        elif pairs:
            first, second = map(list, zip(*pairs, strict=True))
            change = paired_ratio_difference(second, first)
            found[name] = _figure(_ratio(first), _ratio(second), change, len(pairs))
    return {name: figure for name, figure in found.items() if figure["mean"] == figure["mean"]}


def _figure(before: float, after: float, change: Interval, n: int) -> dict[str, Any]:
    return {"before": round(before, 4), "after": round(after, 4)} | rounded(change) | {"n": n}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _ratio(pairs: Sequence[Pair]) -> float:
    below = sum(n for _, n in pairs)
    return sum(n for n, _ in pairs) / below if below else float("nan")


def _change(old: Scored, new: Scored) -> dict[str, Any]:
    """The change of a question; `worth` is above 0 when it got better."""
    order = _ORDERS[new.question.wanted]
    worth, what = 0, ""
    if old.label in order and new.label in order and old.label != new.label:
        worth, what = order.index(old.label) - order.index(new.label), f"{old.label} → {new.label}"
    elif not (old.label or new.label):
        worth, what = _compare_hits(old, new)
    return {"id": new.question.id, "question": new.question.question, "worth": worth, "what": what}


def _compare_hits(old: Scored, new: Scored) -> tuple[int, str]:
    """The found state of a question, for runs that only search."""
    for name in _HITS:
        if name in old.means and name in new.means:
            worth = int(new.means[name] - old.means[name])
            return worth, {1: "found now", -1: "not found any more"}.get(worth, "")
    return 0, ""


def _answer_text(row: Row) -> str:
    return str((row.get("answer") or {}).get("answer", ""))
