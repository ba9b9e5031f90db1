"""Measures answers and searches against questions whose answer and evidence are known."""
