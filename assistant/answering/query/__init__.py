"""Turns a question and its conversation into a search query, or a request for clarification."""
