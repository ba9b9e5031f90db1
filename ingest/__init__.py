"""Reads files into pages of lines, and cuts pages into chunks. Knows no store, no model, no UI."""
