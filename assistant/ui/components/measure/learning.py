"""Shows learning from feedback: the amount of data, the figures, and a reset."""

import streamlit as st

from assistant.feedback.learning import Learning, learning
from assistant.ui import resources, session
from assistant.ui.background.evaluation_task import learning_from
from assistant.ui.components.escaping import plain
from assistant.ui.components.measure.measure_charts import table
from ingest.errors import PinciteError

_WRONG = 20  # answers that are shown


def draw() -> None:
    """Raises PinciteError."""
    st.subheader("Learned from your feedback", anchor=False)
    found = learning(resources.settings(), resources.library())
    st.caption(
        "Thumbs, your questions and the citations that you open show where answers are found. "
        "A ranking and a threshold learned from them are used only where they are better on "
        "questions that they were not learned from."
    )
    for line in found.summarise():
        st.markdown(plain(line))
    table(
        ("on questions left out", "before", "learned", "difference", "95 % interval", "of"),
        [
            (name, f"{f.before:.3f}", f"{f.after:.3f}", f"{f.change:+.3f}",
             f"{f.low:+.3f} to {f.high:+.3f}", n)
            for name, f, n in found.figures()
        ],
    )  # fmt: skip
    with st.container(horizontal=True):
        if st.button("Learn from feedback", key="learn"):
            resources.start("Learning from feedback", learning_from(found))
        if found.lessons.last() is not None:
            st.button("Reset", key="reset-learned", on_click=_reset, args=(found,),
                      help="Restores the earlier ranking; thumbs and questions stay")  # fmt: skip
    _wrong(found)


def _reset(found: Learning) -> None:
    try:
        found.reset()
    except PinciteError as error:
        session.keep_error(error)


def _wrong(found: Learning) -> None:
    wrong = [rating for rating in found.feedback.ratings() if not rating.good][::-1]
    if wrong:
        with st.expander(f"Answers that you marked wrong: {len(wrong)}"):
            for rating in wrong[:_WRONG]:
                st.markdown(f"**{plain(rating.question)}**  \n{plain(rating.said)}")
