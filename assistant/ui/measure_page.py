"""Measure: put questions whose answers are known to the assistant, and see what changes do."""

import random
from collections.abc import Iterator
from typing import Any

import streamlit as st

from assistant.errors import AssistantError
from assistant.evaluation import runs as measured
from assistant.evaluation.comparing import compare, report, since
from assistant.evaluation.drafting import Drafting, describe_draft
from assistant.evaluation.runs import measure
from assistant.evaluation.scoring import advice, caution, sentences
from assistant.evaluation.sets import OwnQuestions, own
from assistant.feedback.learning import Learning, learning_of
from assistant.i18n.translation import N_, _, ngettext, number, told
from assistant.ui import page_frame, resources, widgets
from assistant.ui.background import DRAFTS, Task, Work
from assistant.ui.widgets import as_html, button, draw_stop, draw_until_end, plain, step

_SHOWN = 10  # drafts at a time


def page() -> None:
    """Draw the page from top to bottom."""
    with page_frame.page(_("Measure")):
        if not resources.is_owner():  # its questions and ratings are those of one person
            widgets.show_error(_("Only the owner of this Pincite can measure it."))
            return
        mine = own(resources.settings(), resources.library().name, resources.person().id)
        runs = measured.all_runs(resources.settings())
        st.header(_("Is it good on my documents?"), anchor=False)
        _steps(mine, runs)
        with st.expander(_("Learned from your feedback")):
            _draw_learning()


def _steps(mine: OwnQuestions, runs: measured.EvaluationRuns) -> None:
    kept, task = mine.of("kept"), resources.tasks().last
    drafts = task is not None and task.kind == DRAFTS
    with step(1, _("Questions whose answers you know"), done=bool(kept)):
        _drafts(mine)
        if task and drafts:
            _draw_task(task)
    with step(2, _("Ask them"), done=False):
        told = ngettext("It asks your {count} question.", "It asks your {count} questions.",
                        len(kept))  # fmt: skip
        st.caption(told if kept else _("Keep a few questions first: ten are a good beginning."))
        busy = task is not None and not task.ended
        label = _("Ask my questions")
        button(label, "ask-mine", _measure, mine, type="primary", disabled=busy or not kept)
        if task and not drafts:
            _draw_task(task)
    _draw_result(runs, mine)


# -- what is at work


def _draw_task(task: Task) -> None:
    """In the step that it belongs to."""
    if task.ended:
        _draw_state(task)
    else:
        draw_until_end(task, 1.0, _draw_state)


def _draw_state(task: Task) -> None:
    with st.container(border=True, key="task"):
        (_ended if task.ended else _going)(task)
        for notice in task.notices:
            st.caption(plain(told(notice)))


def _going(task: Task) -> None:
    st.markdown(f"**{plain(task.title)}**")
    if task.total:
        sizes = {"done": number(task.done), "total": number(task.total)}
        st.progress(min(task.done / task.total, 1.0), _("{done} of {total} done", **sizes))
    st.caption(plain(told(task.now) or _("Preparing")))
    draw_stop(task.cancel.is_set(), "stop-task", task.stop)


def _ended(task: Task) -> None:
    if task.error:
        widgets.show_error(task.error)
    elif task.cancel.is_set() and not task.learned:  # what was learned in spite of it is on
        st.markdown(f"**{_('Stopped.')}** {told(task.left)}")
    elif task.run:
        st.markdown(_("**{task}: done.** The result is below.", task=plain(task.title)))
    elif task.learned:
        st.markdown(_("**Learned.** The result is below."))
    else:
        new = ngettext("{count} new draft.", "{count} new drafts.", task.made)
        st.markdown(f"**{new}** {_('Keep or drop each of them.')}")
    button(_("OK"), "task-seen", resources.tasks().forget, "", type="secondary")


def _measure(mine: OwnQuestions) -> None:
    settings = resources.settings().model_copy(update={"library": resources.chosen_one()})
    assistant = resources.assistants()

    def work(task: Task) -> None:
        watch = measured.MeasuringWatch(
            asking=lambda step: task.note(step.question, step.done, step.total),
            notice=task.tell,
            cancel=task.cancel,
        )
        task.run = measure(mine.file, settings, True, measured.MeasuringOptions(), watch, assistant)

    _start(_("Measuring my questions about this library"), work)


def _start(title: str, work: Work, kind: str = "") -> None:
    """Raises AssistantError where one is running already."""
    resources.check_owner()
    resources.tasks().start(title, work, kind)


# -- a person's own questions


