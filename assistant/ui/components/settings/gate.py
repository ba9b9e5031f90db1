"""Offers to fit the refusal gate to a chat model that has none, and shows how far that is."""

import streamlit as st

from assistant.build.chosen_models import lacks_gate
from assistant.i18n.numbers import number
from assistant.i18n.translation import _
from assistant.ui import resources
from assistant.ui.background.calibration_task import calibrating
from assistant.ui.background.evaluation_task import Task
from assistant.ui.components import error_banner


def draw() -> None:
    """Draw nothing where the gate fits."""
    title = _("Fitting refusals to the chat model")
    task = resources.tasks().last
    if task and task.title == title and not task.ended:
        _going(title)
        return
    if task and task.title == title and task.error:
        error_banner.say(task.error)
    if not lacks_gate(resources.settings()):
        return
    with st.container(border=True, key="gate"):
        st.markdown(
            _("Refusals are not fitted to your chat model yet: it decides without the model's own "
              "doubts. Fitting asks it some hundred questions, for minutes to an hour.")
        )  # fmt: skip
        if st.button(_("Fit refusals now"), key="calibrate", type="primary"):
            resources.start(title, calibrating(resources.settings()))


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
            st.button(_("Stop"), key="stop-gate", on_click=task.stop)
