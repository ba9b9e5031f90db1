"""A button below an answer that copies it with its marks and sources."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from assistant.contract.outcome import full_name, place
from assistant.i18n.translation import _
from assistant.ui.components.answer.cited_answer import support
from assistant.ui.components.scripts.script import read, script
from ingest.language.sentences import is_code

_component = st.components.v2.component(
    "pincite_copy",
    html='<div class="copying"></div>',
    css=read("copy_button.css"),
    js=script("copy_button"),
)


def draw(answer: Mapping[str, Any]) -> None:
    """Draw nothing for an answer without words."""
    if answer["answer"]:
        data = {"text": copied(answer), "words": _words()}
        _component(key=f"copy-{answer['id']}", data=data, width="content")


def _words() -> dict[str, str]:
    """Of copy_button.js."""
    return {
        "copy": _("Copy the answer with its sources"),
        "copied": _("Copied"),
        "blocked": _("Copying is blocked here"),
    }


def copied(answer: Mapping[str, Any]) -> str:
    """The answer as text with its marks, and the sources below."""
    sentences = [_copied(sentence) for sentence in answer["sentences"]]
    sources = [
        f"[{c['mark']}] {full_name(c)}, {place(c['page'], c.get('seconds'))}"
        for c in answer["citations"]
    ]
    text = " ".join(sentences).strip() or answer["answer"]
    notices = [_("Note: {notice}", notice=notice) for notice in answer.get("notices", ())]
    return "\n".join([text, "", *sources, *notices]) if sources or notices else text


def _copied(sentence: Mapping[str, Any]) -> str:
    """With its marks; code on lines of its own."""
    partly = support(sentence) == "partly"
    marks = [
        _("[closest: {mark}]", mark=mark) if partly else f"[{mark}]" for mark in sentence["marks"]
    ]
    if is_code(sentence["text"]):
        return "\n".join(["", sentence["text"], " ".join(marks)])
    return " ".join([sentence["text"], *marks])
