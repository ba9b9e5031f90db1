"""The addresses of the pages. Streamlit keeps what a person chose for each address apart."""

CHAT, LIBRARY, SHEET, MEASURE, SETTINGS = PAGES = ("", "library", "sheet", "measure", "settings")
