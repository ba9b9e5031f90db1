"""Paragraphs, lists and tables of any format become pages of lines."""
