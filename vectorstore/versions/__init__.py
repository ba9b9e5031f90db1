"""Finds and links versions of a document."""
