"""Shows learning from feedback: the amount of data, the figures, and a reset."""

import streamlit as st

from assistant.feedback.learning import Learning, learning
from assistant.i18n.numbers import number
from assistant.i18n.translation import _
from assistant.ui import resources, session
from assistant.ui.background.evaluation_task import learning_from
from assistant.ui.components.escaping import plain
from assistant.ui.components.measure.measure_charts import interval, table
from ingest.errors import PinciteError

_WRONG = 20  # answers that are shown


def draw() -> None:
    """Raises PinciteError."""
    st.header(_("Learned from your feedback"), anchor=False)
    found = learning(resources.settings(), resources.library(), resources.person().id)
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
