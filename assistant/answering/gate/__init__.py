"""Whether what was read answers the question, before a word is written."""
