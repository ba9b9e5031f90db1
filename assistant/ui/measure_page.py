"""Measure: put questions whose answers are known to the assistant, and see what changes do."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from assistant.evaluation.comparing import COST_NAMES, MEASURES, about, compare, report
from assistant.evaluation.drafting import Drafting, describe_draft
from assistant.evaluation.metrics import Question, State
from assistant.evaluation.runs import (
    EvaluationRun,
    EvaluationRuns,
    MeasuringOptions,
    MeasuringWatch,
    all_runs,
    differences,
    measure,
)
from assistant.evaluation.scoring import advice, caution, sentences
from assistant.evaluation.sets import OwnQuestions, own
from assistant.feedback.learning import Learning, learning_of
from assistant.i18n.translation import N_, _, ngettext, number, told
from assistant.settings import Settings
from assistant.ui import page_frame, resources, session, widgets
from assistant.ui.background import DRAFTS, Task, Work
from assistant.ui.widgets import as_html, pace, plain, step

_SHOWN = 10  # drafts at a time
_OWN, _FOLDER = "own", "folder"  # where the questions come from


def page() -> None:
    """Draw the page from top to bottom."""
    with page_frame.page(_("Measure")):
        if not resources.is_owner():  # its questions and ratings are those of one person
            widgets.show_error(_("Only the owner of this Pincite can measure it."))
            return
        mine = own(resources.settings(), resources.library().name, resources.person().id)
        runs = all_runs(resources.settings())
        st.header(_("Is it good on my documents?"), anchor=False)
        _steps(mine, runs)
        with st.expander(_("All figures and options, for experts")):
            _start(mine)
            _draw_learning()
            _draw_runs(runs)


def _steps(mine: OwnQuestions, runs: EvaluationRuns) -> None:
    drawn = _at_work()  # before all that is read: what is new later draws the page again
    kept = mine.of("kept")
    drafts = drawn[0] is not None and drawn[0].kind == DRAFTS
    with step(1, _("Questions whose answers you know"), done=bool(kept)):
        _drafts(mine)
        if drafts:
            _watch(drawn)
    with step(2, _("Ask them"), done=False):
        told = ngettext("It asks your {count} question.", "It asks your {count} questions.",
                        len(kept))  # fmt: skip
        st.caption(told if kept else _("Keep a few questions first: ten are a good beginning."))
        ask = _("Ask my questions")
        if st.button(ask, type="primary", key="ask-mine", disabled=drawn[1] or not kept):
            _measure(mine, None, MeasuringOptions())
        if not drafts:
            _watch(drawn)
    _draw_result(runs, mine)


# -- what is at work


def _at_work() -> tuple[Task | None, bool]:
    """The task, and whether it goes on."""
    task: Task | None = resources.tasks().last
    return task, task is not None and not task.ended


def _watch(drawn: tuple[Task | None, bool]) -> None:
    """In the step that the task belongs to."""
    st.fragment(_work, run_every=pace(1.0, drawn[1]))(drawn)


def _work(drawn: tuple[Task | None, bool]) -> None:
    if _at_work() != drawn:
        st.rerun()
    task, goes_on = drawn
    if task is None:
        return
    with st.container(border=True, key="task"):
        draw = _going if goes_on else _ended
        draw(task)
        for notice in task.notices:
            st.caption(plain(told(notice)))


def _going(task: Task) -> None:
    st.markdown(f"**{plain(task.title)}**")
    if task.total:
        sizes = {"done": number(task.done), "total": number(task.total)}
        st.progress(min(task.done / task.total, 1.0), _("{done} of {total} done", **sizes))
    st.caption(plain(told(task.now) or _("Preparing")))
    if task.cancel.is_set():
        st.caption(_("Stopping…"))
    else:
        st.button(_("Stop"), key="stop-task", on_click=task.stop)


def _ended(task: Task) -> None:
    if task.error:
        widgets.show_error(task.error)
    elif task.cancel.is_set() and not task.learned:  # what was learned in spite of it is on
        st.markdown(f"**{_('Stopped.')}** {told(task.left)}")
    elif task.run:
        st.markdown(_("**{task}: done.** The figures are below.", task=plain(task.title)))
    elif task.learned:
        st.markdown(_("**Learned.** The result is below."))
    else:
        new = ngettext("{count} new draft.", "{count} new drafts.", task.made)
        st.markdown(f"**{new}** {_('Keep or drop each of them.')}")
    st.button(_("OK"), key="task-seen", on_click=resources.tasks().forget)


# -- what can be started


def _start(mine: OwnQuestions) -> None:
    kept = len(mine.of("kept"))
    mine_here = _("My questions about this library ({count})", count=number(kept))
    names = {_OWN: mine_here, _FOLDER: _("A folder of questions")}
    sets = [_OWN, _FOLDER] if resources.may_name_folders() else [_OWN]
    with st.form("measure", border=True):
        chosen = st.radio(_("Questions"), sets, key="which", format_func=names.__getitem__)
        folder = st.text_input(
            _("Folder or file"), key="folder", placeholder=_("a folder with a questions.jsonl"),
            help=_("The questions go to the documents beside them, or to this library if it holds "
                   "those documents."),
        ) if resources.may_name_folders() else ""  # fmt: skip
        searches = st.checkbox(_("Search only, without answers"), key="retrieval")
        limit = st.number_input(_("Maximum number of questions"), 1, value=None, key="limit")
        if st.form_submit_button(_("Measure"), type="primary"):
            options = MeasuringOptions(retrieval=searches, limit=int(limit) if limit else None)
            _measure(mine, Path(folder).expanduser() if chosen == _FOLDER else None, options)


def _measure(mine: OwnQuestions, folder: Path | None, options: MeasuringOptions) -> None:
    if folder is not None and not folder.parts:
        widgets.show_error(_("Name the folder that holds the questions."))
        return
    settings = resources.settings().model_copy(update={"library": resources.chosen_one()})
    title = (
        _("Measuring {folder}", folder=folder.name)
        if folder
        else _("Measuring my questions about this library")
    )
    path, named = (folder, False) if folder else (mine.file, True)
    if named and not mine.of("kept"):
        widgets.show_error(
            _("You have not kept any questions yet: draft some, and keep the good ones.")
        )
        return
    work = _measuring(path, settings, named, options, resources.assistants())
    resources.start(title, work)


# -- a person's own questions


def _drafts(mine: OwnQuestions) -> None:
    drafts = mine.of("draft")
    kept = ngettext("{count} kept", "{count} kept", len(mine.of("kept")))
    waiting = ngettext("{count} draft to review", "{count} drafts to review", len(drafts))
    none = _("None yet. The chat model drafts some from your documents; keep those that are right.")
    begun = drafts or mine.of("kept")
    st.caption(_("{kept}, {drafts}.", kept=kept, drafts=waiting) if begun else none)
    for question in drafts[:_SHOWN]:
        _draft(mine, question)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        many = st.number_input(_("From how many passages"), 1, 100, 5, key="passages", width=220)
        if st.button(_("Draft questions"), key="draft"):
            _draft_more(mine, int(many))


def _draft(mine: OwnQuestions, question: Question) -> None:
    with st.container(border=True, key=f"draft-{question.id}"):
        st.markdown(f"**{plain(question.question)}**")
        st.caption(" · ".join(map(plain, describe_draft(question))))
        with st.container(horizontal=True):
            for label, state in ((_("Keep"), "kept"), (_("Drop"), "dropped")):
                st.button(label, key=f"{state}-{question.id}", on_click=_set_state,
                          args=(mine, question.id, state))  # fmt: skip


def _set_state(mine: OwnQuestions, id: str, state: State) -> None:
    with session.errors_kept():
        mine.put(id, state)


def _draft_more(mine: OwnQuestions, many: int) -> None:
    model = resources.chat_model()
    if model is None:
        widgets.show_error(_("Drafts are written by a chat model, and none is installed."))
        return
    library = resources.library()
    assistant = resources.assistants()(resources.settings(), library)
    how = Drafting(library, assistant, model)
    seed = random.randrange(1 << 30)  # other passages each time
    resources.start(_("Drafting questions"), _drafting(how, mine, many, seed), DRAFTS)


# -- What runs in the background


def _measuring(
    path: Path,
    settings: Settings,
    named: bool,
    options: MeasuringOptions,
    assistant: Callable[..., Any],
) -> Work:
    """Measures a set of questions."""

    def work(task: Task) -> None:
        watch = MeasuringWatch(
            adding=lambda step: task.note(f"{told(step.stage)} {step.file}", step.done, step.total),
            asking=lambda step: task.note(step.question, step.done, step.total),
            notice=task.tell,
            cancel=task.cancel,
        )
        task.run = measure(path, settings, named, options, watch, assistant)

    return work


def _drafting(how: Drafting, mine: OwnQuestions, number: int, seed: int) -> Work:
    """Drafts questions from so many passages; each is kept as soon as it is there."""

    def work(task: Task) -> None:
        how.cancel = task.cancel
        how.show = lambda done, total: task.note(_("Writing questions"), done, total)
        for question in how.drafts(number, seed):
            task.made += mine.add([question])

    return work


def _learning_from(found: Learning) -> Work:
    """Learns from a person's feedback."""

    def work(task: Task) -> None:
        task.left = N_("Nothing was learned; earlier results are unchanged.")
        task.learned = found.learn(task.note, task.cancel)

    return work


