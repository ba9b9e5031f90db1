"""Adds files to a library: one, or a group of small ones, in each transaction."""
