"""The look of the app beyond its theme."""

from pathlib import Path

import streamlit as st

_CSS = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
_PANEL = {"dark": ("#191f22", "#333c40"), "light": ("#f7f4ed", "#e0dbcf")}


def apply() -> None:
    """Call this first on each page."""
    panel, line = _PANEL["dark" if st.context.theme.type == "dark" else "light"]
    st.html(f"<style>:root {{ --panel: {panel}; --line: {line}; }}\n{_CSS}</style>")
