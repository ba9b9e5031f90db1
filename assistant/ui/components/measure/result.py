"""The last result of a person's own questions, as sentences."""

import streamlit as st

from assistant.evaluation.plain_words import advice, caution, sentences
from assistant.evaluation.report import report
from assistant.evaluation.runs import EvaluationRuns
from assistant.evaluation.sets.own import OwnQuestions
from assistant.i18n.translation import _
from assistant.ui.components.escaping import as_html
from assistant.ui.components.step import step

_LATEST = 100  # runs among which it is looked for


def draw(kept: EvaluationRuns, mine: OwnQuestions) -> None:
    """Draw the third step."""
    file = str(mine.file.resolve())
    found = [
        run for run in kept.recent(_LATEST)
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
