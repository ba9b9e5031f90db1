"""Turns the Markdown texts of the sample company into PDFs; knows nothing about their contents."""
