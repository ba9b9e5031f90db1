"""Measure: put questions whose answers are known to the assistant, and see what changes do."""

import random
from pathlib import Path

import streamlit as st

from assistant.evaluation.drafting import Drafting, describe_draft
from assistant.evaluation.metrics import Question, State
from assistant.evaluation.runs import MeasuringOptions, all_runs
from assistant.evaluation.sets import OwnQuestions, own
from assistant.i18n.translation import _, ngettext, number, told
from assistant.ui import measure, resources, session, sidebar, widgets
from assistant.ui.background import DRAFTS, Task, drafting, measuring
from assistant.ui.widgets import pace, plain, step
from ingest.errors import PinciteError

_SHOWN = 10  # drafts at a time
_OWN, _FOLDER = "own", "folder"  # where the questions come from


def page() -> None:
    """Draw the page from top to bottom."""
    widgets.apply_style()
    st.title(_("Measure"), anchor=False)
    if not resources.is_owner():  # its questions and ratings are those of one person
        widgets.show_error(_("Only the owner of this Pincite can measure it."))
        return
    try:
        sidebar.library()
        widgets.draw_kept_error()
        mine = own(resources.settings(), resources.library().name, resources.person().id)
        st.header(_("Is it good on my documents?"), anchor=False)
        _steps(mine)
        with st.expander(_("All figures and options, for experts")):
            _start(mine)
            measure.draw_learning()
            measure.draw_runs(all_runs(resources.settings()))
    except PinciteError as error:
        widgets.show_error(error)


def _steps(mine: OwnQuestions) -> None:
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
    measure.draw_result(all_runs(resources.settings()), mine)


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
        st.progress(min(task.done / task.total, 1.0), _done(task.done, task.total))
    st.caption(plain(told(task.now) or _("Preparing")))
    if task.cancel.is_set():
        st.caption(_("Stopping…"))
    else:
        st.button(_("Stop"), key="stop-task", on_click=task.stop)


def _done(done: int, total: int) -> str:
    return _("{done} of {total} done", done=number(done), total=number(total))


def _ended(task: Task) -> None:
    if task.error:
        widgets.show_error(task.error)
    elif task.cancel.is_set() and not task.learned:  # what was learned in spite of it is on
        st.markdown(f"**{_('Stopped.')}** {told(task.stopped)}")
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
    work = measuring(path, settings, named, options, resources.assistants())
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
    try:
        mine.put(id, state)
    except PinciteError as error:
        session.keep_error(error)


def _draft_more(mine: OwnQuestions, many: int) -> None:
    model = resources.chat_model()
    if model is None:
        widgets.show_error(_("Drafts are written by a chat model, and none is installed."))
        return
    library = resources.library()
    assistant = resources.assistants()(resources.settings(), library)
    how = Drafting(library, assistant, model)
    seed = random.randrange(1 << 30)  # other passages each time
    resources.start(_("Drafting questions"), drafting(how, mine, many, seed), DRAFTS)


page()
