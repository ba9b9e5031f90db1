"""The page map of the app."""

from pathlib import Path

import streamlit as st

UI = Path(__file__).parent / "assistant" / "ui"

# A picture of our own: for an icon by name, Streamlit 1.67 sends the browser to fonts.gstatic.com.
st.set_page_config("Pincite", page_icon=str(UI / "icon.svg"))
st.navigation(
    [
        st.Page(UI / "chat_page.py", title="Chat", icon=":material/forum:", default=True),
        st.Page(
            UI / "library_page.py", title="Library", icon=":material/docs:", url_path="library"
        ),
    ]
).run()
