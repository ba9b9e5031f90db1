"""Offers to fit the refusal gate to a chat model that has none, and shows how far that is."""

import streamlit as st

from assistant.build.chosen_models import lacks_gate
from assistant.i18n.numbers import number
from assistant.i18n.translation import _
from assistant.ui import resources, session
from assistant.ui.background.calibration_task import calibrating
from assistant.ui.background.evaluation_task import GATE, Task
from assistant.ui.components import error_banner
from ingest.errors import PinciteError


def draw() -> None:
    """Draw nothing where the gate fits."""
    title = _("Fitting refusals to the chat model")
    task = resources.tasks().last
    if task and task.kind == GATE and not task.ended:
        _going(title)
        return
    if task and task.kind == GATE and task.error:
        error_banner.say(task.error)
    if not lacks_gate(resources.settings()):
        return
    with st.container(border=True, key="gate"):
        st.markdown(
            _("Refusals are not fitted to your chat model yet: it decides without the model's own "
              "doubts. Fitting asks it some hundred questions, for minutes to an hour.")
        )  # fmt: skip
        if st.button(_("Fit refusals now"), key="calibrate", type="primary"):
            resources.start(title, calibrating(resources.settings()), GATE)


@st.fragment(run_every=1.0)
def _going(title: str) -> None:
    task: Task | None = resources.tasks().last
    if task is None or task.ended:
        resources.renew_answering()
        st.rerun()
    with st.container(border=True, key="gate"):
        share = task.done / task.total if task.total else 0.0
        sizes = {"done": number(task.done), "total": number(task.total)}
        st.progress(share, f"{title}: {_('{done} of {total} done', **sizes)}")
        if task.cancel.is_set():
            st.caption(_("Stopping…"))
        else:
            st.button(_("Stop"), key="stop-gate", on_click=_stop, args=(task,))


def _stop(task: Task) -> None:
    try:
        resources.check_owner()
        task.stop()
    except PinciteError as error:
        session.keep_error(error)
