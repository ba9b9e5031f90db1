"""Shows the progress of a tool that works in steps, with a preview of the picture."""

import streamlit as st

from assistant.contract.activity import Progress
from assistant.contract.reply import Reply


def draw(reply: Reply) -> None:
    """Draw progress, for tools that work in steps."""
    now = reply.activity.progress
    if now is None:
        return
    with st.container(key="in-steps"):
        if now.preview:
            st.image(now.preview, caption="So far", width=256)
        st.progress(now.share, text=said(now))


def said(now: Progress) -> str:
    """`3 of 20 · about 12 s left`"""
    count = f"{now.done:.0f} of {now.of:.0f}" if now.of else ""
    left = f"about {now.seconds_left:.0f} s left" if now.seconds_left is not None else ""
    return " · ".join(part for part in (count, left) if part)
