"""Below the last answer: questions that the documents answer, to go on with."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from assistant.conversation.assistant import Assistant
from assistant.i18n.translation import _
from assistant.ui import running
from assistant.ui.components.escaping import as_html, plain


def draw(
    assistant: Assistant, turns: Sequence[Mapping[str, Any]], ask: Callable[[str], None]
) -> None:
    """Draw nothing where there are none; they come when the answer has been drawn."""
    last = turns[-1]
    if last["refused"] or "wish" in last or not last["citations"]:
        return
    asked = [turn["question"] for turn in turns]
    key = (assistant.library.name, assistant.library.generation(), last["id"])

    def look() -> list[str]:
        return assistant.follow_ups(last, asked)

    found = running.next_questions().of(key, look)
    if found is None:
        _wait(key)
    elif found:
        _suggest(found, last["id"], ask)


@st.fragment(run_every=0.5)
def _wait(key: tuple[str, int, str]) -> None:
    if running.next_questions().of(key, list) is not None:
        st.rerun()


def _suggest(questions: Sequence[str], answer: str, ask: Callable[[str], None]) -> None:
    with st.container(key="follow-ups"):
        st.html(f'<p class="section">{as_html(_("Ask next"))}</p>')
        for at, question in enumerate(questions):
            st.button(
                plain(question), key=f"next-{answer}-{at}", on_click=ask, args=(question,),
                type="tertiary", icon=":material/subdirectory_arrow_right:",
            )  # fmt: skip
