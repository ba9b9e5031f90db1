"""Shows runs: the latest, the figures of one, and the changes between two."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from assistant.evaluation.comparing import compare
from assistant.evaluation.measuring import differences
from assistant.evaluation.report import COST_NAMES, MEASURES, about, report
from assistant.evaluation.runs import EvaluationRun, EvaluationRuns
from assistant.ui.components.escaping import as_html, plain

_LATEST = 30
_CHANGES = 50  # questions of each kind


def runs(kept: EvaluationRuns) -> None:
    """Draw the latest runs; one is shown, alone or beside another."""
    st.subheader("Runs", anchor=False)
    found = [run for run in kept.recent(_LATEST) if run.asked]
    if not found:
        st.caption("Nothing has been measured yet.")
        return
    titles = {run.number: _title(run) for run in found}
    # A new run is shown at once: another key is another box, which begins with the latest.
    number = st.selectbox(
        "Run", titles, format_func=lambda one: titles[one], key=f"run-{found[0].number}"
    )
    run = kept.get(number)
    others = [0, *(other for other in titles if other != number)]
    before = st.selectbox(
        "Compare with", others, format_func=lambda other: titles.get(other, "no other"),
        index=others.index(_changed_since(run, found)), key=f"compared-{number}",
    )  # fmt: skip
    if before:
        _changes(kept.get(before), run, kept)
    else:
        _figures(run, kept)


def _changed_since(run: EvaluationRun, found: Sequence[EvaluationRun]) -> int:
    """The number of the last earlier run of the same set with other settings; 0: none."""
    same = [
        other
        for other in found
        if other.number < run.number
        and other.about["file"] == run.about["file"]
        and other.about["options"] == run.about["options"]
    ]
    return same[0].number if same and differences(same[0], run) else 0


def _title(run: EvaluationRun) -> str:
    end = "" if run.finished else ", not finished"
    return f"{run.title}, questions: {run.asked}{end}{f' ({run.note})' if run.note else ''}"


def _figures(run: EvaluationRun, kept: EvaluationRuns) -> None:
    found = report(kept.rows(run.number))
    _about(run)
    table(
        ("", "mean", "95 % interval", "of"),
        [
            (MEASURES[name], f"{f['mean']:.3f}", f"{f['low']:.3f} to {f['high']:.3f}", f["n"])
            for name, f in found["measures"].items()
        ],
    )
    costs = [
        (COST_NAMES[name], f"{c['p50']:.3g}", f"{c['p95']:.3g}", c["n"])
        for name, c in found["costs"].items()
    ]
    table(("", "half within", "95 % within", "of"), costs)
    if found["failed"]:
        st.caption(f"{found['failed']} questions failed, and count as wrong.")


def _about(run: EvaluationRun) -> None:
    st.caption(plain(about(run)))
    if skipped := run.about["skipped"]["questions"]:
        names = ", ".join(run.about["skipped"]["documents"][:5])
        st.caption(plain(f"Questions skipped: {skipped}. The library does not hold {names}"))


def _changes(before: EvaluationRun, after: EvaluationRun, kept: EvaluationRuns) -> None:
    found = compare(kept.rows(before.number), kept.rows(after.number))
    if not found["questions"]:
        st.caption("These two runs have no question in common.")
        return
    differ = differences(before, after)
    st.caption(plain(f"They differ in {', '.join(differ)}." if differ else "Same settings."))
    table(
        ("", f"run {before.number}", f"run {after.number}", "difference", "95 % interval", "of"),
        [
            (MEASURES[name], f"{f['before']:.3f}", f"{f['after']:.3f}", f"{f['mean']:+.3f}",
             f"{f['low']:+.3f} to {f['high']:+.3f}", f["n"])
            for name, f in found["measures"].items()
        ],
    )  # fmt: skip
    for name, title in (("better", "Got better"), ("broke", "Broke")):
        with st.expander(f"{title}: {len(found[name])}", expanded=name == "broke"):
            _questions(found[name])


def _questions(changes: Sequence[dict[str, Any]]) -> None:
    for change in changes[:_CHANGES]:
        st.markdown(f"{plain(change['question'])} — *{plain(change['what'])}*")
    if len(changes) > _CHANGES:
        st.caption(f"and {len(changes) - _CHANGES} more")
    if not changes:
        st.caption("No question.")


def table(header: Sequence[object], rows: Sequence[Sequence[object]]) -> None:
    """Nothing without rows."""
    if not rows:
        return
    head = "".join(f'<th scope="col">{as_html(cell)}</th>' for cell in header)
    body = "".join(
        f'<tr><th scope="row">{as_html(first)}</th>'
        + "".join(f"<td>{as_html(cell)}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in rows
    )
    st.html(f'<table class="figures"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>')
