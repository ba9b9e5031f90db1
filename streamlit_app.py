"""The page map of the app."""

import streamlit as st

st.set_page_config("Pincite", page_icon=":material/format_quote:", layout="centered")
st.navigation(
    [
        st.Page("assistant/ui/chat_page.py", title="Chat", icon=":material/forum:", default=True),
        st.Page("assistant/ui/library_page.py", title="Library", icon=":material/library_books:"),
    ]
).run()
