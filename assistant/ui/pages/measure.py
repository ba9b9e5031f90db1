"""Measure: put questions whose answers are known to the assistant, and see what changes do."""

import random
from pathlib import Path

import streamlit as st

from assistant.evaluation.measuring import Options, runs
from assistant.evaluation.sets.drafting import Drafting, describe_draft
from assistant.evaluation.sets.own import OwnQuestions, own
from assistant.evaluation.sets.question_sets import Question, State
from assistant.ui import resources, session
from assistant.ui.background.evaluation_task import Task, drafting, measuring
from assistant.ui.components import error_banner, sidebar, style
from assistant.ui.components.escaping import plain
from assistant.ui.components.measure import learning, measure_charts
from ingest.errors import PinciteError

_SHOWN = 10  # drafts at a time
_OWN, _FOLDER = "My questions about this library", "A folder of questions"


def page() -> None:
    """Draw the page from top to bottom."""
    style.apply()
    st.title("Measure", anchor=False)
    if not resources.is_owner():  # its questions and ratings are those of one person
        error_banner.say("Only the owner of this Pincite can measure it.")
        return
    try:
        sidebar.library()
        error_banner.draw()
        mine = own(resources.settings(), resources.library().name)
        _work()
        _start(mine)
        _drafts(mine)
        learning.draw()
        measure_charts.runs(runs(resources.settings()))
    except PinciteError as error:
        error_banner.say(error)


# -- what is at work


@st.fragment(run_every=1.0)
def _work() -> None:
    task = resources.tasks().last
    if task is None:
        return
    if task.ended and not st.session_state.get("task-drawn"):
        st.session_state["task-drawn"] = True
        st.rerun()  # the runs and drafts below are new
    with st.container(border=True, key="task"):
        draw = _ended if task.ended else _going
        draw(task)
        for notice in task.notices:
            st.caption(plain(notice))


def _going(task: Task) -> None:
    st.session_state["task-drawn"] = False
    st.markdown(f"**{plain(task.title)}**")
    if task.total:
        st.progress(min(task.done / task.total, 1.0), f"{task.done} of {task.total:,} done")
    st.caption(plain(task.now or "Preparing"))
    if task.cancel.is_set():
        st.caption("Stopping…")
    else:
        st.button("Stop", key="stop-task", on_click=task.stop)


def _ended(task: Task) -> None:
    if task.error:
        error_banner.say(task.error)
    elif task.cancel.is_set() and not task.learned:  # what was learned in spite of it is on
        st.markdown(f"**Stopped.** {task.stopped}")
    elif task.run:
        st.markdown(f"**{plain(task.title)}: done.** The figures are below.")
    elif task.learned:
        st.markdown("**Learned.** The result is below.")
    else:
        st.markdown(f"**{task.made} new drafts.** Keep or drop each of them.")
    st.button("OK", key="task-seen", on_click=resources.tasks().forget)


# -- what can be started


def _start(mine: OwnQuestions) -> None:
    kept = len(mine.of("kept"))
    sets = [f"{_OWN} ({kept})"] + ([_FOLDER] if resources.alone() else [])
    with st.form("measure", border=True):
        chosen = st.radio("Questions", sets, key="which")
        folder = st.text_input(
            "Folder or file", key="folder", placeholder="a folder with a questions.jsonl",
            help="The questions go to the documents beside them, or to this library if it holds "
                 "those documents.",
        ) if resources.alone() else ""  # fmt: skip
        searches = st.checkbox("Search only, without answers", key="retrieval")
        limit = st.number_input("Maximum number of questions", 1, value=None, key="limit")
        if st.form_submit_button("Measure", type="primary"):
            options = Options(retrieval=searches, limit=int(limit) if limit else None)
            _measure(mine, Path(folder).expanduser() if chosen == _FOLDER else None, options)


def _measure(mine: OwnQuestions, folder: Path | None, options: Options) -> None:
    if folder is not None and not folder.parts:
        error_banner.say("Name the folder that holds the questions.")
        return
    settings = resources.settings().model_copy(update={"library": resources.chosen()})
    title = f"Measuring {folder.name if folder else _OWN.lower()}"
    path, named = (folder, False) if folder else (mine.file, True)
    if named and not mine.of("kept"):
        error_banner.say("You have not kept any questions yet: draft some, and keep the good ones.")
        return
    work = measuring(path, settings, named, options, resources.assistants())
    resources.start(title, work)


# -- a person's own questions


def _drafts(mine: OwnQuestions) -> None:
    st.subheader("My questions", anchor=False)
    drafts = mine.of("draft")
    st.caption(f"{len(mine.of('kept'))} kept, {len(drafts)} drafts to review.")
    for question in drafts[:_SHOWN]:
        _draft(mine, question)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.number_input("Number of passages", 1, 100, 5, key="passages", width=180)
        if st.button("Draft questions", key="draft"):
            _draft_more(mine, int(number))


def _draft(mine: OwnQuestions, question: Question) -> None:
    with st.container(border=True, key=f"draft-{question.id}"):
        st.markdown(f"**{plain(question.question)}**")
        st.caption(" · ".join(map(plain, describe_draft(question))))
        with st.container(horizontal=True):
            for label, state in (("Keep", "kept"), ("Drop", "dropped")):
                st.button(label, key=f"{state}-{question.id}", on_click=_set_state,
                          args=(mine, question.id, state))  # fmt: skip


def _set_state(mine: OwnQuestions, id: str, state: State) -> None:
    try:
        mine.put(id, state)
    except PinciteError as error:
        session.keep_error(error)


def _draft_more(mine: OwnQuestions, number: int) -> None:
    model = resources.chat_model()
    if model is None:
        error_banner.say("Drafts are written by a chat model, and none is installed.")
        return
    library = resources.library()
    assistant = resources.assistants()(resources.settings(), library)
    how = Drafting(library, assistant, model)
    seed = random.randrange(1 << 30)  # other passages each time
    resources.start("Drafting questions", drafting(how, mine, number, seed))


page()
