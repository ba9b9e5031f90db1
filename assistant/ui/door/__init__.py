"""The door of the app, before Streamlit's server."""
