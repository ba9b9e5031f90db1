"""The styles of the app beyond its theme."""

import streamlit as st

from assistant.ui.components.scripts.script import BROWSER, read

_CSS = read("style.css")


def apply() -> None:
    """Call this first on each page."""
    theme = "dark" if st.context.theme.type == "dark" else "light"
    colours = {
        "accent": st.get_option(f"theme.{theme}.primaryColor"),
        "on-accent": st.get_option(f"theme.{theme}.backgroundColor"),
        "text": st.get_option(f"theme.{theme}.textColor"),
        "line": st.get_option(f"theme.{theme}.borderColor"),
        "panel": st.get_option(f"theme.{theme}.sidebar.backgroundColor"),
    }
    given = " ".join(f"--{name}: {value};" for name, value in colours.items() if value)
    st.html(f"<style>:root {{ {given} }}\n{_CSS}</style>")
    st.logo(
        str(BROWSER / f"logo-{theme}.svg"),
        size="large",
        icon_image=str(BROWSER.parent / "icon.svg"),
    )
