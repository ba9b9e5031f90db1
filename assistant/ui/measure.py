"""Shows runs: the latest, the figures of one, and the changes between two."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from assistant.evaluation.comparing import COST_NAMES, MEASURES, about, compare, report
from assistant.evaluation.runs import EvaluationRun, EvaluationRuns, differences
from assistant.evaluation.scoring import advice, caution, sentences
from assistant.evaluation.sets import OwnQuestions
from assistant.feedback.learning import Learning, learning_of
from assistant.i18n.translation import N_, _, ngettext, number, told
from assistant.ui import resources, session
from assistant.ui.background import learning_from
from assistant.ui.widgets import as_html, plain, step
from ingest.errors import PinciteError

_DRAWN_RUNS = 30
_CHANGES = 50  # questions of each kind


def draw_runs(kept: EvaluationRuns) -> None:
    """Draw the latest runs; one is shown, alone or beside another."""
    st.header(_("Runs"), anchor=False)
    found = [run for run in kept.recent(_DRAWN_RUNS) if run.asked]
    if not found:
        st.caption(_("Nothing has been measured yet."))
        return
    titles = {run.number: _title(run) for run in found}
    # A new run is shown at once: another key is another box, which begins with the latest.
    number = st.selectbox(
        _("Run"), titles, format_func=lambda one: titles[one], key=f"run-{found[0].number}"
    )
    run = kept.get(number)
    others = [0, *(other for other in titles if other != number)]
    before = st.selectbox(
        _("Compare with"), others, format_func=lambda other: titles.get(other) or _("no other"),
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
    parts = [_("{run}, questions: {count}", run=_run_title(run), count=number(run.asked))]
    parts += [] if run.finished else [_("not finished")]
    return ", ".join(parts) + (f" ({run.note})" if run.note else "")


def _run_title(run: EvaluationRun) -> str:
    started = run.started[:16].replace("T", " ")
    return _("run {number}: {set}, {time}", number=run.number, set=run.about["set"], time=started)


def _figures(run: EvaluationRun, kept: EvaluationRuns) -> None:
    found = report(kept.rows(run.number))
    _about(run)
    table(
        ("", _("mean"), _("95 % interval"), _("of")),
        [
            (_(MEASURES[name]), number(f["mean"], 3), interval(f["low"], f["high"]), f["n"])
            for name, f in found["measures"].items()
        ],
    )
    costs = [
        (_(COST_NAMES[name]), short(c["p50"]), short(c["p95"]), c["n"])
        for name, c in found["costs"].items()
    ]
    table(("", _("half within"), _("95 % within"), _("of")), costs)
    if found["failed"]:
        st.caption(
            ngettext(
                "{count} question failed, and counts as wrong.",
                "{count} questions failed, and count as wrong.",
                found["failed"],
            )
        )


def _about(run: EvaluationRun) -> None:
    st.caption(plain(about(run)))
    if skipped := run.about["skipped"]["questions"]:
        names = ", ".join(run.about["skipped"]["documents"][:5])
        missing = _("Questions skipped: {count}. The library does not hold {documents}",
                    count=number(skipped), documents=names)  # fmt: skip
        st.caption(plain(missing))


def _changes(before: EvaluationRun, after: EvaluationRun, kept: EvaluationRuns) -> None:
    found = compare(kept.rows(before.number), kept.rows(after.number))
    if not found["questions"]:
        st.caption(_("These two runs have no question in common."))
        return
    differ = differences(before, after)
    names = ", ".join(differ)
    st.caption(plain(_("They differ in {names}.", names=names) if differ else _("Same settings.")))
    table(
        ("", _("run {number}", number=before.number), _("run {number}", number=after.number),
         _("difference"), _("95 % interval"), _("of")),
        [
            (_(MEASURES[name]), number(f["before"], 3), number(f["after"], 3),
             number(f["mean"], 3, sign=True), interval(f["low"], f["high"], sign=True), f["n"])
            for name, f in found["measures"].items()
        ],
    )  # fmt: skip
    titles = {"better": N_("Got better: {count}"), "broke": N_("Broke: {count}")}
    for name, title in titles.items():
        with st.expander(_(title, count=number(len(found[name]))), expanded=name == "broke"):
            _questions(found[name])


def _questions(changes: Sequence[dict[str, Any]]) -> None:
    for change in changes[:_CHANGES]:
        st.markdown(f"{plain(change['question'])} — *{plain(told(change['what']))}*")
    if len(changes) > _CHANGES:
        st.caption(_("and {count} more", count=number(len(changes) - _CHANGES)))
    if not changes:
        st.caption(_("No question."))


def interval(low: float, high: float, sign: bool = False) -> str:
    """`0.512 to 0.634`"""
    ends = {"low": number(low, 3, sign), "high": number(high, 3, sign)}
    return _("{low} to {high}", **ends)


def short(value: float) -> str:
    """Three digits: `12.3`."""
    return number(float(f"{value:.3g}"), max(0, len(f"{value:.3g}".partition(".")[2])))


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


# -- Shows learning from feedback: the amount of data, the figures, and a reset

_WRONG = 20  # answers that are shown


def draw_learning() -> None:
    """Raises PinciteError."""
    st.header(_("Learned from your feedback"), anchor=False)
    found = learning_of(resources.settings(), resources.library(), resources.person().id)
    st.caption(
        _("Thumbs, your questions and the citations that you open show where answers are found. "
        "A ranking and a threshold learned from them are used only where they are better on "
        "questions that they were not learned from.")
    )  # fmt: skip
    for line in found.summarise():
        st.markdown(plain(line))
    table(
        (_("on questions left out"), _("before"), _("learned"), _("difference"),
         _("95 % interval"), _("of")),
        [
            (_(name), number(f.before, 3), number(f.after, 3), number(f.change, 3, sign=True),
             interval(f.low, f.high, sign=True), n)
            for name, f, n in found.figures()
        ],
    )  # fmt: skip
    with st.container(horizontal=True):
        if st.button(_("Learn from feedback"), key="learn"):
            resources.start(_("Learning from feedback"), learning_from(found))
        if found.lessons.last() is not None:
            st.button(_("Reset"), key="reset-learned", on_click=_reset, args=(found,),
                      help=_("Restores the earlier ranking; thumbs and questions stay"),
                      )  # fmt: skip
    _wrong(found)


def _reset(found: Learning) -> None:
    try:
        found.reset()
    except PinciteError as error:
        session.keep_error(error)


def _wrong(found: Learning) -> None:
    wrong = [rating for rating in found.feedback.ratings() if not rating.good][::-1]
    if wrong:
        with st.expander(_("Answers that you marked wrong: {count}", count=number(len(wrong)))):
            for rating in wrong[:_WRONG]:
                st.markdown(f"**{plain(rating.question)}**  \n{plain(rating.said)}")


# -- The last result of a person's own questions, as sentences

_SEARCHED_RUNS = 100  # runs among which it is looked for


def draw_result(kept: EvaluationRuns, mine: OwnQuestions) -> None:
    """Draw the third step."""
    file = str(mine.file.resolve())
    found = [
        run for run in kept.recent(_SEARCHED_RUNS)
        if run.about["file"] == file and run.finished and not run.about["options"]["retrieval"]
    ]  # fmt: skip
    with step(3, _("What came out"), done=bool(found)):
        if not found:
            st.caption(_("Nothing has been measured yet."))
            return
        figures = report(kept.rows(found[0].number))
        told = [*sentences(figures), caution(figures)]
        st.html("".join(f"<p>{as_html(one)}</p>" for one in told if one))
        st.html(f"<p><b>{as_html(advice(figures))}</b></p>")
