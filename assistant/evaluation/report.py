"""The figures of a run: means with their intervals, percentiles of seconds; a table of them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from assistant.evaluation.metrics import Interval, mean_interval, ratio_interval
from assistant.evaluation.runs import EvaluationRun
from assistant.evaluation.scoring import COSTS, Row, Scored, scored
from assistant.i18n.translation import N_, _

MEASURES = {
    "document_hit@5": N_("right document among the first 5 pages"),
    "page_hit@5": N_("right page among the first 5"),
    "page_hit@5_one_off": N_("- or one page off"),
    "page_recall@5": N_("share of the right pages among the first 5"),
    "page_hit@10": N_("right page among the first 10"),
    "page_hit@10_one_off": N_("- or one page off"),
    "document_recall@10": N_("share of the right documents among the first 10"),
    "ndcg@10": N_("nDCG@10"),
    "correct": N_("answerable: correct"),
    "wrong": N_("answerable: wrong"),
    "refused": N_("answerable: refused"),
    "refusal_recall": N_("unanswerable: refused (refusal recall)"),
    "refusal_precision": N_("refusals that are right (precision)"),
    "asked_back": N_("unclear: asked back"),
    "right_behaviour": N_("answered, refused or asked back as wanted"),
    "citation_precision": N_("citations that point at known evidence"),
    "citation_recall": N_("sentences that cite known evidence"),
}
COST_NAMES = {
    "search_seconds": N_("search, seconds"),
    "first_token_seconds": N_("first word, seconds"),
    "total_seconds": N_("whole answer, seconds"),
    "prompt_tokens": N_("tokens read"),
    "completion_tokens": N_("tokens written"),
}

Figure = dict[str, Any]


def report(rows: Sequence[Row]) -> dict[str, Any]:
    """{"questions", "failed", "labels", "measures": {name: {"mean", "low", "high", "n"}},
    "costs": {name: {"p50", "p95", "sum", "n"}}} of the rows of a run."""
    everything = [scored(row) for row in rows]
    return {
        "questions": len(rows),
        "failed": sum(one.failed for one in everything),
        "labels": dict(Counter(one.label for one in everything if one.label)),
        "measures": measures(everything),
        "costs": {name: cost for name in COSTS if (cost := _cost(name, rows))},
    }


def measures(everything: Iterable[Scored]) -> dict[str, Figure]:
    """The measures that apply to any question, in the order in which they are shown."""
    means: dict[str, list[float]] = {}
    pairs: dict[str, list[tuple[float, float]]] = {}
    for one in everything:
        for name, value in one.means.items():
            means.setdefault(name, []).append(value)
        for name, pair in one.pairs.items():
            pairs.setdefault(name, []).append(pair)
    found = {name: _figure(mean_interval(v), len(v)) for name, v in means.items()}
    found |= {
        name: _figure(ratio_interval(v), int(sum(n for _, n in v))) for name, v in pairs.items()
    }
    if "refusal_recall" not in found:  # nothing was to be refused: no refusal could be right
        found.pop("refusal_precision", None)
    return {name: found[name] for name in MEASURES if name in found}


def _figure(interval: Interval, n: int) -> Figure:
    return rounded(interval) | {"n": n}


def rounded(interval: Interval) -> Figure:
    """{"mean", "low", "high"}"""
    return {name: round(value, 4) for name, value in vars(interval).items()}


def _cost(name: str, rows: Sequence[Row]) -> Figure | None:
    values = [value for row in rows if (value := COSTS[name](row)) is not None]
    if not values:
        return None
    p50, p95 = np.percentile(values, [50, 95])
    return {"p50": round(float(p50), 4), "p95": round(float(p95), 4), "sum": round(sum(values), 2),
            "n": len(values)}  # fmt: skip


def lines(found: dict[str, Any]) -> list[str]:
    """A table for people."""
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
    """Of what library, and by which model."""
    by = run.about["model"] or _("search only")
    documents = run.about["documents"]
    library = run.about["library"]
    held = (
        _("{library}, documents: {count}", library=library, count=documents)
        if documents
        else _("given passages")
    )
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
