"""JavaScript that components share: Streamlit gives each component one script of its own."""
