"""A context and an instruction become the text of an answer, word by word."""
