"""Ways on from a refusal: answer anyway, or ask in one of the closest documents alone."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

import streamlit as st

from assistant.contract.outcome import full_name
from assistant.i18n.translation import _
from assistant.ui.components.escaping import plain
from ingest.document.source import readable

_DOCUMENTS = 2  # that are offered


class Ask(Protocol):
    """Asks a question again: in any case, or in these documents alone."""

    def __call__(
        self, question: str, *, anyway: bool = False, documents: list[str] | None = None
    ) -> None: ...


def draw(answer: Mapping[str, Any], ask: Ask) -> None:
    """Draw nothing for an answer, and for a refusal of an older version."""
    if not answer["refused"] or not answer.get("closest"):
        return
    question = answer["question"]
    with st.container(horizontal=True, key=f"refused-{answer['id']}"):
        _button(answer, _("Answer anyway"), "lightbulb", partial(ask, question, anyway=True))
        names = list(dict.fromkeys(full_name(line) for line in answer["closest"]))
        for number, name in enumerate(names[:_DOCUMENTS]):
            label = plain(_("Ask only in {document}", document=readable(name)))
            act = partial(ask, question, documents=[name])
            _button(answer, label, "filter_alt", act, number)


def _button(
    answer: Mapping[str, Any], label: str, icon: str, act: Callable[[], None], number: int = -1
) -> None:
    key = f"refused-{answer['id']}-{number}"
    st.button(label, key=key, on_click=act, type="tertiary", icon=f":material/{icon}:")
