"""Spreadsheets: what their cells hold, what lies around the cells, and where the tables are."""
