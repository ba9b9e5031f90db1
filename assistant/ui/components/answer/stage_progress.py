"""Shows the progress of a tool that works in steps, with a preview of the picture."""

import streamlit as st

from assistant.contract.activity import Progress
from assistant.contract.reply import Reply
from assistant.i18n.numbers import number
from assistant.i18n.translation import _


def draw(reply: Reply) -> None:
    """Draw progress, for tools that work in steps."""
    now = reply.activity.progress
    if now is None:
        return
    with st.container(key="in-steps"):
        if now.preview:
            st.image(now.preview, caption=_("So far"), width=256)
        st.progress(now.share, text=said(now))


def said(now: Progress) -> str:
    """`3 of 20 · about 12 s left`"""
    done, of = number(now.done), number(now.of)
    count = _("{done} of {total}", done=done, total=of) if now.of else ""
    seconds = now.seconds_left
    left = "" if seconds is None else _("about {seconds} s left", seconds=number(seconds))
    return " · ".join(part for part in (count, left) if part)
