"""Adds files to a library, each in one transaction."""