def _drafts(mine: OwnQuestions) -> None:
    drafts = mine.of("draft")
    kept = ngettext("{count} kept", "{count} kept", len(mine.of("kept")))
    waiting = ngettext("{count} draft to review", "{count} drafts to review", len(drafts))
    none = _("None yet. The chat model drafts some from your documents; keep those that are right.")
    begun = drafts or mine.of("kept")
    st.caption(_("{kept}, {drafts}.", kept=kept, drafts=waiting) if begun else none)
    for question in drafts[:_SHOWN]:
        with st.container(border=True, key=f"draft-{question.id}"):
            st.markdown(f"**{plain(question.question)}**")
            st.caption(" · ".join(map(plain, describe_draft(question))))
            with st.container(horizontal=True):
                for label, state in ((_("Keep"), "kept"), (_("Drop"), "dropped")):
                    key = f"{state}-{question.id}"
                    button(label, key, mine.put, question.id, state, type="secondary")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(_("From how many passages"), 1, 100, 5, key="passages", width=220)
        button(_("Draft questions"), "draft", _draft_more, mine, type="secondary")


def _draft_more(mine: OwnQuestions) -> None:
    if (model := resources.chat_model()) is None:
        raise AssistantError(_("Drafts are written by a chat model, and none is installed."))
    library = resources.library()
    assistant = resources.assistants()(resources.settings(), library)
    how = Drafting(library, assistant, model)
    many, seed = st.session_state["passages"], random.randrange(1 << 30)  # other passages each time

    def work(task: Task) -> None:
        """Each question is kept as soon as it is there."""
        how.cancel = task.cancel
        how.show = lambda done, total: task.note(_("Writing questions"), done, total)
        for question in how.drafts(many, seed):
            task.made += mine.add([question])

    _start(_("Drafting questions"), work, DRAFTS)


# -- Shows learning from feedback: the amount of data, what is on, and a reset

_WRONG = 20  # answers that are shown


def _draw_learning() -> None:
    """Raises PinciteError."""
    found = learning_of(resources.settings(), resources.library(), resources.person().id)
    st.caption(
        _("Thumbs and your questions show where answers are found. A ranking learned from them is "
          "used only where it is better on questions that it was not learned from.")
    )  # fmt: skip
    for line in found.summarise():
        st.markdown(plain(line))
    with st.container(horizontal=True):
        button(_("Learn from feedback"), "learn", _learn, found, type="secondary")
        if found.lessons.last() is not None:
            stays = _("Restores the earlier ranking; thumbs and questions stay")
            button(_("Reset"), "reset-learned", found.reset, help=stays, type="secondary")
    wrong = [rating for rating in found.feedback.ratings() if not rating.good][::-1]
    if wrong:
        with st.expander(_("Answers that you marked wrong: {count}", count=number(len(wrong)))):
            for rating in wrong[:_WRONG]:
                st.markdown(f"**{plain(rating.question)}**  \n{plain(rating.said)}")


def _learn(found: Learning) -> None:
    def work(task: Task) -> None:
        task.left = N_("Nothing was learned; earlier results are unchanged.")
        task.learned = found.learn(task.note, task.cancel)

    _start(_("Learning from feedback"), work)


# -- The last result of a person's own questions, as sentences

_SEARCHED_RUNS = 100  # runs among which it is looked for


def _draw_result(kept: measured.EvaluationRuns, mine: OwnQuestions) -> None:
    file = str(mine.file.resolve())
    found = [
        run for run in kept.recent(_SEARCHED_RUNS)
        if run.about["file"] == file and run.finished and not run.about["options"]["retrieval"]
    ]  # fmt: skip
    with step(3, _("What came out"), done=bool(found)):
        if not found:
            st.caption(_("Nothing has been measured yet."))
            return
        last, *earlier = found
        figures = report(kept.rows(last.number))
        told = [*sentences(figures), caution(figures), *_not_answered(last, figures)]
        if earlier:
            before = earlier[0]
            found_since = compare(kept.rows(before.number), kept.rows(last.number))
            told.append(since(found_since, measured.differences(before, last)))
        st.html("".join(f"<p>{as_html(one)}</p>" for one in told if one))
        st.html(f"<p><b>{as_html(advice(figures))}</b></p>")


def _not_answered(run: measured.EvaluationRun, figures: dict[str, Any]) -> Iterator[str]:
    """Sentences about questions that failed, and about those that were not asked."""
    if figures["failed"]:
        yield ngettext(
            "{count} question failed, and counts as wrong.",
            "{count} questions failed, and count as wrong.",
            figures["failed"],
        )
    if skipped := run.about["skipped"]["questions"]:
        names = ", ".join(run.about["skipped"]["documents"][:5])
        yield _("Questions skipped: {count}. The library does not hold {documents}",
                count=number(skipped), documents=names)  # fmt: skip
