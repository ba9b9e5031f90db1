"""Compares two runs question by question: gains, losses, and the overall difference."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from assistant.evaluation.metrics import Interval, paired_ratio_difference, ratio_interval
from assistant.evaluation.runs import EvaluationRun
from assistant.evaluation.scoring import COSTS, Pair, RunRow, Scored, cost, scored
from assistant.i18n.translation import _, number

# -- The figures of a run: means with their intervals, percentiles of seconds; a table of them

MEASURES = {
    "document_hit@5": "right document among the first 5 pages",
    "page_hit@5": "right page among the first 5",
    "page_hit@5_one_off": "- or one page off",
    "page_recall@5": "share of the right pages among the first 5",
    "page_hit@10": "right page among the first 10",
    "page_hit@10_one_off": "- or one page off",
    "document_recall@10": "share of the right documents among the first 10",
    "ndcg@10": "nDCG@10",
    "correct": "answerable: correct",
    "wrong": "answerable: wrong",
    "refused": "answerable: refused",
    "refusal_recall": "unanswerable: refused (refusal recall)",
    "refusal_precision": "refusals that are right (precision)",
    "asked_back": "unclear: asked back",
    "right_behaviour": "answered, refused or asked back as wanted",
    "citation_precision": "citations that point at known evidence",
    "citation_recall": "sentences that cite known evidence",
}
COST_NAMES = {
    "search_seconds": "search, seconds",
    "first_token_seconds": "first word, seconds",
    "total_seconds": "whole answer, seconds",
    "prompt_tokens": "tokens read",
    "completion_tokens": "tokens written",
}

Figure = dict[str, Any]


def report(rows: Sequence[RunRow]) -> dict[str, Any]:
    """{"questions", "failed", "labels", "measures": {name: {"mean", "low", "high", "n"}},
    "costs": {name: {"p50", "p95", "sum", "n"}}} of the rows of a run."""
    everything = [scored(row) for row in rows]
    return {
        "questions": len(rows),
        "failed": sum(one.failed for one in everything),
        "labels": dict(Counter(one.label for one in everything if one.label)),
        "measures": measures(everything),
        "costs": {name: figure for name in COSTS if (figure := _cost(name, rows))},
    }


def measures(everything: Iterable[Scored]) -> dict[str, Figure]:
    """The measures that apply to any question, in the order in which they are shown."""
    pairs: dict[str, list[Pair]] = {}
    for one in everything:
        for name, pair in _pairs(one).items():
            pairs.setdefault(name, []).append(pair)
    if "refusal_recall" not in pairs:  # nothing was to be refused: no refusal could be right
        pairs.pop("refusal_precision", None)
    return {
        name: rounded(ratio_interval(pairs[name])) | {"n": int(sum(n for _, n in pairs[name]))}
        for name in MEASURES if name in pairs
    }  # fmt: skip


def _pairs(one: Scored) -> dict[str, Pair]:
    """All measures of a question as parts of a ratio: a mean counts once."""
    return {name: (value, 1.0) for name, value in one.means.items()} | one.pairs


def rounded(interval: Interval) -> Figure:
    """{"mean", "low", "high"}, each rounded to four decimals."""
    return {name: round(value, 4) for name, value in vars(interval).items()}


def _cost(name: str, rows: Sequence[RunRow]) -> Figure | None:
    values = [value for row in rows if (value := cost(row, name)) is not None]
    if not values:
        return None
    p50, p95 = np.percentile(values, [50, 95])
    return {"p50": round(float(p50), 4), "p95": round(float(p95), 4), "sum": round(sum(values), 2),
            "n": len(values)}  # fmt: skip


def report_lines(found: dict[str, Any]) -> list[str]:
    """The measures and costs of a run as lines of a table."""
    rows = [
        (MEASURES[name], f"{f['mean']:.3f}", f"[{f['low']:.3f}, {f['high']:.3f}]", str(f["n"]))
        for name, f in found["measures"].items()
    ]
    table = columns(("", "mean", "95 % interval", "of"), rows)
    costs = [
        (COST_NAMES[name], _short(c["p50"]), _short(c["p95"]), str(c["n"]))
        for name, c in found["costs"].items()
    ]
    if not costs:
        return table
    return [*table, "", *columns(("", "half within", "95 % within", "of"), costs)]


def about(run: EvaluationRun) -> str:
    """A line about a run: its library, and the model that answered."""
    by = run.about["model"] or "search only"
    documents = run.about["documents"]
    held = f"{run.about['library']}, documents: {documents}" if documents else "given passages"
    return f"{held}; {by}"


def columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table: the first column to the left, the others to the right."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    return [
        "  ".join(
            cell.ljust(width) if number == 0 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [header, *rows]
    ]


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


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


def compare(before: Sequence[RunRow], after: Sequence[RunRow]) -> dict[str, Any]:
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


def comparison_lines(found: dict[str, Any]) -> list[str]:
    """A comparison of two runs as lines: a table, then the questions that changed."""
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


def since(found: dict[str, Any], differ: Sequence[str]) -> str:
    """What a comparison with the run before says in words, with the names of what else differs;
    empty where the two have no question in common."""
    if not found["questions"]:
        return ""
    counts = {name: number(len(found[name])) for name in ("better", "broke")}
    told = _("Compared with the run before, answers that got better: {better}, that got worse: "
             "{broke}.", **counts)  # fmt: skip
    how = _("They differ in {names}.", names=", ".join(differ)) if differ else _("Same settings.")
    return f"{told} {how}"


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
    """Of the questions to which a measure applies: in both runs; of a ratio, as of citations that
    are right, in one of them."""
    every = [(old, new, _pairs(old), _pairs(new)) for old, new in both]
    found = {}
    for name in MEASURES:
        rows = [
            (a.get(name, (0.0, 0.0)), b.get(name, (0.0, 0.0)))
            for old, new, a, b in every
            if name in old.pairs or name in new.pairs or (name in a and name in b)
        ]
        if rows:
            before, after = map(list, zip(*rows, strict=True))
            change = paired_ratio_difference(after, before)
            figure = {"before": round(_ratio(before), 4), "after": round(_ratio(after), 4)}
            found[name] = figure | rounded(change) | {"n": len(rows)}
    return {name: figure for name, figure in found.items() if figure["mean"] == figure["mean"]}


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


def _answer_text(row: RunRow) -> str:
    return str((row.get("answer") or {}).get("answer", ""))
