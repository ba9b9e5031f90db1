"""Writes the text of an answer from a context and an instruction, word by word."""
