"""Answers and tables as files of other programs. Knows no library and no model."""