# -- The latest runs, the figures of one, and the changes between two

_DRAWN_RUNS = 30
_CHANGES = 50  # questions of each kind


def _draw_runs(kept: EvaluationRuns) -> None:
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
    started = run.started[:16].replace("T", " ")
    name = _("run {number}: {set}, {time}", number=run.number, set=run.about["set"], time=started)
    parts = [_("{run}, questions: {count}", run=name, count=number(run.asked))]
    parts += [] if run.finished else [_("not finished")]
    return ", ".join(parts) + (f" ({run.note})" if run.note else "")


def _figures(run: EvaluationRun, kept: EvaluationRuns) -> None:
    found = report(kept.rows(run.number))
    _about(run)
    _table(
        ("", _("mean"), _("95 % interval"), _("of")),
        [
            (_(MEASURES[name]), number(f["mean"], 3), _interval(f["low"], f["high"]), f["n"])
            for name, f in found["measures"].items()
        ],
    )
    costs = [
        (_(COST_NAMES[name]), _short(c["p50"]), _short(c["p95"]), c["n"])
        for name, c in found["costs"].items()
    ]
    _table(("", _("half within"), _("95 % within"), _("of")), costs)
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
    _table(
        ("", _("run {number}", number=before.number), _("run {number}", number=after.number),
         _("difference"), _("95 % interval"), _("of")),
        [
            (_(MEASURES[name]), number(f["before"], 3), number(f["after"], 3),
             number(f["mean"], 3, sign=True), _interval(f["low"], f["high"], sign=True), f["n"])
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


def _interval(low: float, high: float, sign: bool = False) -> str:
    """`0.512 to 0.634`"""
    ends = {"low": number(low, 3, sign), "high": number(high, 3, sign)}
    return _("{low} to {high}", **ends)


def _short(value: float) -> str:
    """Three digits: `12.3`."""
    return number(float(f"{value:.3g}"), max(0, len(f"{value:.3g}".partition(".")[2])))


def _table(header: Sequence[object], rows: Sequence[Sequence[object]]) -> None:
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


def _draw_learning() -> None:
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
    _table(
        (_("on questions left out"), _("before"), _("learned"), _("difference"),
         _("95 % interval"), _("of")),
        [
            (_(name), number(f.before, 3), number(f.after, 3), number(f.change, 3, sign=True),
             _interval(f.low, f.high, sign=True), n)
            for name, f, n in found.figures()
        ],
    )  # fmt: skip
    with st.container(horizontal=True):
        if st.button(_("Learn from feedback"), key="learn"):
            resources.start(_("Learning from feedback"), _learning_from(found))
        if found.lessons.last() is not None:
            st.button(_("Reset"), key="reset-learned", on_click=_reset, args=(found,),
                      help=_("Restores the earlier ranking; thumbs and questions stay"),
                      )  # fmt: skip
    _wrong(found)


def _reset(found: Learning) -> None:
    with session.errors_kept():
        found.reset()


def _wrong(found: Learning) -> None:
    wrong = [rating for rating in found.feedback.ratings() if not rating.good][::-1]
    if wrong:
        with st.expander(_("Answers that you marked wrong: {count}", count=number(len(wrong)))):
            for rating in wrong[:_WRONG]:
                st.markdown(f"**{plain(rating.question)}**  \n{plain(rating.said)}")


# -- The last result of a person's own questions, as sentences

_SEARCHED_RUNS = 100  # runs among which it is looked for


def _draw_result(kept: EvaluationRuns, mine: OwnQuestions) -> None:
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
